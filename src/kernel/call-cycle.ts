import type { Cell } from "./cell.js";
import { AWAITED } from "./flags.js";
import type { PendingCall } from "./pending-call.js";

/**
 * Remembers that an actor's handler waits for a call, and fails the call if it can never be answered, because the callee waits for that actor
 * itself, directly or through others.
 *
 * Asked at the end of the turn of the event loop in which the call was made, so it costs nothing to a call that has been answered by then, and
 * a handler that called and went on has ended. Only actors that wait are in a cycle: those whose handler, or `init`, is under way. A deferred
 * reply is no wait, since its actor is free to answer.
 */
export function noteWait(call: PendingCall): void {
  const busy = call.caller?.busy;
  if (call.caller === null || busy === null || busy === undefined || busy.run !== call.run) return;
  let earlier = busy.calls;
  // Else a handler that runs for days would keep every call that it ever made.
  while (earlier !== null && !earlier.open) earlier = earlier.earlier;
  call.earlier = earlier;
  busy.calls = call;
  const path = isWaiting(call) ? pathBetween(call.callee, call.caller) : undefined;
  if (path === undefined) return;
  const steps = [call.caller, ...path].map((each) => each.describe());
  call.fail("cycle", { cycle: steps }, steps.join(" waits for "));
}

function isWaiting(call: PendingCall): boolean {
  return call.open && !call.deferred;
}

/** Who waits for whom from one actor to another, both included; the search visits each actor once. */
function pathBetween(from: Cell, to: Cell): readonly Cell[] | undefined {
  const cameFrom = new Map<Cell, Cell | null>([[from, null]]);
  // The map grows while it is walked.
  for (const cell of cameFrom.keys()) {
    if (cell === to) return trace(cameFrom, to);
    for (const next of waitsFor(cell)) if (!cameFrom.has(next)) cameFrom.set(next, cell);
  }
  return undefined;
}

function trace(cameFrom: ReadonlyMap<Cell, Cell | null>, to: Cell): readonly Cell[] {
  const path: Cell[] = [];
  for (let cell: Cell | null | undefined = to; cell !== null && cell !== undefined; cell = cameFrom.get(cell))
    path.unshift(cell);
  return path;
}

function* waitsFor(cell: Cell): Generator<Cell, void, undefined> {
  for (let call = cell.busy?.calls ?? null; call !== null; call = call.earlier) if (isWaiting(call)) yield call.callee;
  // Those it starts are its youngest children: the list's first member knows the last one.
  const first = cell.firstChild;
  for (
    let child = first?.previousSibling ?? null;
    child !== null;
    child = child === first ? null : child.previousSibling
  ) {
    if ((child.flags & AWAITED) === 0) return;
    yield child;
  }
}
