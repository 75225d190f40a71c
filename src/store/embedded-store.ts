import { mkdir } from "node:fs/promises";
import { storeClock } from "./clock.js";
import { CommitQueue } from "./commit-queue.js";
import { DamageLog } from "./damage.js";
import { type EmbeddedSettings, type EmbeddedStoreOptions, embeddedSettings } from "./embedded-options.js";
import { adds, Encoding, putLogState, putSessionState } from "./encode-change.js";
import type { Engine } from "./engine.js";
import { type Ledger, Undo } from "./ledger.js";
import { loadLedger } from "./load-ledger.js";
import { openEngine } from "./open-engine.js";
import { PathLock } from "./path-lock.js";
import { PendingCommit } from "./pending-commit.js";
import { parseNamed, unseal } from "./record.js";
import { Kind, plainKey } from "./record-key.js";
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
import { readLog, readRecords, readSession, readSummary } from "./stored-reader.js";

/** Sessions or logs of one page of a list. */
const PAGE = 64;
const CLAIM_BYTES = 200;

/**
 * Opens a store in a directory of this machine, kept with LMDB: sessions in it outlive the process, and with `durability: "disk"` a loss of power.
 *
 * Before it resolves, every record has been read once: what is damaged is left out and reported, and a file whose structure is damaged is moved to
 * `<path>.damaged-<time>` while its good records stay. A lock that a killed process left is taken over.
 *
 * @throws {StoreError} as a rejection; the codes "of opening"
 */
export async function embeddedStore(options: EmbeddedStoreOptions): Promise<Store> {
  const settings = embeddedSettings(options);
  try {
    await mkdir(settings.path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new StoreError("cannot_open", `Expected to make the directory ${settings.path}, got: ${String(cause)}`, {
      cause,
    });
  }
  const damage = new DamageLog(settings.onDamage);
  let store: EmbeddedStore | undefined;
  const lock = await PathLock.take(settings.path, () => store?.lockLost());
  let engine: Engine | undefined;
  try {
    engine = await openEngine(settings, storeClock.wallTime(), damage);
    const { ledger, garbage, repaired } = await loadLedger(engine, damage);
    store = new EmbeddedStore({ settings, lock, engine, ledger, damage });
    await store.tidy(garbage.values(), repaired);
    return store;
  } catch (error) {
    await engine?.close();
    await lock.release();
    throw error;
  }
}

interface Parts {
  readonly settings: EmbeddedSettings;
  readonly lock: PathLock;
  readonly engine: Engine;
  readonly ledger: Ledger;
  readonly damage: DamageLog;
}

class EmbeddedStore implements Store {
  readonly durability: "process" | "disk";
  readonly #lock: PathLock;
  readonly #engine: Engine;
  readonly #ledger: Ledger;
  readonly #damage: DamageLog;
  readonly #queue: CommitQueue;
  #refused = 0;
  /** Reads under way: the engine is not closed under them. */
  #reads = 0;
  #afterReads: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor({ settings, lock, engine, ledger, damage }: Parts) {
    this.durability = settings.durability;
    this.#lock = lock;
    this.#engine = engine;
    this.#ledger = ledger;
    this.#damage = damage;
    this.#queue = new CommitQueue(engine, settings, storeClock, (undo) => ledger.restore(undo));
  }

  // What is refused rejects and is never thrown in the caller's stack. Not async: this runs for each message.
  commit(changes: readonly StoreChange[]): Promise<void> {
    let commit: PendingCommit;
    try {
      this.#queue.checkRoom(changes.some(adds));
      commit = new PendingCommit(changes, this.#ledger);
    } catch (error) {
      this.#refused++;
      return Promise.reject(error instanceof Error ? error : new TypeError(String(error)));
    }
    return this.#queue.add(commit);
  }

  async claim(sid: string, expectedVersion: number, owner: string): Promise<Claim> {
    this.#queue.checkRoom(false);
    const state = this.#ledger.session(sid);
    if (state === undefined || state.corrupt) return { ok: false, reason: "unknown_session" };
    if (state.owner.version !== expectedVersion) return { ok: false, reason: "conflict", owner: state.owner };
    const undo = new Undo();
    const out = new Encoding();
    const version = expectedVersion + 1;
    const claimed = this.#ledger.claim(sid, { name: owner, version }, undo);
    putSessionState(sid, claimed, out);
    await this.#queue.add({ writes: out.writes, bytes: CLAIM_BYTES, garbage: out.garbage, undo });
    return { ok: true, version };
  }

  readSession(sid: string): Promise<StoredSession | undefined> {
    return this.#read(async () => {
      const snapshot = this.#engine.snapshot();
      try {
        const read = await readSession(snapshot, sid, this.#damage);
        // Nothing of it is left but the report, and somebody has to end it.
        return read ?? (this.#ledger.session(sid)?.corrupt === true ? { corrupt: true, sid } : undefined);
      } finally {
        snapshot.release();
      }
    });
  }

  async *sessions(): AsyncGenerator<SessionSummary, void> {
    let page: string[] = [];
    for (const sid of this.#ledger.sids()) {
      page.push(sid);
      if (page.length < PAGE) continue;
      yield* await this.#summaries(page);
      page = [];
    }
    yield* await this.#summaries(page);
  }

  readLog(topic: string, fromOffset: number, limit: number): Promise<LogSlice | undefined> {
    return this.#read(async () => {
      const snapshot = this.#engine.snapshot();
      try {
        return await readLog(snapshot, topic, { from: fromOffset, limit: Math.max(1, limit) }, this.#damage);
      } finally {
        snapshot.release();
      }
    });
  }

  async *logs(): AsyncGenerator<LogSummary, void> {
    let page: string[] = [];
    for (const [topic] of this.#ledger.logStates()) {
      page.push(topic);
      if (page.length < PAGE) continue;
      yield* await this.#logSummaries(page);
      page = [];
    }
    yield* await this.#logSummaries(page);
  }

  readRecord(key: string): Promise<Uint8Array | undefined> {
    return this.#read(() => {
      const name = plainKey(Kind.named, key);
      const value = this.#engine.get(name);
      const content = value && unseal(name, value);
      if (value !== undefined && content === undefined) this.#damage.record(name, "does not fit its checksum");
      return content && parseNamed(content)?.value;
    });
  }

  async *records(prefix: string): AsyncGenerator<StoredRecord, void> {
    let after: Uint8Array | undefined;
    do {
      const page = await this.#read(() => {
        const snapshot = this.#engine.snapshot();
        try {
          return readRecords(snapshot, prefix, after, this.#damage);
        } finally {
          snapshot.release();
        }
      });
      yield* page.records;
      after = page.last;
    } while (after !== undefined);
  }

  status(): StoreStatus {
    const { pending, kept, failed, groups, usedBytes } = this.#queue.status;
    return {
      durability: this.durability,
      state: this.#closed !== undefined ? "closed" : this.#queue.broken ? "failed" : "open",
      sessions: this.#ledger.sessionCount,
      logs: this.#ledger.logCount,
      pending,
      commits: { kept, failed: failed + this.#refused },
      groups,
      bytes: usedBytes,
      damaged: this.#damage.count,
    };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Another process has taken the lock: whatever is still written would be written under its feet. */
  lockLost(): void {
    this.#queue.fail("its lock was taken over by another process, which thought this one dead");
  }

  /** Removes and repairs what the last process left. */
  async tidy(
    garbage: Iterable<{ readonly start: Uint8Array; readonly end: Uint8Array }>,
    repaired: readonly string[],
  ): Promise<void> {
    for (const range of garbage) this.#queue.sweep(range);
    const out = new Encoding();
    for (const topic of repaired) {
      const state = this.#ledger.log(topic);
      if (state !== undefined) putLogState(topic, state, out);
    }
    if (out.writes.length === 0) return;
    await this.#queue.add({ writes: out.writes, bytes: 0, garbage: [], undo: new Undo() });
  }

  async #close(): Promise<void> {
    await this.#queue.close();
    if (this.#reads > 0) {
      await new Promise<void>((resolve) => {
        this.#afterReads = resolve;
      });
    }
    try {
      // A broken engine may still hold its lock for a thread that never ends: it is left alone, and ends with the process.
      if (!this.#queue.broken) {
        await this.#engine.sync();
        await this.#engine.close();
      }
    } finally {
      await this.#lock.release();
    }
  }

  /** Reads what all commits so far have made of it. */
  async #read<T>(read: () => T | Promise<T>): Promise<T> {
    if (this.#closed !== undefined) {
      throw new StoreError("closed", "Expected an open store, this one was closed: open a new one");
    }
    this.#reads++;
    try {
      await this.#queue.settled();
      return await read();
    } finally {
      this.#reads--;
      if (this.#reads === 0) this.#afterReads?.();
    }
  }

  #summaries(sids: readonly string[]): Promise<SessionSummary[]> {
    return this.#read(() => {
      const snapshot = this.#engine.snapshot();
      try {
        return sids.flatMap((sid): SessionSummary[] => {
          const summary = readSummary(snapshot, sid, this.#damage);
          if (this.#ledger.session(sid)?.corrupt === true) return [{ corrupt: true, sid }];
          return summary === undefined ? [] : [summary];
        });
      } finally {
        snapshot.release();
      }
    });
  }

  #logSummaries(topics: readonly string[]): Promise<LogSummary[]> {
    return this.#read(() =>
      topics.flatMap((topic): LogSummary[] => {
        const state = this.#ledger.log(topic);
        if (state === undefined) return [];
        const { epoch, trimmed, last } = state;
        return [{ topic, epoch, trimmed, last }];
      }),
    );
  }
}
