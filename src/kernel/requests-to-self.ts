import type { Cell } from "./cell.js";
import type { ExitReason } from "./exit-reason.js";
import { extrasOf } from "./extras.js";
import { CONTINUING, STOP_REQUESTED } from "./flags.js";

/** Ends an actor by its own request, with a reason, once its handler is done. */
export function requestStop(cell: Cell, reason: ExitReason): void {
  extrasOf(cell).stopReason = reason;
  cell.flags |= STOP_REQUESTED;
}

/** Makes `handleContinue` run with `term` before any other message. */
export function continueWith(cell: Cell, term: unknown): void {
  const extras = extrasOf(cell);
  extras.continuations ??= [];
  extras.continuations.push(term);
  cell.flags |= CONTINUING;
}
