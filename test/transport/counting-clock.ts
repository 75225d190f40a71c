import { type Clock, type ClockTimer, realClock } from "../../src/kernel/clock.js";

/** The machine's clock, which knows how many of its timers are armed. */
export class CountingClock implements Clock {
  readonly #armed = new Set<ClockTimer>();

  get armed(): number {
    return this.#armed.size;
  }

  now(): number {
    return realClock.now();
  }

  wallTime(): number {
    return realClock.wallTime();
  }

  setTimer(delayMs: number, fire: () => void): ClockTimer {
    const timer = realClock.setTimer(delayMs, () => {
      this.#armed.delete(timer);
      fire();
    });
    this.#armed.add(timer);
    return timer;
  }

  clearTimer(timer: ClockTimer): void {
    this.#armed.delete(timer);
    realClock.clearTimer(timer);
  }
}
