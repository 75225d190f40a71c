import type {
  Engine,
  Member,
  Membership,
  RegisterChange,
  RegisterEntry,
  RegisterWatcher,
  SendOutcome,
  SharedRegister,
  WriteOutcome,
} from "./engine.js";
import type { NodeIdentity } from "./node-identity.js";
import { RegisterTable } from "./register/register-table.js";

/** A register for one process: a table in its memory. */
export class LocalRegister implements SharedRegister {
  readonly #table: RegisterTable;
  readonly #watches = new Set<{ readonly prefix: string; readonly watcher: RegisterWatcher }>();
  readonly #written: (change: RegisterChange) => void;

  /** With a table that others write as well, `written` tells them, and they tell {@link LocalRegister.changed}. */
  constructor(table = new RegisterTable(), written?: (change: RegisterChange) => void) {
    this.#table = table;
    this.#written = written ?? ((change) => this.changed(change));
  }

  async get(key: string): Promise<RegisterEntry | undefined> {
    return this.#table.get(key);
  }

  async list(prefix: string): Promise<readonly RegisterEntry[]> {
    return this.#table.list(prefix);
  }

  async put(key: string, value: Uint8Array, expected: number): Promise<WriteOutcome> {
    const written = this.#table.put(key, value, expected);
    if (written.ok) this.#written({ key, value, revision: written.revision });
    return written;
  }

  async delete(key: string, expected: number): Promise<WriteOutcome> {
    const written = this.#table.delete(key, expected);
    if (written.ok) this.#written({ key, value: undefined, revision: written.revision });
    return written;
  }

  watch(prefix: string, watcher: RegisterWatcher): () => void {
    const watch = { prefix, watcher };
    this.#watches.add(watch);
    for (const change of this.#table.replay(prefix)) watcher.changed(change);
    return () => this.#watches.delete(watch);
  }

  /** Tells those that watch here. */
  changed(change: RegisterChange): void {
    for (const { prefix, watcher } of this.#watches) if (change.key.startsWith(prefix)) watcher.changed(change);
  }
}

/** The place of a node that is alone: it has no members to lose it to. */
export class SoloMembership implements Membership {
  readonly self: NodeIdentity;
  readonly register: SharedRegister;
  readonly members: readonly Member[] = [];

  constructor(name: string, register: SharedRegister = new LocalRegister()) {
    this.self = { name, incarnation: `${name}-1` };
    this.register = register;
  }

  send(): SendOutcome {
    return "unreachable";
  }

  holdsPlace(): boolean {
    return true;
  }

  async drain(): Promise<void> {
    // There is nobody to tell.
  }

  async leave(): Promise<void> {
    // There is nobody to tell.
  }
}

/** The engine of one process alone: nothing to install, and nothing on the way of what is sent. */
export const soloEngine: Engine = {
  name: "solo",
  join: async ({ name }) => new SoloMembership(name ?? "solo"),
};
