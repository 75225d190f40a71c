const SMALLEST_RING = 4;

/** How many restarts are allowed in which time: at most `intensity` within `periodMs`. */
export interface RestartLimit {
  readonly intensity: number;
  readonly periodMs: number;
}

/**
 * Counts restarts in a sliding window and says when there are too many.
 *
 * At most `intensity` restarts are allowed within `periodMs`; the next one is refused. A restart at time t still counts at time now when
 * `now - t <= periodMs`. With an intensity of 0 the first is refused.
 *
 * A question costs the same after a million restarts as after one: the window keeps at most `intensity` times, in a ring, and forgets each
 * once. (OTP walks a list.) Times come from the caller, from a monotonic clock in milliseconds.
 */
export class RestartWindow {
  readonly limit: RestartLimit;
  // Doubles with the number of restarts that are in the window together, never above `intensity`.
  #times: number[] = [];
  #oldest = 0;
  #count = 0;
  #total = 0;

  constructor(limit: RestartLimit) {
    this.limit = limit;
  }

  /** All restarts that were ever made. */
  get total(): number {
    return this.#total;
  }

  /** Records a restart at `now` and returns true, or returns false when it would be one too many. */
  allow(now: number): boolean {
    this.#forget(now);
    if (this.#count >= this.limit.intensity) return false;
    this.#record(now);
    this.#total++;
    return true;
  }

  /** Notes a restart that does not count, so that it is in {@link RestartWindow.total}. */
  pass(): void {
    this.#total++;
  }

  /** A window with another limit, in which the restarts so far count on. */
  under(limit: RestartLimit): RestartWindow {
    const next = new RestartWindow(limit);
    const kept = Math.min(this.#count, limit.intensity);
    for (let position = this.#count - kept; position < this.#count; position++) {
      const time = this.#times[(this.#oldest + position) % this.#times.length];
      if (time !== undefined) next.#record(time);
    }
    next.#total = this.#total;
    return next;
  }

  /** How many restarts count at `now`. Changes nothing. */
  inWindow(now: number): number {
    let expired = 0;
    while (expired < this.#count && this.#hasExpired(expired, now)) expired++;
    return this.#count - expired;
  }

  #forget(now: number): void {
    while (this.#count > 0 && this.#hasExpired(0, now)) {
      this.#oldest = (this.#oldest + 1) % this.#times.length;
      this.#count--;
    }
  }

  #hasExpired(position: number, now: number): boolean {
    const time = this.#times[(this.#oldest + position) % this.#times.length];
    return time === undefined || now - time > this.limit.periodMs;
  }

  #record(now: number): void {
    if (this.#count === this.#times.length) this.#grow();
    this.#times[(this.#oldest + this.#count) % this.#times.length] = now;
    this.#count++;
  }

  #grow(): void {
    const times = this.#times;
    const capacity = Math.min(this.limit.intensity, Math.max(SMALLEST_RING, times.length * 2));
    const grown = times.slice(this.#oldest).concat(times.slice(0, this.#oldest));
    while (grown.length < capacity) grown.push(0);
    this.#times = grown;
    this.#oldest = 0;
  }
}
