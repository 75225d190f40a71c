import type { Clock } from "../../src/index.js";
import type { ChannelRow } from "./channel-table.js";
import { DelayQueue } from "./delay-queue.js";
import type { Body } from "./outbox.js";
import type { SessionRef } from "./session-messages.js";

/** How long the outcome of an idempotent push is kept, and how many at a time. */
export interface PushWindowLimits {
  readonly windowMs: number;
  readonly perUser: number;
  readonly total: number;
  /** Most bytes of replies. */
  readonly bytes: number;
}

/** The bounds of an endpoint's window: two minutes; 1,000 pushes of a user, 100,000 in all with 64 MiB of replies. The oldest are forgotten. */
const PUSH_WINDOW: PushWindowLimits = {
  windowMs: 120_000,
  perUser: 1_000,
  total: 100_000,
  bytes: 64 * 1024 * 1024,
};

/** A push that its client may send again in another session, on its way through a channel. */
export interface IdempotentPush {
  readonly seq: number;
  readonly user: string;
  /** The client's id for it, with topic and event. */
  readonly key: string;
  readonly ref: string | null;
}

/** A push that came again while the first was still being handled. */
export interface RepeatedPush {
  readonly session: SessionRef;
  readonly row: ChannelRow;
  readonly ref: string | null;
  readonly seq: number;
}

/** What is known of an idempotent push: its reply, none, or who waits for it. */
export interface PushOutcome {
  readonly user: string;
  readonly key: string;
  done: boolean;
  /** The reply as it was sent the first time; `undefined` when the channel gave none. */
  reply: Body | undefined;
  /** Those who sent it again meanwhile. */
  waiting: RepeatedPush[] | undefined;
}

/**
 * Which idempotent pushes of which user were handled in the last two minutes, and what was replied.
 *
 * It outlives sessions: a push that comes again in another one gets the same reply, and its handler does not run again.
 */
export class PushWindow {
  readonly #limits: PushWindowLimits;
  readonly #users = new Map<string, Map<string, PushOutcome>>();
  readonly #due: DelayQueue<PushOutcome>;
  #size = 0;
  #bytes = 0;

  constructor(clock: Clock, limits: PushWindowLimits = PUSH_WINDOW) {
    this.#limits = limits;
    this.#due = new DelayQueue(clock, limits.windowMs, (outcome) => {
      // A handler that is still at it is waited for: forgetting it would let a second one begin.
      if (outcome.done) this.#forget(outcome);
      else if (this.#users.get(outcome.user)?.get(outcome.key) === outcome) this.#due.add(outcome);
    });
  }

  /** Outcomes kept. */
  get size(): number {
    return this.#size;
  }

  /** What is known of a push; `undefined`, and it is expected from now on, when it comes for the first time. */
  find(user: string, key: string): PushOutcome | undefined {
    const known = this.#users.get(user)?.get(key);
    if (known !== undefined) return known;
    this.#expect(user, key);
    return undefined;
  }

  /** The push was handled; returns those who wait for the same. */
  settle({ user, key }: IdempotentPush, reply: Body | undefined): readonly RepeatedPush[] {
    const outcome = this.#users.get(user)?.get(key);
    if (outcome === undefined) return [];
    const waiting = outcome.waiting ?? [];
    outcome.done = true;
    outcome.reply = reply;
    outcome.waiting = undefined;
    this.#bytes += bytesOf(reply);
    while (this.#bytes > this.#limits.bytes && this.#forgetSome());
    return waiting;
  }

  /** Its channel ended before it had handled it: it may be tried again. Returns those who wait for the same. */
  abandon({ user, key }: IdempotentPush): readonly RepeatedPush[] {
    const outcome = this.#users.get(user)?.get(key);
    if (outcome === undefined || outcome.done) return [];
    this.#forget(outcome);
    return outcome.waiting ?? [];
  }

  /** Forgets everything. */
  stop(): void {
    this.#due.stop();
    this.#users.clear();
    this.#size = 0;
  }

  #expect(user: string, key: string): void {
    const before = this.#users.get(user);
    if (before !== undefined && before.size >= this.#limits.perUser) this.#forgetOldest(before);
    if (this.#size >= this.#limits.total) this.#forgetSome();
    const ofUser = this.#users.get(user) ?? new Map<string, PushOutcome>();
    this.#users.set(user, ofUser);
    const outcome: PushOutcome = { user, key, done: false, reply: undefined, waiting: undefined };
    ofUser.set(key, outcome);
    this.#size++;
    this.#due.add(outcome);
  }

  #forgetSome(): boolean {
    for (const ofUser of this.#users.values()) if (this.#forgetOldest(ofUser)) return true;
    return false;
  }

  #forgetOldest(ofUser: ReadonlyMap<string, PushOutcome>): boolean {
    for (const outcome of ofUser.values()) {
      if (!outcome.done) continue;
      this.#forget(outcome);
      return true;
    }
    return false;
  }

  #forget(outcome: PushOutcome): void {
    const ofUser = this.#users.get(outcome.user);
    if (ofUser?.get(outcome.key) !== outcome) return;
    ofUser.delete(outcome.key);
    this.#size--;
    this.#bytes -= bytesOf(outcome.reply);
    if (ofUser.size === 0) this.#users.delete(outcome.user);
  }
}

function bytesOf(reply: Body | undefined): number {
  return typeof reply === "string" ? reply.length : (reply?.body.length ?? 0);
}
