/**
 * Where the client's time comes from; tests replace it.
 *
 * `now` is monotonic, in milliseconds. The runtime's own `Clock` fits here as well.
 */
export interface ClientClock {
  now(): number;
  setTimer(delayMs: number, fire: () => void): unknown;
  clearTimer(timer: unknown): void;
}

/** Where the client's randomness comes from: numbers from 0 (inclusive) to 1 (exclusive). */
export interface ClientRandom {
  next(): number;
}

/** The machine's clock: `performance.now` and `setTimeout`. Delays above 2^31 - 1 ms (25 days) are cut to that. */
export const realClock: ClientClock = {
  now: () => performance.now(),
  // A longer delay would fire at once.
  setTimer: (delayMs, fire) => setTimeout(fire, Math.min(delayMs, 2 ** 31 - 1)),
  clearTimer(timer: ReturnType<typeof setTimeout>) {
    clearTimeout(timer);
  },
};

/** `Math.random`. */
export const realRandom: ClientRandom = { next: Math.random };

// A timer that fires later than this was held up: the tab was frozen or throttled, or the machine slept.
const LATE_MS = 1_000;

/** One timer for one purpose: setting it again replaces it. */
export interface Alarm {
  /** Fires once, `delayMs` from now. */
  set(delayMs: number): void;
  /** Does not fire any more. */
  clear(): void;
}

/**
 * Makes an alarm.
 *
 * One that was held up gives what has arrived meanwhile a moment to be heard before it fires: a tab that wakes runs its overdue
 * timers first, and would take for silent a server whose messages stand in the same queue.
 */
export function createAlarm(clock: ClientClock, fire: () => void): Alarm {
  let timer: unknown;
  const clear = (): void => {
    if (timer) clock.clearTimer(timer);
    timer = undefined;
  };
  const set = (delayMs: number, again?: boolean): void => {
    const dueMs = clock.now() + delayMs;
    clear();
    timer = clock.setTimer(delayMs, () => {
      timer = undefined;
      if (!again && clock.now() - dueMs > LATE_MS) set(LATE_MS, true);
      else fire();
    });
  };
  return { set, clear };
}
