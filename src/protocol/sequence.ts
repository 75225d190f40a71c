import { DEFAULT_LIMITS } from "./limits.js";

/** The last sequence number there is: 2^53 - 1, the largest integer that JSON carries between all engines unharmed. */
export const MAX_SEQ = Number.MAX_SAFE_INTEGER;

/** Tells whether an unknown value is a sequence number: an integer from 1 to 2^53 - 1. */
export function isSeq(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

/** Tells whether an unknown value is a cumulative position (`ack`, `rx`, `tx`): an integer from 0, "none yet", to 2^53 - 1. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Thrown when a direction of a session has used all its numbers. At a million frames a second this takes 285 years. */
export class SequenceExhaustedError extends Error {
  /** Always `sequence_exhausted`. */
  readonly code = "sequence_exhausted";
  override readonly name = "SequenceExhaustedError";
}

/**
 * Gives the number after `last`.
 *
 * @throws {SequenceExhaustedError} if `last` is the last number there is
 */
export function nextSeq(last: number): number {
  if (last >= MAX_SEQ) {
    throw new SequenceExhaustedError(`Cannot number a frame: expected a number up to ${MAX_SEQ}, all are used`);
  }
  return last + 1;
}

/** What a receiver does with a numbered frame. */
export type Verdict = "accept" | "duplicate" | "gap";

/**
 * Judges a numbered frame against the highest number taken so far.
 *
 * `accept`: it is the next one, take it and set `last` to `seq`. `duplicate`: it was taken before, drop it (and acknowledge
 * again). `gap`: numbers are missing before it, which a socket never causes by itself: the sender broke the protocol.
 */
export function receive(last: number, seq: number): Verdict {
  if (seq <= last) return "duplicate";
  return seq === last + 1 ? "accept" : "gap";
}

/**
 * Collapses frames handled in any order into one cumulative position.
 *
 * Frames of one session go to several channels and finish out of order; an acknowledgement may only name a number below
 * which everything is handled. Every accepted number has to be marked once, those that nobody handles as well. Memory is
 * bounded by what the caller lets be in flight.
 */
export class HandledTracker {
  #handled: number;
  readonly #ahead = new Set<number>();

  /** Starts with everything up to `handled` done. Default 0: nothing. */
  constructor(handled = 0) {
    this.#handled = handled;
  }

  /** The number to acknowledge: it and all below it are handled. */
  get handled(): number {
    return this.#handled;
  }

  /** How many numbers are handled and wait for a lower one. */
  get ahead(): number {
    return this.#ahead.size;
  }

  /** Those numbers, in no order. */
  get numbersAhead(): readonly number[] {
    return [...this.#ahead];
  }

  /** Whether a number is handled. */
  has(seq: number): boolean {
    return seq <= this.#handled || this.#ahead.has(seq);
  }

  /** Marks one number as handled and tells whether the position moved. A number marked before changes nothing. */
  mark(seq: number): boolean {
    if (seq <= this.#handled) return false;
    if (seq !== this.#handled + 1) {
      this.#ahead.add(seq);
      return false;
    }
    this.#handled = seq;
    while (this.#ahead.delete(this.#handled + 1)) this.#handled += 1;
    return true;
  }
}

/** When an acknowledgement of its own is due; see {@link DEFAULT_LIMITS} for the defaults. */
export interface AckRules {
  readonly ackMessages: number;
  readonly ackBytes: number;
  readonly ackDelayMs: number;
}

/**
 * Counts what was received and not yet acknowledged, and says when that is due: after 32 messages, 64 KiB or 1 s.
 *
 * Holds no clock: times come in as data, and `dueAtMs` goes out for the owner's timer.
 */
export class AckDebt {
  readonly #rules: AckRules;
  #messages = 0;
  #bytes = 0;
  #sinceMs = 0;

  constructor(rules: AckRules = DEFAULT_LIMITS) {
    this.#rules = rules;
  }

  /** Whether anything is unacknowledged. */
  get owed(): boolean {
    return this.#messages > 0;
  }

  /** When the oldest unacknowledged message has waited long enough; `undefined` while nothing is owed. */
  get dueAtMs(): number | undefined {
    return this.#messages === 0 ? undefined : this.#sinceMs + this.#rules.ackDelayMs;
  }

  /** Adds one message of `bytes` received at `nowMs` and tells whether an acknowledgement is due at once. */
  add(bytes: number, nowMs: number): boolean {
    if (this.#messages === 0) this.#sinceMs = nowMs;
    this.#messages += 1;
    this.#bytes += bytes;
    return this.isDue(nowMs);
  }

  /** Tells whether an acknowledgement is due at `nowMs`. */
  isDue(nowMs: number): boolean {
    if (this.#messages === 0) return false;
    const { ackMessages, ackBytes, ackDelayMs } = this.#rules;
    return this.#messages >= ackMessages || this.#bytes >= ackBytes || nowMs - this.#sinceMs >= ackDelayMs;
  }

  /** Forgets the debt: an acknowledgement of everything was written, alone or on another frame. */
  clear(): void {
    this.#messages = 0;
    this.#bytes = 0;
  }
}
