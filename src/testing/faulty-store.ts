import { type Clock, realClock } from "../kernel/clock.js";
import { type Random, systemRandom } from "../kernel/random.js";
import { CachedStore } from "./cached-store.js";
import {
  type Claim,
  type Durability,
  type LogSlice,
  type LogSummary,
  type SessionSummary,
  type Store,
  type StoreChange,
  StoreError,
  type StoreErrorCode,
  type StoreStatus,
  type StoredRecord,
  type StoredSession,
} from "../store/store-port.js";

/** Options of {@link FaultyStore}. */
export interface FaultyStoreOptions {
  /** What delays are measured with; the machine's clock by default. */
  readonly clock?: Clock;
  /** What chance is drawn from; give a seeded one to run again what failed. */
  readonly random?: Random;
  /** The longest that a commit takes, each drawn anew. 0 by default. */
  readonly delayMs?: number;
  /** The chance of a commit to fail, from 0 to 1. 0 by default. */
  readonly failCommits?: number;
  /** The chance of a read to fail, from 0 to 1. 0 by default. */
  readonly failReads?: number;
  /** The chance that the disk is written to after a commit. Below 1 the latest commits are in a cache, which a loss of power takes away. 1 by default. */
  readonly flush?: number;
}

/** What {@link FaultyStore.crash} leaves of the commits that were under way. */
export interface CrashOptions {
  /** The chance of each next one to be kept, though nobody was told; 0.5 by default. */
  readonly keep?: number;
  /** Whether the first that is not kept is kept in part, which no store ever does: to see that a check of yours finds it. */
  readonly tear?: boolean;
  /**
   * Whether the power fails, instead of the process alone: of the commits that were kept and are not flushed (see `flush`), each next one is on the
   * disk with the chance `keep`, and those after the first that is not are lost, though their callers were told. False by default.
   */
  readonly power?: boolean;
}

interface Waiting {
  readonly changes: readonly StoreChange[];
  /** Makes it in the store behind. */
  readonly make: () => Promise<void>;
  readonly reject: (error: unknown) => void;
}

/**
 * A store that is late, fails and dies as a real one may, around another that keeps the data.
 *
 * It keeps the promises of {@link Store}: order, all or nothing, and when a commit fails, all that wait behind it fail too. What it adds is
 * time in which a commit is neither kept nor refused, and a {@link crash} in that time.
 *
 * ```ts
 * const disk = memoryStore();
 * const store = new FaultyStore(disk, { clock, random, delayMs: 20, failCommits: 0.01 });
 * …
 * await store.crash();
 * const again = new FaultyStore(disk, { clock, random, delayMs: 20 });
 * ```
 */
export class FaultyStore implements Store {
  readonly #inner: Store;
  readonly #cache: CachedStore | undefined;
  readonly #flush: number;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #delayMs: number;
  readonly #failCommits: number;
  readonly #failReads: number;
  #waiting: Waiting[] = [];
  #running = false;
  #failNext: StoreErrorCode | undefined;
  #held: Promise<void> | undefined;
  #release: (() => void) | undefined;
  #crashed = false;
  #failed = 0;
  #idle: (() => void)[] = [];

  constructor(inner: Store, options: FaultyStoreOptions = {}) {
    this.#flush = options.flush ?? 1;
    this.#cache = this.#flush < 1 ? new CachedStore(inner) : undefined;
    this.#inner = this.#cache ?? inner;
    this.#clock = options.clock ?? realClock;
    this.#random = options.random ?? systemRandom;
    this.#delayMs = options.delayMs ?? 0;
    this.#failCommits = options.failCommits ?? 0;
    this.#failReads = options.failReads ?? 0;
  }

  get durability(): Durability {
    return this.#inner.durability;
  }

  /** Makes the next commit fail, with all that wait behind it. */
  failNext(code: StoreErrorCode = "disk_full"): void {
    this.#failNext = code;
  }

  /** Lets no commit through until {@link release}. */
  hold(): void {
    this.#held ??= new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  /** Lets commits through again. */
  release(): void {
    this.#release?.();
    this.#held = undefined;
    this.#release = undefined;
  }

  /**
   * Ends the life of this store as SIGKILL would: promises that are open stay open for ever, later calls never settle.
   *
   * The store behind stays open, with what was kept; wrap it again for the next life.
   */
  async crash({ keep = 0.5, tear = false, power = false }: CrashOptions = {}): Promise<void> {
    this.#crashed = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    await this.#endWaiting(waiting, keep, tear);
    const cache = this.#cache;
    if (cache === undefined) return;
    // The system's cache outlives the process.
    while (cache.unflushed > 0 && (!power || this.#random.next() < keep)) await cache.flush(1);
    cache.lose();
  }

  async #endWaiting(waiting: readonly Waiting[], keep: number, tear: boolean): Promise<void> {
    for (const { changes, make } of waiting) {
      if (this.#random.next() < keep) {
        await make();
        continue;
      }
      if (tear && changes.length > 1) await this.#inner.commit(changes.slice(0, Math.ceil(changes.length / 2)));
      return;
    }
  }

  async commit(changes: readonly StoreChange[]): Promise<void> {
    await this.#enqueue(changes, () => this.#inner.commit(changes));
  }

  claim(sid: string, expectedVersion: number, owner: string): Promise<Claim> {
    return this.#enqueue([], () => this.#inner.claim(sid, expectedVersion, owner));
  }

  readSession(sid: string): Promise<StoredSession | undefined> {
    return this.#read(() => this.#inner.readSession(sid));
  }

  async *sessions(): AsyncGenerator<SessionSummary, void> {
    yield* await this.#read(async () => this.#inner.sessions());
  }

  readLog(topic: string, fromOffset: number, limit: number): Promise<LogSlice | undefined> {
    return this.#read(() => this.#inner.readLog(topic, fromOffset, limit));
  }

  async *logs(): AsyncGenerator<LogSummary, void> {
    yield* await this.#read(async () => this.#inner.logs());
  }

  readRecord(key: string): Promise<Uint8Array | undefined> {
    return this.#read(() => this.#inner.readRecord(key));
  }

  async *records(prefix: string): AsyncGenerator<StoredRecord, void> {
    yield* await this.#read(async () => this.#inner.records(prefix));
  }

  status(): StoreStatus {
    const status = this.#inner.status();
    const { kept, failed } = status.commits;
    const pending = { commits: this.#waiting.length, bytes: 0 };
    return { ...status, pending, commits: { kept, failed: failed + this.#failed } };
  }

  /** Waits for all commits, then closes the store behind. */
  async close(): Promise<void> {
    await this.#settled();
    await this.#inner.close();
  }

  #enqueue<T>(changes: readonly StoreChange[], make: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#crashed) return;
      const told = async (): Promise<void> => {
        const value = await make();
        // Nobody is left to be told.
        if (!this.#crashed) resolve(value);
      };
      this.#waiting.push({ changes, make: told, reject });
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length > 0) {
      if (this.#delayMs > 0) {
        await new Promise<void>((resolve) => void this.#clock.setTimer(this.#random.next() * this.#delayMs, resolve));
      }
      if (this.#held !== undefined) await this.#held;
      const next = this.#waiting[0];
      if (next === undefined) break;
      const code = this.#failNext ?? (this.#random.next() < this.#failCommits ? "disk_full" : undefined);
      if (code === undefined) await this.#make(next);
      else this.#refuse(code);
    }
    this.#running = false;
    for (const resolve of this.#idle) resolve();
    this.#idle = [];
  }

  async #make(next: Waiting): Promise<void> {
    // Out of the queue first: a crash from now on finds it kept.
    this.#waiting.shift();
    try {
      await next.make();
      if (this.#flush < 1 && this.#random.next() < this.#flush) await this.#cache?.flush();
    } catch (error) {
      next.reject(error);
    }
  }

  #refuse(code: StoreErrorCode): void {
    this.#failNext = undefined;
    const refused = this.#waiting;
    this.#waiting = [];
    this.#failed += refused.length;
    for (const { reject } of refused)
      reject(new StoreError(code, `Expected to keep a commit, a ${code} was asked for`));
  }

  async #read<T>(read: () => Promise<T>): Promise<T> {
    await this.#settled();
    if (this.#crashed) return new Promise<T>(() => undefined);
    if (this.#random.next() < this.#failReads) {
      throw new StoreError("store_failed", "Expected to read from the store, a failure was asked for");
    }
    return read();
  }

  async #settled(): Promise<void> {
    if (this.#running) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
