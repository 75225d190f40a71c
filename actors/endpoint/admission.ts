import type { Clock, ClockTimer } from "../../src/index.js";

export type { AdmissionKeeper, TurnedAway } from "../../src/transport/admission/admission-keeper.js";
export type { ReplayTurns } from "../../src/transport/admission/replay-turns.js";
export type { Ticket } from "../../src/transport/admission/ticket.js";

/** What {@link settleWithin} gives when the time was over first. */
export const LATE: unique symbol = Symbol("late");

/**
 * Waits for work that somebody else does, but not for ever.
 *
 * Gives {@link LATE} when `timeoutMs` have passed; what the work then still comes to goes nowhere, a rejection included. Work that is done
 * at once costs no timer. Throws what the work throws.
 */
export function settleWithin<T>(work: T | Promise<T>, clock: Clock, timeoutMs: number): T | Promise<T | typeof LATE> {
  if (!(work instanceof Promise) || timeoutMs === Infinity) return work;
  return race(work, clock, timeoutMs);
}

async function race<T>(work: Promise<T>, clock: Clock, timeoutMs: number): Promise<T | typeof LATE> {
  let timer: ClockTimer | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = clock.setTimer(timeoutMs, () => resolve(LATE));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    if (timer !== undefined) clock.clearTimer(timer);
  }
}
