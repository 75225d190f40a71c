import { memoryStore } from "../store/memory-store.js";
import type {
  Claim,
  Durability,
  LogSlice,
  LogSummary,
  SessionSummary,
  Store,
  StoreChange,
  StoredRecord,
  StoredSession,
  StoreStatus,
} from "../store/store-port.js";

/**
 * A store with a cache in front of the disk, as an operating system has one: commits are kept in the cache, and are on the disk when it is flushed.
 *
 * Reads see the cache. Claims are in the cache only.
 */
export class CachedStore implements Store {
  readonly #disk: Store;
  readonly #cache = memoryStore();
  readonly #loaded: Promise<void>;
  #unflushed: (readonly StoreChange[])[] = [];

  /** Begins with what the disk has. */
  constructor(disk: Store) {
    this.#disk = disk;
    this.#loaded = copy(disk, this.#cache);
  }

  get durability(): Durability {
    return this.#disk.durability;
  }

  /** Commits that a loss of power takes back. */
  get unflushed(): number {
    return this.#unflushed.length;
  }

  /** Writes the oldest commits to the disk, all by default. */
  async flush(count = Infinity): Promise<void> {
    for (const changes of this.#unflushed.splice(0, count)) await this.#disk.commit(changes);
  }

  /** The power fails: what was not flushed is lost. */
  lose(): void {
    this.#unflushed = [];
  }

  async commit(changes: readonly StoreChange[]): Promise<void> {
    await this.#loaded;
    await this.#cache.commit(changes);
    this.#unflushed.push(changes);
  }

  async claim(sid: string, expectedVersion: number, owner: string): Promise<Claim> {
    await this.#loaded;
    return this.#cache.claim(sid, expectedVersion, owner);
  }

  async readSession(sid: string): Promise<StoredSession | undefined> {
    await this.#loaded;
    return this.#cache.readSession(sid);
  }

  async *sessions(): AsyncGenerator<SessionSummary, void> {
    await this.#loaded;
    yield* this.#cache.sessions();
  }

  async readLog(topic: string, fromOffset: number, limit: number): Promise<LogSlice | undefined> {
    await this.#loaded;
    return this.#cache.readLog(topic, fromOffset, limit);
  }

  async *logs(): AsyncGenerator<LogSummary, void> {
    await this.#loaded;
    yield* this.#cache.logs();
  }

  async readRecord(key: string): Promise<Uint8Array | undefined> {
    await this.#loaded;
    return this.#cache.readRecord(key);
  }

  async *records(prefix: string): AsyncGenerator<StoredRecord, void> {
    await this.#loaded;
    yield* this.#cache.records(prefix);
  }

  status(): StoreStatus {
    return { ...this.#cache.status(), durability: this.durability };
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#cache.close();
    await this.#disk.close();
  }
}

async function copy(from: Store, to: Store): Promise<void> {
  for await (const { sid } of from.sessions()) {
    const session = await from.readSession(sid);
    if (session?.corrupt !== false) continue;
    const { head, meta, trimmed, frames } = session;
    await to.commit([
      { type: "put_session", sid, head, meta },
      { type: "trim_frames", sid, through: trimmed },
      ...frames.map((frame): StoreChange => ({ type: "put_frame", sid, ...frame })),
    ]);
  }
  for await (const { topic, epoch, trimmed, last } of from.logs()) {
    const slice = await from.readLog(topic, 1, Infinity);
    const entries = slice?.entries ?? [];
    // A log without entries still says which offsets were given.
    const all = entries.length === 0 && last > 0 ? [{ offset: last, frame: "", at: 0 }] : entries;
    await to.commit([
      ...all.map((entry): StoreChange => ({ type: "append_log", topic, epoch, ...entry })),
      { type: "trim_log", topic, through: trimmed },
    ]);
  }
  for await (const { key, value } of from.records("")) await to.commit([{ type: "put_record", key, value }]);
}
