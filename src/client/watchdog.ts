import { Alarm, type ClientClock } from "./clock.js";

/**
 * Says when a connection has been silent for too long: a half-open socket tells nothing by itself.
 *
 * Being fed costs one read of the clock; the timer is set anew only when it fires.
 */
export class Watchdog {
  readonly #clock: ClientClock;
  readonly #alarm: Alarm;
  #limitMs = 0;
  #heardAtMs = 0;

  /** `silent` is called once per start, when nothing fed the watchdog for the limit. */
  constructor(clock: ClientClock, silent: () => void) {
    this.#clock = clock;
    this.#alarm = new Alarm(clock, () => {
      const leftMs = this.#heardAtMs + this.#limitMs - clock.now();
      if (leftMs > 0) this.#alarm.set(leftMs);
      else silent();
    });
  }

  /** Watches from now on, with a limit in milliseconds. */
  start(limitMs: number): void {
    this.#limitMs = limitMs;
    this.feed();
    this.#alarm.set(limitMs);
  }

  /** Notes that something was heard. */
  feed(): void {
    this.#heardAtMs = this.#clock.now();
  }

  /** Watches no longer. */
  stop(): void {
    this.#alarm.clear();
  }
}
