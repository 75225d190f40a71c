/** How a {@link Circuit} behaves. */
export interface CircuitOptions {
  /** After how many failures in a row it opens. */
  readonly failures: number;
  /** The pause after the first failure, in milliseconds; it doubles with each further one. */
  readonly firstPauseMs: number;
  /** The longest pause, in milliseconds. */
  readonly longestPauseMs: number;
}

/** What a circuit says of itself: `half_open` means that one attempt is under way, or may be, to see whether it can close. */
export type CircuitState = "closed" | "open" | "half_open";

/**
 * Whether it is worth trying again to make a resource: rules of a circuit breaker, as data.
 *
 * Closed, it allows attempts, with a pause after each failure. After `failures` in a row it opens: nothing is tried until its pause is over. Then it is
 * half open: one attempt is allowed at a time. A success closes it, a failure opens it again, for twice as long. Pauses are drawn between half
 * of their length and all of it, so that many pools that lost the same server do not come back at the same moment.
 *
 * It has no clock and no random source: each call is given `now`, in milliseconds, and a number from [0, 1).
 */
export class Circuit {
  readonly #options: CircuitOptions;
  #failures = 0;
  #retryAt = Number.NEGATIVE_INFINITY;

  constructor(options: CircuitOptions) {
    this.#options = options;
  }

  /** How many attempts failed since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether so many failed that nobody should wait for the next attempt. It stays so while a single attempt is made. */
  get tripped(): boolean {
    return this.#failures >= this.#options.failures;
  }

  /** When the next attempt is allowed. */
  get retryAt(): number {
    return this.#retryAt;
  }

  state(now: number): CircuitState {
    if (!this.tripped) return "closed";
    return now < this.#retryAt ? "open" : "half_open";
  }

  /** How many attempts may be under way at once. */
  allowed(now: number): number {
    if (now < this.#retryAt) return 0;
    return this.#failures === 0 ? Number.POSITIVE_INFINITY : 1;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#retryAt = Number.NEGATIVE_INFINITY;
  }

  /** Notes a failure. Those that were under way when it opened do not prolong the pause: `startedAt` is when this one began. */
  failed(startedAt: number, now: number, random: number): void {
    if (startedAt < this.#retryAt && this.tripped) return;
    this.#failures++;
    const { firstPauseMs, longestPauseMs } = this.#options;
    // Above 2^50 the pause is the longest anyway, and 2 to a large power would be infinite.
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(50, this.#failures - 1));
    this.#retryAt = now + pauseMs * (0.5 + random / 2);
  }
}
