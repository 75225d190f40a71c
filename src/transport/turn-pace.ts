import type { Clock } from "../kernel/clock.js";

/** A turn of the event loop is short, or long, when all that happens in it takes less, or more, than this. */
const SHORT_MS = 5;
const LONG_MS = 15;
const FIRST_SHARE = 32;
const LEAST_SHARE = 8;
const MOST_SHARE = 256;
/** Begun pieces in the list, above which they are taken out of it. */
const KEPT = 1_024;

/**
 * Spreads work that comes all at once over turns of the event loop: thousands that connect, or are lost, in the same moment.
 *
 * Each such piece makes more work behind it, for actors whose messages would stand in line before those of everybody else. So only a share
 * is begun in each turn, and the rest waits for the next ones. The share follows the turns in which all of it was used: it halves
 * after a long one, and doubles after a short one. On a loop with nothing else to do it is as large as the loop can take; work that comes singly never waits.
 */
export class TurnPace {
  readonly #clock: Clock;
  #waiting: (() => void)[] = [];
  /** How many of those that wait have been begun. */
  #begun = 0;
  #share = FIRST_SHARE;
  #left = FIRST_SHARE;
  #since = 0;
  #armed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many pieces wait. */
  get waiting(): number {
    return this.#waiting.length - this.#begun;
  }

  /** Whether a piece would be begun at once. */
  get isFree(): boolean {
    return this.#left > 0 && this.waiting === 0;
  }

  /** Begins a piece of work, now or in a later turn; in order. It must not throw: others wait behind it. */
  run(work: () => void): void {
    if (!this.#armed) {
      this.#since = this.#clock.now();
      this.#arm();
    }
    if (!this.isFree) {
      this.#waiting.push(work);
      return;
    }
    this.#left -= 1;
    work();
  }

  #arm(): void {
    this.#armed = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#armed = false;
    const now = this.#clock.now();
    const took = now - this.#since;
    if (this.#left === 0) {
      if (took > LONG_MS) this.#share = Math.max(LEAST_SHARE, this.#share >> 1);
      else if (took < SHORT_MS) this.#share = Math.min(MOST_SHARE, this.#share * 2);
    }
    this.#since = now;
    this.#left = this.#share;
    if (this.waiting === 0) return;
    this.#arm();
    while (this.#left > 0 && this.waiting > 0) {
      this.#left -= 1;
      this.#waiting[this.#begun++]?.();
    }
    // Not each time: thousands may wait.
    if (this.waiting > 0 && this.#begun < KEPT) return;
    this.#waiting = this.#waiting.slice(this.#begun);
    this.#begun = 0;
  }
}
