import type { Cell } from "./cell.js";
import { current } from "./current.js";
import { AWAITED } from "./flags.js";
import type { PendingCall } from "./pending-call.js";

/** Remembers a call as one of those that the handler which runs now has made. */
export function noteCall(caller: Cell, call: PendingCall): void {
  const { lastCall } = current;
  if (lastCall !== null && lastCall.caller === caller && current.lastCallAt === caller.handled) call.earlier = lastCall;
  current.lastCall = call;
  current.lastCallAt = caller.handled;
}

/** The calls that the handler which has just returned made, newest first, linked by {@link PendingCall.earlier}. */
export function callsOfHandler(cell: Cell): PendingCall | null {
  const { lastCall } = current;
  if (lastCall === null || lastCall.caller !== cell || current.lastCallAt !== cell.handled) return null;
  current.lastCall = null;
  return lastCall;
}

/**
 * Fails each of an actor's calls that can never be answered, because the callee waits for the actor itself, directly or through others.
 *
 * Asked when a handler has returned a promise, so only actors that really wait are in a cycle: one that called and went on is not. Known are
 * the calls made before the first `await` of a handler, and starts: whoever starts an actor waits for its `init`. A deferred reply is no
 * wait, since its actor is free to answer.
 */
export function refuseCycles(cell: Cell, calls: PendingCall): void {
  for (let call: PendingCall | null = calls; call !== null; call = call.earlier) {
    if (!isWaiting(call)) continue;
    const path = pathBetween(call.callee, cell);
    if (path === undefined) continue;
    const steps = [cell, ...path].map((each) => each.describe());
    call.fail("cycle", { cycle: steps }, steps.join(" waits for "));
  }
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
