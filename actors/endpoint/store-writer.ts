import type { Clock, ClockTimer } from "../../src/index.js";
import { type Store, type StoreChange, StoreError, type StoreErrorCode } from "../../src/store/store-port.js";

/** Somebody whose changes are collected, and who is told what became of them. */
export interface Keepable {
  /** Whether nothing of it is to be kept any more. */
  readonly ended: boolean;
  /** Adds its changes since the last time. */
  take(changes: StoreChange[]): void;
  /** What was taken is safe. */
  kept(): void;
  /** The store does not take it now; it will be tried again. */
  waiting(): void;
  /** The store refuses what was taken, for good. */
  refused(error: StoreError): void;
}

/** What is wrong with the store, if anything. */
export interface StoreTrouble {
  readonly code: StoreErrorCode;
  readonly text: string;
  /** Since when, by the clock. */
  readonly since: number;
}

/** What {@link StoreWriter} is made with. */
export interface StoreWriterOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Told when the store stops taking changes, and when it takes them again. */
  readonly report: (level: "error" | "info", type: string, text: string, error?: Error) => void;
}

interface Segment {
  /** `undefined` for the logs'. */
  readonly keepable: Keepable | undefined;
  readonly changes: readonly StoreChange[];
}

interface Group {
  segments: readonly Segment[];
  readonly safe: readonly (() => void)[];
}

/** Sessions of one commit: more would hold the event loop for long. */
const GROUP = 512;
const RETRY_MS = 1_000;

/** What is wrong with the changes, not with the store: trying again would not help. */
const OURS: ReadonlySet<StoreErrorCode> = new Set<StoreErrorCode>([
  "bad_change",
  "unknown_session",
  "out_of_order",
  "stale_epoch",
  "not_owner",
]);

/**
 * Brings what sessions and topic logs of one endpoint want kept into the store: all of a turn of the event loop in one commit.
 *
 * One commit is under way at a time; what comes meanwhile is the next one. While the store takes nothing, because the disk is full for
 * instance, the same commit is tried again every second, and whoever waits for it is told.
 */
export class StoreWriter {
  readonly store: Store;
  readonly clock: Clock;
  readonly #report: StoreWriterOptions["report"];
  /** Asked for a change that goes with every commit, of which it says how far it reaches. */
  beside: (() => StoreChange | undefined) | undefined = undefined;
  #dirty: Keepable[] = [];
  #changes: StoreChange[] = [];
  #safe: (() => void)[] = [];
  /** Those who cannot go on without the store. */
  readonly #dependent = new Set<(error: StoreError) => void>();
  #group: Group | undefined;
  #scheduled = false;
  #stopped = false;
  #isSealed = false;
  #trouble: StoreTrouble | undefined;
  #retry: ClockTimer | undefined;

  constructor({ store, clock, report }: StoreWriterOptions) {
    this.store = store;
    this.clock = clock;
    this.#report = report;
  }

  /** Why nothing is kept at the moment; `undefined` while all is well. */
  get trouble(): StoreTrouble | undefined {
    return this.#trouble;
  }

  /** Whether it was {@link StoreWriter.seal}ed. */
  get isSealed(): boolean {
    return this.#isSealed;
  }

  /** Sessions that have changes which are not safe. */
  get waiting(): number {
    return this.#dirty.length + (this.#group?.segments.length ?? 0);
  }

  /** Will ask for the changes of a session at the end of this turn. To be called once until they are taken. */
  add(keepable: Keepable): void {
    this.#dirty.push(keepable);
    this.#schedule();
  }

  /** Keeps a change of a log. */
  log(change: StoreChange): void {
    this.#changes.push(change);
    this.#schedule();
  }

  /** Calls back when all that was to be kept so far is safe. */
  whenSafe(safe: () => void): void {
    this.#safe.push(safe);
    this.#schedule();
  }

  /** Resolves when all that was to be kept so far is safe. */
  settled(): Promise<void> {
    return new Promise((resolve) => this.whenSafe(resolve));
  }

  /**
   * Forgets what sessions wanted kept and the store does not take, and waits for the rest: for those who begin anew from what is stored.
   *
   * What was not kept has never left, so it is as if it had not been. That sessions are over is not forgotten, nor what is in logs.
   *
   * @throws {StoreError} when the store will not take anything any more
   */
  async abandon(): Promise<void> {
    const { code } = this.#trouble ?? {};
    if (code === "store_failed" || code === "closed") throw this.#failure();
    const group = this.#group;
    if (this.#retry !== undefined && group !== undefined) {
      this.clock.clearTimer(this.#retry);
      this.#retry = undefined;
      this.#group = undefined;
      const logs = group.segments.flatMap(({ keepable, changes }) => (keepable === undefined ? changes : []));
      const sessions = group.segments.flatMap(({ keepable }) => (keepable === undefined ? [] : [keepable]));
      this.#changes = [...logs, ...this.#changes];
      this.#safe = [...group.safe, ...this.#safe];
      this.#dirty = [...new Set([...sessions, ...this.#dirty])].filter(({ ended }) => ended);
    }
    await this.allKept();
  }

  /**
   * Resolves like {@link StoreWriter.settled}, for those who cannot go on without.
   *
   * @throws {StoreError} when the store has failed for good, also while it waits: another node has taken it over, for instance
   */
  async allKept(): Promise<void> {
    let fail: (error: StoreError) => void = () => undefined;
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    this.#dependent.add(fail);
    try {
      if (this.#hasFailed) throw this.#failure();
      await Promise.race([this.settled(), failed]);
    } finally {
      this.#dependent.delete(fail);
    }
  }

  /** Whether it does not take anything, and never will. */
  get #hasFailed(): boolean {
    return this.#trouble !== undefined && this.store.status().state !== "open";
  }

  #failure(): StoreError {
    const { code = "store_failed", text } = this.#trouble ?? {};
    return new StoreError(code, `Cannot restore sessions: ${text}`);
  }

  /** Hands all that is left to the store, and lets nobody wait any more. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#retry !== undefined) this.clock.clearTimer(this.#retry);
    // What failed is tried once more; what is under way is not.
    const failed = this.#retry === undefined ? [] : (this.#group?.segments ?? []);
    this.#retry = undefined;
    const { segments } = this.#gather(Infinity);
    void this.#last([...failed, ...segments]);
  }

  /** Forgets all that is not in the store, and takes nothing any more: what the store has belongs to another node. */
  seal(): void {
    this.#stopped = true;
    this.#isSealed = true;
    if (this.#retry !== undefined) this.clock.clearTimer(this.#retry);
    this.#retry = undefined;
    this.#dirty = [];
    this.#changes = [];
    this.#safe = [];
    this.#trouble = { code: "closed", text: "this node has lost its place in the cluster", since: this.clock.now() };
  }

  #schedule(): void {
    if (this.#scheduled || this.#group !== undefined || this.#stopped) return;
    this.#scheduled = true;
    // After all actors whose turn it is: what they want kept is one commit.
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#next();
    });
  }

  #next(): void {
    if (this.#group !== undefined || this.#stopped) return;
    if (this.#dirty.length === 0 && this.#changes.length === 0 && this.#safe.length === 0) return;
    const group = this.#gather(GROUP);
    this.#group = group;
    void this.#commit(group);
  }

  #gather(most: number): Group {
    const segments: Segment[] = [];
    // With the logs, of which it speaks: if those are refused, so is this.
    const beside = this.#changes.length + this.#dirty.length > 0 ? this.beside?.() : undefined;
    if (beside !== undefined) this.#changes.push(beside);
    if (this.#changes.length > 0) segments.push({ keepable: undefined, changes: this.#changes });
    this.#changes = [];
    const taken = this.#dirty.length <= most ? this.#dirty : this.#dirty.slice(0, most);
    this.#dirty = this.#dirty.length <= most ? [] : this.#dirty.slice(most);
    for (const keepable of taken) {
      const changes: StoreChange[] = [];
      keepable.take(changes);
      segments.push({ keepable, changes });
    }
    // Those who wait for all wait for the rest as well.
    const safe = this.#dirty.length > 0 ? [] : this.#safe;
    if (this.#dirty.length === 0) this.#safe = [];
    return { segments, safe };
  }

  async #commit(group: Group): Promise<void> {
    try {
      await this.store.commit(changesOf(group.segments));
    } catch (thrown) {
      const error = storeErrorOf(thrown);
      if (OURS.has(error.code)) await this.#commitSingly(group);
      else this.#wait(group, error);
      return;
    }
    this.#done(group);
  }

  #done(group: Group): void {
    if (this.#isSealed) return;
    const { segments, safe } = group;
    if (this.#group === group) this.#group = undefined;
    if (this.#trouble !== undefined) {
      const { code } = this.#trouble;
      this.#trouble = undefined;
      this.#report("info", "store_recovered", `the store takes changes again, after ${code}: sessions go on`);
    }
    for (const { keepable } of segments) keepable?.kept();
    for (const each of safe) each();
    this.#next();
  }

  /** One of them does not fit what is stored: the others must not suffer for it. */
  async #commitSingly(group: Group): Promise<void> {
    for (const [index, segment] of group.segments.entries()) {
      try {
        await this.store.commit(segment.changes);
        segment.keepable?.kept();
      } catch (thrown) {
        const error = storeErrorOf(thrown);
        if (!OURS.has(error.code)) {
          const rest: Group = { segments: group.segments.slice(index), safe: group.safe };
          this.#group = rest;
          this.#wait(rest, error);
          return;
        }
        this.#report("error", "store_refused", `the store refuses a change for good: ${error.message}`, error);
        segment.keepable?.refused(error);
      }
    }
    this.#done({ segments: [], safe: group.safe });
    this.#group = undefined;
    this.#next();
  }

  #wait(group: Group, error: StoreError): void {
    if (this.#isSealed) return;
    if (this.#stopped) {
      this.#report("error", "store_failed", `the store did not keep the last changes: ${error.message}`, error);
      return;
    }
    if (this.#trouble === undefined) {
      const text = `the store takes no changes: ${error.message}; what waits for them is held back, clients are told to come back`;
      this.#report("error", "store_failed", text, error);
      this.#trouble = { code: error.code, text: error.message, since: this.clock.now() };
    } else this.#trouble = { ...this.#trouble, code: error.code, text: error.message };
    for (const { keepable } of group.segments) keepable?.waiting();
    if (this.#hasFailed) for (const fail of this.#dependent) fail(this.#failure());
    this.#retry = this.clock.setTimer(RETRY_MS, () => {
      this.#retry = undefined;
      void this.#tryAgain(group);
    });
  }

  async #tryAgain(group: Group): Promise<void> {
    // What has ended makes room, where room is what is missing.
    const over = group.segments.filter(({ keepable }) => keepable?.ended === true);
    group.segments = group.segments.filter(({ keepable }) => keepable?.ended !== true);
    const keepables = new Set(over.flatMap(({ keepable }) => (keepable === undefined ? [] : [keepable])));
    for (const keepable of this.#dirty) if (keepable.ended) keepables.add(keepable);
    this.#dirty = this.#dirty.filter((keepable) => !keepable.ended);
    const deletes: Segment[] = [...keepables].map((keepable) => {
      const changes: StoreChange[] = [];
      keepable.take(changes);
      return { keepable, changes };
    });
    if (deletes.length > 0) {
      try {
        await this.store.commit(changesOf(deletes));
      } catch {
        // The group below meets the same trouble, and tells of it.
        group.segments = [...deletes, ...group.segments];
      }
    }
    if (!this.#stopped) await this.#commit(group);
  }

  async #last(segments: readonly Segment[]): Promise<void> {
    if (segments.length === 0) return;
    await this.#commit({ segments, safe: [] });
  }
}

function changesOf(segments: readonly Segment[]): StoreChange[] {
  const [first] = segments;
  if (segments.length === 1 && first !== undefined) return [...first.changes];
  return segments.flatMap(({ changes }) => changes);
}

function storeErrorOf(thrown: unknown): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new StoreError("store_failed", `Expected the store to keep a commit, it threw: ${text}`, { cause: thrown });
}
