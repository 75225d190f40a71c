import type { AnyRef } from "./actor-ref.js";
import { type Cell, cellOf } from "./cell.js";
import { BadArgumentError, whatCame } from "./errors.js";
import { extrasOf } from "./extras.js";
import { DEAD } from "./flags.js";
import { Timer, type TimerRef, type TimerSetup } from "./timers.js";

/** Options of timers that fire once. */
export interface TimerOptions {
  /**
   * Who gets the message instead of the actor that sets the timer.
   *
   * A timer to a ref ends with that actor, one to a name goes to whoever holds the name when it fires. Either outlives the one that set it.
   */
  readonly to?: AnyRef | string;
}

/** Arms a timer of an actor. */
export function setActorTimer(
  setter: Cell,
  { to = setter }: TimerOptions,
  setup: Pick<TimerSetup, "message" | "deadline" | "periodMs" | "wrapped">,
): TimerRef {
  const { timers, origin } = setter.behaviour.kernel;
  if (typeof to === "string") return timers.set({ ...setup, cell: origin, setter, name: to });
  const cell = cellOf(to);
  const timer = timers.set({ ...setup, cell, setter });
  if ((cell.flags & DEAD) !== 0) return timer;
  const extras = extrasOf(cell);
  extras.timers ??= new Set();
  extras.timers.add(timer);
  return timer;
}

/** Disarms a timer that an actor set. */
export function cancelActorTimer(setter: Cell, ref: TimerRef): number | false {
  const timer = ownTimer(setter, ref);
  timer.cell.extras?.timers?.delete(timer);
  return setter.behaviour.kernel.timers.cancel(timer);
}

/** The time that a timer has left, which an actor set. */
export function readActorTimer(setter: Cell, ref: TimerRef): number | false {
  return setter.behaviour.kernel.timers.read(ownTimer(setter, ref));
}

function ownTimer(setter: Cell, ref: TimerRef): Timer {
  if (ref instanceof Timer && ref.setter === setter) return ref;
  throw new BadArgumentError(`Expected a timer that this actor set, got ${whatCame(ref)}`);
}
