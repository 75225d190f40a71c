import type { Cell } from "./cell.js";
import { current } from "./current.js";
import { type ExitReason, errorOfReason, formatReason, isNormalExit, reasonOfThrown } from "./exit-reason.js";
import { BUSY, DEAD, STOPPING, TRAPPING } from "./flags.js";
import { shownState } from "./format-status.js";
import { teardown } from "./hook-keys.js";
import { linksOf, statusOf } from "./info.js";
import type { PendingCall } from "./pending-call.js";
import { die } from "./termination.js";

/** A reply that is sent once `terminate` has run: `{stop, Reason, Reply, State}` of gen_server. */
export interface HeldReply {
  readonly call: PendingCall;
  readonly value: unknown;
}

/** Runs an actor's `terminate` and then ends it. An error in `terminate` replaces the reason. */
export function stopActor(cell: Cell, reason: ExitReason, held: HeldReply | null): void {
  const { actor } = cell;
  cell.flags = (cell.flags | STOPPING) & ~BUSY;
  // Else the end of the actor would fail this call before it gets its reply.
  const outcome = actor === undefined ? undefined : runTerminate(cell, () => actor[teardown](reason));
  if (outcome instanceof Promise) {
    void finishLater(cell, reason, outcome, held);
    return;
  }
  finish(cell, outcome === undefined ? reason : outcome.reason, held);
}

/** `undefined` when it ran, a promise while it runs, or the reason with which it failed. */
function runTerminate(cell: Cell, terminate: () => unknown): undefined | Promise<unknown> | { reason: ExitReason } {
  const before = current.cell;
  current.cell = cell;
  try {
    const result = terminate();
    return result instanceof Promise ? result : undefined;
  } catch (thrown) {
    return { reason: reasonOfThrown(thrown) };
  } finally {
    current.cell = before;
  }
}

async function finishLater(
  cell: Cell,
  reason: ExitReason,
  running: Promise<unknown>,
  held: HeldReply | null,
): Promise<void> {
  let finalReason = reason;
  try {
    await running;
  } catch (thrown) {
    finalReason = reasonOfThrown(thrown);
  }
  if ((cell.flags & DEAD) === 0) finish(cell, finalReason, held);
}

function finish(cell: Cell, reason: ExitReason, held: HeldReply | null): void {
  if (!isNormalExit(reason)) reportCrash(cell, reason);
  die(cell, reason);
  held?.call.reply(held.value);
}

const MOST_NEIGHBOURS = 15;

/**
 * Writes the crash report of an actor that ends by its own doing: what it was, why, what it had to do with, and who started it.
 *
 * The state is what its `formatStatus` shows. Neighbours are linked actors that do not trap exits, which the crash may end too; at most 15.
 */
export function reportCrash(cell: Cell, reason: ExitReason): void {
  const ancestors: string[] = [];
  for (let ancestor = cell.parent; ancestor !== null && ancestor.parent !== null; ancestor = ancestor.parent) {
    ancestors.push(ancestor.describe());
  }
  const stack = errorOfReason(reason)?.stack;
  const links = linksOf(cell);
  const neighbours = links.filter(({ flags }) => (flags & TRAPPING) === 0).slice(0, MOST_NEIGHBOURS);
  cell.behaviour.kernel.report({
    type: "crash",
    level: "error",
    text: `${cell.describe()} crashed: ${stack ?? formatReason(reason)}`,
    details: {
      ref: cell.toString(),
      behaviour: cell.behaviour.name,
      name: cell.extras?.name,
      label: cell.extras?.label,
      reason,
      errorInfo: { class: classOf(reason), reason, stack },
      ancestors,
      status: statusOf(cell),
      trapExit: (cell.flags & TRAPPING) !== 0,
      mailboxLength: cell.mailboxLength,
      handled: cell.handled,
      links: links.map((other) => other.toString()),
      neighbours: neighbours.map((other) => ({
        ref: other.toString(),
        behaviour: other.behaviour.name,
        name: other.extras?.name,
        label: other.extras?.label,
        status: statusOf(other),
        mailboxLength: other.mailboxLength,
      })),
      state: shownState(cell),
    },
  });
}

/** `error` for a thrown `Error`, `throw` for another thrown value, `exit` for a reason that the actor gave itself. */
function classOf(reason: ExitReason): "error" | "throw" | "exit" {
  if (errorOfReason(reason) !== undefined) return "error";
  return typeof reason === "object" && reason !== null && "nocatch" in reason ? "throw" : "exit";
}
