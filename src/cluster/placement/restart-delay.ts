const FIRST_MS = 100;
const LONGEST_MS = 10_000;
/** How long it must have run for its failures to count anew. */
const STABLE_MS = 10_000;
const REFUSED_MS = 500;

/** How long to wait before what keeps ending is started again: twice as long each time, from 100 ms to 10 s. Takes no clock. */
export class RestartDelay {
  #failures = 0;
  #startedAt = Number.NEGATIVE_INFINITY;
  /** The time before which it is not to be started. */
  notBefore = Number.NEGATIVE_INFINITY;

  started(now: number): void {
    this.#startedAt = now;
  }

  ended(now: number): void {
    this.#failures = now - this.#startedAt >= STABLE_MS ? 1 : this.#failures + 1;
    this.notBefore = now + Math.min(LONGEST_MS, FIRST_MS * 2 ** (this.#failures - 1));
    this.#startedAt = now;
  }

  /** It did not come to a start, through no fault of its own. */
  refused(now: number): void {
    this.notBefore = Math.max(this.notBefore, now + REFUSED_MS);
  }
}
