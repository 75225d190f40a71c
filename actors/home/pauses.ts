import type { Clock, ClockTimer } from "../../src/index.js";

/** Waits that all end at once when whoever waits is over: nothing is left on the clock then. */
export class Pauses {
  readonly #clock: Clock;
  readonly #waiting = new Map<ClockTimer, () => void>();
  #isOver = false;
  #end: () => void = () => undefined;
  /** Resolves when all is over. */
  readonly ended: Promise<void> = new Promise((resolve) => {
    this.#end = resolve;
  });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether there is nothing to wait for any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Resolves when so much time has gone by, or all is over. */
  pause(ms: number): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(ms, () => {
        this.#waiting.delete(timer);
        resolve();
      });
      this.#waiting.set(timer, resolve);
    });
  }

  end(): void {
    this.#isOver = true;
    for (const [timer, resolve] of this.#waiting) {
      this.#clock.clearTimer(timer);
      resolve();
    }
    this.#waiting.clear();
    this.#end();
  }
}
