import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock, ClockTimer } from "../kernel/clock.js";
import { type Engine, EngineError, type EngineWrite } from "./engine.js";
import { Undo } from "./ledger.js";
import { StoreError } from "./store-port.js";

/** Keys that nothing refers to any more, from `start` (included) to `end` (not included). */
export interface KeyRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

/** A commit as the engine will have it. Its writes are asked for when its transaction is about to begin. */
export interface EncodedCommit {
  readonly writes: readonly EngineWrite[];
  readonly bytes: number;
  /** What becomes garbage by it. */
  readonly garbage: readonly KeyRange[];
  /** How to take it back in the ledger. */
  readonly undo: Undo;
}

/** The bounds of a queue. */
export interface QueueLimits {
  /** Most bytes that wait to become safe. */
  readonly pendingBytes: number;
  /** Most commits that wait to become safe. */
  readonly pendingCommits: number;
  /** Most bytes in use before commits that add something are refused. */
  readonly maxBytes: number;
  /** How long one transaction may take before the engine counts as broken. */
  readonly stallMs: number;
}

/** What a queue says of itself. */
export interface QueueStatus {
  readonly pending: { readonly commits: number; readonly bytes: number };
  readonly kept: number;
  readonly failed: number;
  readonly groups: number;
  readonly usedBytes: number;
}

interface Waiting {
  readonly commit: EncodedCommit;
  /** False for what only waits for the others. */
  readonly counts: boolean;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

const nothing: EncodedCommit = { writes: [], bytes: 0, garbage: [], undo: new Undo() };

/** Writes of one transaction: few enough to be handed over within a millisecond or two. */
const GROUP_WRITES = 512;
/** Writes that are made in one turn of the event loop. */
const SLICE_WRITES = 64;
const GROUP_BYTES = 4 * 1024 * 1024;
/** Garbage removed with each transaction. */
const SWEEP_KEYS = 256;
const SWEEP_RANGES = 32;

/**
 * Group commit: what is added while a transaction is written becomes the next one, in the order of arrival.
 *
 * One transaction at a time, so that a failure has one meaning: it and all that came after it are taken back and refused.
 */
export class CommitQueue {
  readonly #engine: Engine;
  readonly #limits: QueueLimits;
  readonly #clock: Clock;
  readonly #takeBack: (undo: Undo) => void;
  /** What waits, oldest first; the first `#writing` of them are in the transaction under way. */
  #waiting: Waiting[] = [];
  #writing = 0;
  #scheduled = false;
  /** Transactions are under way or about to be. */
  #busy = false;
  readonly #garbage = new Map<string, KeyRange>();
  #idle: (() => void)[] = [];
  #usedBytes: number;
  /** Why nothing is taken any more. */
  #broken: StoreError | undefined;
  #closing = false;
  #sweepKeys = SWEEP_KEYS;

  #bytes = 0;
  #kept = 0;
  #failed = 0;
  #groups = 0;

  constructor(engine: Engine, limits: QueueLimits, clock: Clock, takeBack: (undo: Undo) => void) {
    this.#engine = engine;
    this.#limits = limits;
    this.#clock = clock;
    this.#takeBack = takeBack;
    this.#usedBytes = engine.usedBytes;
  }

  /** What waits, what became of the rest, and the bytes that the engine uses. */
  get status(): QueueStatus {
    return {
      pending: { commits: this.#waiting.length, bytes: this.#bytes },
      kept: this.#kept,
      failed: this.#failed,
      groups: this.#groups,
      usedBytes: this.#usedBytes,
    };
  }

  /** Whether the engine failed for good. */
  get broken(): boolean {
    return this.#broken !== undefined;
  }

  /**
   * Tells whether a commit may come now.
   *
   * @throws {StoreError} `closed`, `store_failed`, `store_full`, or `disk_full` for one that adds something
   */
  checkRoom(adds: boolean): void {
    if (this.#closing) throw new StoreError("closed", "Expected an open store, this one was closed: open a new one");
    if (this.#broken !== undefined) {
      throw new StoreError("store_failed", this.#broken.message, { cause: this.#broken.cause });
    }
    const { pendingBytes, pendingCommits, maxBytes } = this.#limits;
    if (this.#bytes >= pendingBytes || this.#waiting.length >= pendingCommits) {
      throw new StoreError(
        "store_full",
        `Expected at most ${pendingCommits} commits and ${pendingBytes} bytes on their way to the disk, ${this.#waiting.length} and ${this.#bytes} are: wait for an earlier commit, then try again`,
      );
    }
    if (adds && this.#usedBytes >= maxBytes) {
      throw new StoreError(
        "disk_full",
        `Expected fewer than maxBytes = ${maxBytes} bytes in use, ${this.#usedBytes} are: delete or trim something, or raise maxBytes`,
      );
    }
  }

  /** Adds a commit that {@link checkRoom} let in. */
  add(commit: EncodedCommit): Promise<void> {
    this.#bytes += commit.bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ commit, counts: true, resolve, reject });
      this.#schedule();
    });
  }

  /** Takes nothing more, and refuses what waits, for a reason that is not the engine's. */
  fail(reason: string): void {
    if (!this.broken) this.#refuse(new EngineError("failed", reason));
  }

  /** Removes keys in the background. */
  sweep(range: KeyRange): void {
    const name = Buffer.from(range.start).toString("latin1");
    const known = this.#garbage.get(name);
    if (known === undefined || Buffer.compare(known.end, range.end) < 0) this.#garbage.set(name, range);
    this.#schedule();
  }

  /** Resolves when all that was added so far is kept or refused; at once when nothing waits. Never rejects. */
  async settled(): Promise<void> {
    if (this.#waiting.length === 0) return;
    await new Promise<void>((resolve) => {
      // Behind the others, so it is settled when they are.
      this.#waiting.push({ commit: nothing, counts: false, resolve, reject: () => resolve() });
    });
  }

  /** Takes nothing more, and resolves when all is settled. What garbage is left is found again at the next start. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#garbage.clear();
    if (!this.#busy || this.broken) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #schedule(): void {
    if (this.#scheduled || this.#writing > 0 || this.broken) return;
    this.#busy = true;
    this.#scheduled = true;
    // Not at once: what the same turn still adds belongs to the same transaction.
    setImmediate(() => {
      this.#scheduled = false;
      void this.#writeGroup();
    });
  }

  async #writeGroup(): Promise<void> {
    const writes: EngineWrite[] = [];
    let more = false;
    try {
      await this.#takeGroup(writes);
      if (this.broken) return;
      const swept = await this.#writeWithGarbage(writes);
      this.#keep();
      more = this.#waiting.length > 0 || (swept && this.#garbage.size > 0);
    } catch (error) {
      this.#refuse(error);
    }
    this.#writing = 0;
    if (more) this.#schedule();
    else {
      this.#busy = false;
      for (const resolve of this.#idle) resolve();
      this.#idle = [];
    }
  }

  /** Writes a group, with some garbage if there is room to remove it: even that takes pages. False if there was none. */
  async #writeWithGarbage(writes: readonly EngineWrite[]): Promise<boolean> {
    const all = [...writes];
    const done = this.#takeGarbage(all);
    const hasGarbage = all.length > writes.length;
    let swept = true;
    try {
      await this.#write(all);
    } catch (error) {
      const isFull = error instanceof EngineError && error.kind === "full";
      if (!isFull || !hasGarbage) throw error;
      // Less next time: with a commit that forgets something, and was kept, there will be room for some.
      this.#sweepKeys = Math.max(1, this.#sweepKeys >> 2);
      swept = false;
      await this.#write(writes);
    }
    if (!swept) return false;
    if (hasGarbage) this.#sweepKeys = Math.min(SWEEP_KEYS, this.#sweepKeys * 2);
    for (const name of done) this.#garbage.delete(name);
    return true;
  }

  async #write(writes: readonly EngineWrite[]): Promise<void> {
    if (writes.length === 0) return;
    await this.#withoutStall(this.#engine.write(writes));
    this.#groups++;
    this.#usedBytes = this.#engine.usedBytes;
  }

  /** Takes the commits of the next transaction and adds their writes, some in each turn of the event loop. */
  async #takeGroup(writes: EngineWrite[]): Promise<void> {
    let bytes = 0;
    let pauseAt = SLICE_WRITES;
    this.#writing = 0;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[this.#writing]) {
      const { commit } = next;
      const { writes: own } = commit;
      if (this.#writing > 0 && (writes.length + own.length > GROUP_WRITES || bytes + commit.bytes > GROUP_BYTES))
        return;
      for (const write of own) writes.push(write);
      bytes += commit.bytes;
      this.#writing++;
      if (writes.length < pauseAt || this.#writing === this.#waiting.length) continue;
      pauseAt = writes.length + SLICE_WRITES;
      await nextTurn();
    }
  }

  /** Adds removals of garbage; gives the names of the ranges that are done with when they are written. */
  #takeGarbage(writes: EngineWrite[]): string[] {
    const done: string[] = [];
    let room = this.#sweepKeys;
    let ranges = SWEEP_RANGES;
    for (const [name, { start, end }] of this.#garbage) {
      if (room === 0 || ranges-- === 0) break;
      const keys = this.#engine.keys(start, end, room);
      for (const key of keys) writes.push({ key, value: undefined });
      if (keys.length < room) done.push(name);
      room -= keys.length;
    }
    return done;
  }

  #keep(): void {
    const kept = this.#waiting.slice(0, this.#writing);
    this.#waiting = this.#waiting.slice(this.#writing);
    for (const { commit, counts, resolve } of kept) {
      this.#bytes -= commit.bytes;
      if (counts) this.#kept++;
      // Only now: until it is kept, what it forgets is still in use.
      if (!this.#closing) for (const range of commit.garbage) this.sweep(range);
      resolve();
    }
  }

  #refuse(thrown: unknown): void {
    const error = storeError(thrown);
    if (error.code === "store_failed") this.#broken = error;
    const refused = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    this.#failed += refused.filter(({ counts }) => counts).length;
    for (const { commit } of refused.toReversed()) this.#takeBack(commit.undo);
    for (const { reject } of refused) reject(error);
  }

  async #withoutStall(written: Promise<void>): Promise<void> {
    let timer: ClockTimer | undefined;
    const stall = new Promise<never>((_resolve, reject) => {
      timer = this.#clock.setTimer(this.#limits.stallMs, () => {
        reject(new EngineError("failed", `a transaction took longer than ${this.#limits.stallMs} ms`));
      });
    });
    try {
      await Promise.race([written, stall]);
    } finally {
      if (timer !== undefined) this.#clock.clearTimer(timer);
    }
  }
}

function storeError(cause: unknown): StoreError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return cause instanceof EngineError && cause.kind === "full"
    ? new StoreError("disk_full", `Expected room for a commit, got: ${text}. Make room on the disk, then try again`, {
        cause,
      })
    : new StoreError(
        "store_failed",
        `Expected the engine to keep a commit, got: ${text}. Whether it is kept shows when the store is opened anew: restart the program`,
        { cause },
      );
}
