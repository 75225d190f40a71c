import { memoryStore } from "./memory-store.js";
import type { StoreFolder } from "./store-folder.js";
import { checkStoreName, namesFrom } from "./store-name.js";
import {
  type Claim,
  type LogSlice,
  type LogSummary,
  type SessionSummary,
  type Store,
  type StoreChange,
  StoreError,
  type StoreStatus,
  type StoredRecord,
  type StoredSession,
} from "./store-port.js";

/** Folders of stores that several systems of one process share, each with a store of its own. */
export interface MemoryStoreFolders {
  /**
   * The folder as one node sees it, whose own store has this name. A node that begins again under its name has what it left; while another has
   * that open as a foreign one, it gets `<name>.2` and so on.
   *
   * @throws {StoreError} `bad_option`
   */
  at(name: string): StoreFolder;
}

/**
 * Makes folders of stores in the memory of this process, for tests and simulations of several nodes.
 *
 * Nobody can tell here whether the node of a store lives. So whoever opens a store takes it away from whoever had it, whose commits and reads
 * fail from then on with `store_failed`, as those of a process do whose lock was taken over.
 */
export function memoryStoreFolders(): MemoryStoreFolders {
  const stores = new Map<string, SharedStore>();
  return {
    at(wanted) {
      for (const name of namesFrom(checkStoreName(wanted))) {
        let shared = stores.get(name);
        if (shared?.isForeign === true) continue;
        shared ??= new SharedStore();
        stores.set(name, shared);
        return new MemoryStoreFolder(stores, shared.take(false), name);
      }
      throw new StoreError("in_use", "Expected a store of the folder to be free");
    },
  };
}

/** What a store holds, and who has it now. */
class SharedStore {
  readonly content = memoryStore();
  holder: HeldStore | undefined = undefined;

  /** Whether a node has it open that it does not belong to. */
  get isForeign(): boolean {
    return this.holder?.isForeign === true;
  }

  take(isForeign: boolean): Store {
    this.holder = new HeldStore(this, isForeign);
    return this.holder;
  }
}

class MemoryStoreFolder implements StoreFolder {
  readonly own: Store;
  readonly ownName: string;
  readonly #stores: Map<string, SharedStore>;

  constructor(stores: Map<string, SharedStore>, own: Store, ownName: string) {
    this.#stores = stores;
    this.own = own;
    this.ownName = ownName;
  }

  async list(): Promise<readonly string[]> {
    return [...this.#stores.keys()].sort();
  }

  async open(name: string): Promise<Store> {
    const shared = this.#stores.get(checkStoreName(name));
    if (shared === undefined) throw new StoreError("not_a_store", `Expected a store ${name}, there is none`);
    if (shared.holder === this.own) throw inUse(name);
    return shared.take(true);
  }

  async remove(name: string): Promise<void> {
    const shared = this.#stores.get(checkStoreName(name));
    if (shared?.holder !== undefined) throw inUse(name);
    this.#stores.delete(name);
  }

  close(): Promise<void> {
    return this.own.close();
  }
}

/** A store as one of those sees it who have, or had, it. */
class HeldStore implements Store {
  readonly durability = "memory";
  readonly isForeign: boolean;
  readonly #shared: SharedStore;
  #closed = false;

  constructor(shared: SharedStore, isForeign: boolean) {
    this.#shared = shared;
    this.isForeign = isForeign;
  }

  async commit(changes: readonly StoreChange[]): Promise<void> {
    return this.#content().commit(changes);
  }

  async claim(sid: string, expectedVersion: number, owner: string): Promise<Claim> {
    return this.#content().claim(sid, expectedVersion, owner);
  }

  async readSession(sid: string): Promise<StoredSession | undefined> {
    return this.#content().readSession(sid);
  }

  async *sessions(): AsyncGenerator<SessionSummary, void> {
    for await (const each of this.#content().sessions()) {
      this.#content();
      yield each;
    }
  }

  async readLog(topic: string, fromOffset: number, limit: number): Promise<LogSlice | undefined> {
    return this.#content().readLog(topic, fromOffset, limit);
  }

  async *logs(): AsyncGenerator<LogSummary, void> {
    for await (const each of this.#content().logs()) {
      this.#content();
      yield each;
    }
  }

  async readRecord(key: string): Promise<Uint8Array | undefined> {
    return this.#content().readRecord(key);
  }

  async *records(prefix: string): AsyncGenerator<StoredRecord, void> {
    for await (const each of this.#content().records(prefix)) {
      this.#content();
      yield each;
    }
  }

  status(): StoreStatus {
    const state = this.#closed ? "closed" : this.#shared.holder === this ? "open" : "failed";
    return { ...this.#shared.content.status(), state };
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#shared.holder === this) this.#shared.holder = undefined;
  }

  /** What it holds, if it is still there for this one. */
  #content(): Store {
    if (this.#closed) throw new StoreError("closed", "Expected an open store, this one was closed: open a new one");
    if (this.#shared.holder === this) return this.#shared.content;
    throw new StoreError("store_failed", "Expected to have the store, another node has taken it over");
  }
}

function inUse(name: string): StoreError {
  return new StoreError("in_use", `Expected the store ${name} to be free, a node has it open: close that one first`);
}
