import type { ClientRandom } from "./clock.js";

/** How a client comes back after a lost connection. */
export interface BackoffRules {
  /** The upper end of the first delay, in milliseconds. Default 500. */
  readonly baseMs: number;
  /** The highest upper end of a delay, in milliseconds. Default 20,000. */
  readonly capMs: number;
  /** How long a connection must have been open for the next delays to start from `baseMs` again. Default 10,000. */
  readonly stableMs: number;
  /** How many reconnects in a row are tried before the client gives up. Default `Infinity`. */
  readonly maxAttempts: number;
}

/** The defaults of {@link BackoffRules}. */
export const DEFAULT_BACKOFF: BackoffRules = {
  baseMs: 500,
  capMs: 20_000,
  stableMs: 10_000,
  maxAttempts: Number.POSITIVE_INFINITY,
};

/**
 * Draws the delay before an attempt: full jitter, `random(0, min(cap, base * 2^attempt))`, from the very first one.
 *
 * `attempt` counts from 0. A thousand clients that lost one server at one moment thus come back spread over the whole range.
 */
export function backoffDelay(
  attempt: number,
  { baseMs, capMs }: Pick<BackoffRules, "baseMs" | "capMs">,
  random: ClientRandom,
): number {
  // The power is held where it is still a number: above 1,023 it is Infinity, and a base of 0 would give NaN.
  return random.next() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 60));
}

/** Counts attempts in a row. A connection that was open for `stableMs` starts the count anew. Holds no clock: times come in as data. */
export class Backoff {
  readonly #rules: BackoffRules;
  readonly #random: ClientRandom;
  #attempt = 0;
  #openedAtMs: number | undefined;
  #woken = false;

  constructor(rules: BackoffRules, random: ClientRandom) {
    this.#rules = rules;
    this.#random = random;
  }

  /** How many attempts in a row were drawn. */
  get attempt(): number {
    return this.#attempt;
  }

  /** Notes that a connection is open since `nowMs`. */
  opened(nowMs: number): void {
    this.#openedAtMs = nowMs;
  }

  /** Draws the delay before the next attempt after a loss at `nowMs`; `undefined` when the budget is spent. */
  next(nowMs: number): number | undefined {
    if (this.#openedAtMs !== undefined && nowMs - this.#openedAtMs >= this.#rules.stableMs) this.reset();
    this.#openedAtMs = undefined;
    if (this.#attempt >= this.#rules.maxAttempts) return undefined;
    this.#attempt += 1;
    return backoffDelay(this.#attempt - 1, this.#rules, this.#random);
  }

  /** Tells whether a wake-up may skip the delay: once, until a connection was stable again. */
  wake(): boolean {
    const first = !this.#woken;
    this.#woken = true;
    return first;
  }

  /** Starts the count anew. */
  reset(): void {
    this.#attempt = 0;
    this.#woken = false;
    this.#openedAtMs = undefined;
  }
}
