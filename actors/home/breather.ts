import type { Clock } from "../../src/index.js";

const WORK_MS = 8;

/** Gives everybody else a turn of the event loop now and then, while much is done at once. */
export class Breather {
  readonly #clock: Clock;
  #since: number;
  #breath: Promise<void> | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** Resolves at once, or after a turn of the others when there was none for eight milliseconds. */
  async breathe(): Promise<void> {
    if (this.#breath === undefined) {
      if (this.#clock.now() - this.#since < WORK_MS) return;
      this.#breath = new Promise((resolve) => {
        this.#clock.setTimer(0, () => {
          this.#breath = undefined;
          this.#since = this.#clock.now();
          resolve();
        });
      });
    }
    await this.#breath;
  }
}
