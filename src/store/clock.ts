import { type Clock, realClock } from "../kernel/clock.js";

class Timer {
  readonly handle: NodeJS.Timeout;

  constructor(delayMs: number, fire: () => void) {
    this.handle = setTimeout(fire, delayMs).unref();
  }
}

/** The machine's clock, with timers that do not keep the process alive: a store must never be what a program waits for. */
export const storeClock: Clock = {
  now: () => realClock.now(),
  wallTime: () => realClock.wallTime(),
  setTimer: (delayMs, fire) => new Timer(delayMs, fire),
  clearTimer(timer) {
    if (timer instanceof Timer) clearTimeout(timer.handle);
  },
};
