/** A timer handle; only the clock that made it knows what is inside. */
export type ClockTimer = object;

/**
 * Where all time in the runtime comes from, so that tests can replace it.
 *
 * `now` is monotonic, in milliseconds, and says nothing about the date; `wallTime` is the date, in milliseconds since 1970. A delay may be
 * any finite number of milliseconds from 0: a clock must not fire early, whatever the size (Node's own timers overflow above 2^31-1 ms).
 */
export interface Clock {
  now(): number;
  wallTime(): number;
  setTimer(delayMs: number, fire: () => void): ClockTimer;
  clearTimer(timer: ClockTimer): void;
}

const LONGEST_NODE_TIMER_MS = 2 ** 31 - 1;

// Kept: Node finds the global through a getter each time, which is a fifth of what reading the clock costs.
const machine = performance;

class RealTimer {
  handle: ReturnType<typeof setTimeout> | undefined;
}

/** The clock of the machine: `performance.now`, `Date.now` and `setTimeout`, chained where a delay is above 2^31-1 ms. */
export const realClock: Clock = {
  now: () => machine.now(),
  wallTime: () => Date.now(),
  setTimer(delayMs, fire) {
    const timer = new RealTimer();
    arm(timer, machine.now() + delayMs, fire);
    return timer;
  },
  clearTimer(timer) {
    if (timer instanceof RealTimer) clearTimeout(timer.handle);
  },
};

function arm(timer: RealTimer, deadline: number, fire: () => void): void {
  // Rounded up: setTimeout drops fractions, and a timer must not fire early.
  const delayMs = Math.max(0, Math.ceil(deadline - machine.now()));
  timer.handle =
    delayMs > LONGEST_NODE_TIMER_MS
      ? setTimeout(() => arm(timer, deadline, fire), LONGEST_NODE_TIMER_MS)
      : setTimeout(fire, delayMs);
}
