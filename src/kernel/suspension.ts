import type { Cell } from "./cell.js";
import { wake } from "./delivery.js";
import { extrasOf } from "./extras.js";
import { DEAD, SUSPENDED } from "./flags.js";

/** Makes an actor handle no more messages until it is resumed as often; its system signals are still served. */
export function suspendCell(cell: Cell, suspender: Cell): void {
  if ((cell.flags & DEAD) !== 0) return;
  const extras = extrasOf(cell);
  extras.suspenders ??= new Map();
  extras.suspenders.set(suspender, (extras.suspenders.get(suspender) ?? 0) + 1);
  const own = extrasOf(suspender);
  own.suspending ??= new Set();
  own.suspending.add(cell);
  cell.flags |= SUSPENDED;
}

/** Undoes one suspension; false when there was none by this suspender. */
export function resumeCell(cell: Cell, suspender: Cell): boolean {
  const times = cell.extras?.suspenders?.get(suspender);
  if (times === undefined) return false;
  if (times > 1) cell.extras?.suspenders?.set(suspender, times - 1);
  else forget(cell, suspender);
  return true;
}

/** Lifts every suspension by, and of, an actor that has ended. */
export function endSuspensions(cell: Cell): void {
  const { extras } = cell;
  if (extras === null) return;
  for (const suspended of [...(extras.suspending ?? [])]) forget(suspended, cell);
  for (const suspender of extras.suspenders?.keys() ?? []) suspender.extras?.suspending?.delete(cell);
  extras.suspenders = null;
}

function forget(cell: Cell, suspender: Cell): void {
  suspender.extras?.suspending?.delete(cell);
  const suspenders = cell.extras?.suspenders;
  suspenders?.delete(suspender);
  if (suspenders === undefined || suspenders === null || suspenders.size > 0) return;
  cell.flags &= ~SUSPENDED;
  wake(cell);
}
