/**
 * Where the client's time comes from; tests replace it.
 *
 * `now` is monotonic, in milliseconds. The runtime's own `Clock` fits here as well.
 */
export interface ClientClock {
  now(): number;
  setTimer(delayMs: number, fire: () => void): object;
  clearTimer(timer: object): void;
}

/** Where the client's randomness comes from: numbers from 0 (inclusive) to 1 (exclusive). */
export interface ClientRandom {
  next(): number;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

class RealTimer {
  readonly handle: ReturnType<typeof setTimeout>;

  constructor(delayMs: number, fire: () => void) {
    // A longer delay would fire at once.
    this.handle = setTimeout(fire, Math.min(delayMs, LONGEST_TIMER_MS));
  }
}

/** The machine's clock: `performance.now` and `setTimeout`. Delays above 2^31 - 1 ms (25 days) are cut to that. */
export const realClock: ClientClock = {
  now: () => performance.now(),
  setTimer: (delayMs, fire) => new RealTimer(delayMs, fire),
  clearTimer(timer) {
    if (timer instanceof RealTimer) clearTimeout(timer.handle);
  },
};

/** `Math.random`. */
export const realRandom: ClientRandom = { next: () => Math.random() };

/** One timer for one purpose: setting it again replaces it. */
export class Alarm {
  readonly #clock: ClientClock;
  readonly #fire: () => void;
  #timer: object | undefined;

  constructor(clock: ClientClock, fire: () => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  /** Whether it will fire. */
  get armed(): boolean {
    return this.#timer !== undefined;
  }

  /** Fires once, `delayMs` from now. */
  set(delayMs: number): void {
    this.clear();
    this.#timer = this.#clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.#fire();
    });
  }

  /** Does not fire any more. */
  clear(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
