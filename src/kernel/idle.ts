import type { Cell } from "./cell.js";
import { postFirst } from "./delivery.js";
import { extrasOf } from "./extras.js";
import { DEAD, IDLING } from "./flags.js";
import type { Timer } from "./timers.js";

/** A time-out that the handler of an actor asked for: its message comes unless any other message comes first. */
export class IdleTimeout {
  readonly cell: Cell;
  readonly timeoutMs: number;
  readonly message: unknown;
  /** The count of handled messages when it was armed. */
  handled = 0;
  timer: Timer | null = null;

  constructor(cell: Cell, timeoutMs: number, message: unknown) {
    this.cell = cell;
    this.timeoutMs = timeoutMs;
    this.message = message;
  }
}

/** Asks for an idle time-out, in the place of one that was asked for before; it begins when the handler is done. */
export function requestIdle(cell: Cell, timeoutMs: number, message: unknown): void {
  cancelIdle(cell);
  if (timeoutMs === Number.POSITIVE_INFINITY) return;
  extrasOf(cell).idle = new IdleTimeout(cell, timeoutMs, message);
  cell.flags |= IDLING;
}

/** Arms what the handler asked for; 0 milliseconds are over at once, before all that waits. */
export function armIdle(cell: Cell): void {
  cell.flags &= ~IDLING;
  const { extras } = cell;
  const idle = extras?.idle ?? null;
  if (extras === null || idle === null) return;
  if (idle.timeoutMs === 0) {
    extras.idle = null;
    postFirst(cell, idle.message, false);
    return;
  }
  const { timers, clock } = cell.behaviour.kernel;
  idle.handled = cell.handled;
  idle.timer = timers.set({ cell, setter: cell, message: idle, deadline: clock.now() + idle.timeoutMs });
  extras.timers ??= new Set();
  extras.timers.add(idle.timer);
}

/** Ends the wait: another message has come. */
export function cancelIdle(cell: Cell): void {
  const { extras } = cell;
  const idle = extras?.idle ?? null;
  if (extras === null || idle === null) return;
  extras.idle = null;
  cell.flags &= ~IDLING;
  if (idle.timer === null) return;
  extras.timers?.delete(idle.timer);
  cell.behaviour.kernel.timers.cancel(idle.timer);
}

/** Delivers the message of a time-out that is over, unless a message was handled or waits: counting costs messages nothing. */
export function expireIdle(idle: IdleTimeout): void {
  const { cell } = idle;
  if ((cell.flags & DEAD) !== 0 || cell.extras?.idle !== idle) return;
  cell.extras.idle = null;
  if (cell.handled === idle.handled && cell.mailboxLength === 0) postFirst(cell, idle.message, false);
}
