import type { Clock } from "../../src/index.js";
import type { StoreChange, StoredRecord } from "../../src/store/store-port.js";
import { DelayQueue } from "./delay-queue.js";
import { decodePush, encodePush } from "./kept-push.js";
import type { Body } from "./outbox.js";
import { type IdempotentPush, PushOutcome, type RepeatedPush } from "./push-outcome.js";
import { PushOwners } from "./push-owners.js";

/** How long the outcome of an idempotent push is kept, and how many at a time. */
export interface PushWindowLimits {
  readonly windowMs: number;
  readonly perOwner: number;
  readonly total: number;
  /** Most bytes of replies. */
  readonly bytes: number;
}

/** The bounds of an endpoint's window: two minutes; 1,000 pushes of an owner, 100,000 in all with 64 MiB of replies. The oldest are forgotten. */
const PUSH_WINDOW: PushWindowLimits = {
  windowMs: 120_000,
  perOwner: 1_000,
  total: 100_000,
  bytes: 64 * 1024 * 1024,
};

/**
 * Which idempotent pushes of whom were handled in the last two minutes, and what was replied.
 *
 * It outlives sessions: a push that comes again in another one gets the same reply, and its handler does not run again. Those of durable sessions
 * are in the store too, written in the commit that makes their handling safe, and come back from there.
 */
export class PushWindow {
  readonly owners: PushOwners;
  readonly #clock: Clock;
  readonly #limits: PushWindowLimits;
  readonly #log: ((change: StoreChange) => void) | undefined;
  readonly #known = new Map<string, Map<string, PushOutcome>>();
  readonly #due: DelayQueue<PushOutcome>;
  #size = 0;
  #bytes = 0;

  /** `log` takes the changes of the store, if there is one. */
  constructor(clock: Clock, limits: PushWindowLimits = PUSH_WINDOW, log?: (change: StoreChange) => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#log = log;
    this.owners = new PushOwners(clock, limits.windowMs);
    this.#due = new DelayQueue(clock, limits.windowMs, (outcome) => {
      // A handler that is still at it is waited for: forgetting it would let a second one begin.
      if (outcome.done) this.#forget(outcome);
      else if (this.#known.get(outcome.owner)?.get(outcome.key) === outcome) this.#due.add(outcome);
    });
  }

  /** Outcomes kept. */
  get size(): number {
    return this.#size;
  }

  /** Whether something of this owner's is known. */
  knows(owner: string): boolean {
    return this.#known.has(owner);
  }

  /** What is known of a push; `undefined`, and it is expected from now on, when it comes for the first time. */
  find(owner: string, key: string): PushOutcome | undefined {
    const known = this.#known.get(owner)?.get(key);
    if (known !== undefined) return known;
    this.#add(new PushOutcome(owner, key, this.#clock.wallTime()), 0);
    return undefined;
  }

  /** The push was handled; its outcome, if it was expected, with those who wait for the same. */
  settle({ owner, key }: IdempotentPush, reply: Body | undefined): PushOutcome | undefined {
    const outcome = this.#known.get(owner)?.get(key);
    if (outcome === undefined || outcome.done) return undefined;
    outcome.done = true;
    outcome.reply = reply;
    this.#bytes += bytesOf(reply);
    while (this.#bytes > this.#limits.bytes && this.#forgetSome());
    return outcome;
  }

  /** Its channel ended before it had handled it: it may be tried again. Returns those who wait for the same. */
  abandon({ owner, key }: IdempotentPush): readonly RepeatedPush[] {
    const outcome = this.#known.get(owner)?.get(key);
    if (outcome === undefined || outcome.done) return [];
    this.#forget(outcome);
    return outcome.waiting ?? [];
  }

  /** Takes back what the store has of it, all at once; what is too old, or damaged, is deleted there. */
  restore(records: readonly StoredRecord[]): void {
    this.#takeIn(records, ({ key }) => this.#log?.({ type: "delete_record", key }));
  }

  /** Takes over what the store of another node has, and has it kept here. */
  adopt(records: readonly StoredRecord[]): void {
    for (const { recordKey, owner, key, at, reply } of this.#takeIn(records)) {
      this.#log?.({ type: "put_record", key: recordKey, value: encodePush({ owner, key, at, reply }) });
    }
  }

  /** Gives what it did not know. */
  #takeIn(records: readonly StoredRecord[], useless?: (record: StoredRecord) => void): PushOutcome[] {
    const now = this.#clock.wallTime();
    const kept: PushOutcome[] = [];
    for (const record of records) {
      const push = decodePush(record);
      if (push === undefined || now - push.at >= this.#limits.windowMs) {
        useless?.(record);
        continue;
      }
      if (this.#known.get(push.owner)?.has(push.key) === true) continue;
      const outcome = new PushOutcome(push.owner, push.key, push.at);
      outcome.done = true;
      outcome.reply = push.reply;
      outcome.stored = "safe";
      kept.push(outcome);
    }
    kept.sort((one, other) => one.at - other.at);
    for (const outcome of kept) {
      this.#add(outcome, Math.max(0, now - outcome.at));
      this.#bytes += bytesOf(outcome.reply);
    }
    while (this.#bytes > this.#limits.bytes && this.#forgetSome());
    return kept.filter(({ forgotten }) => !forgotten);
  }

  /** Sessions begin anew from what is stored: what they handled and was not kept is as if it had not been. */
  forgetUnsafe(): void {
    for (const ofOwner of [...this.#known.values()]) {
      for (const outcome of [...ofOwner.values()]) if (outcome.stored !== "safe") this.#forget(outcome);
    }
  }

  /** Forgets everything, here and not in the store. */
  stop(): void {
    this.#due.stop();
    this.owners.stop();
    this.#known.clear();
    this.#size = 0;
  }

  #add(outcome: PushOutcome, agedMs: number): void {
    const { owner, key } = outcome;
    const before = this.#known.get(owner);
    if (before !== undefined && before.size >= this.#limits.perOwner) this.#forgetOldest(before);
    if (this.#size >= this.#limits.total) this.#forgetSome();
    const ofOwner = this.#known.get(owner) ?? new Map<string, PushOutcome>();
    this.#known.set(owner, ofOwner);
    ofOwner.set(key, outcome);
    this.#size++;
    this.#due.add(outcome, agedMs);
  }

  #forgetSome(): boolean {
    for (const ofOwner of this.#known.values()) if (this.#forgetOldest(ofOwner)) return true;
    return false;
  }

  #forgetOldest(ofOwner: ReadonlyMap<string, PushOutcome>): boolean {
    for (const outcome of ofOwner.values()) {
      if (!outcome.done) continue;
      this.#forget(outcome);
      return true;
    }
    return false;
  }

  #forget(outcome: PushOutcome): void {
    const ofOwner = this.#known.get(outcome.owner);
    if (ofOwner?.get(outcome.key) !== outcome) return;
    ofOwner.delete(outcome.key);
    this.#size--;
    this.#bytes -= bytesOf(outcome.reply);
    outcome.forgotten = true;
    if (ofOwner.size === 0) this.#known.delete(outcome.owner);
    if (outcome.stored !== "none") this.#log?.({ type: "delete_record", key: outcome.recordKey });
  }
}

function bytesOf(reply: Body | undefined): number {
  return typeof reply === "string" ? reply.length : (reply?.body.length ?? 0);
}
