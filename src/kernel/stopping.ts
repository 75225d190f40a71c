import type { Cell } from "./cell.js";
import { runTracked } from "./caller-context.js";
import { CrashReport } from "./crash-report.js";
import { current, nextRun } from "./current.js";
import { type ExitReason, isNormalExit, reasonOfThrown } from "./exit-reason.js";
import { BUSY, DEAD, STOPPING } from "./flags.js";
import { teardown } from "./hook-keys.js";
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
  const { cell: before, run, resumed } = current;
  current.cell = cell;
  current.resumed = false;
  nextRun();
  try {
    const result = runTracked(cell.behaviour.kernel.callerContext, terminate);
    return result instanceof Promise ? result : undefined;
  } catch (thrown) {
    return { reason: reasonOfThrown(thrown) };
  } finally {
    current.cell = before;
    current.run = run;
    current.resumed = resumed;
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

/** Tells that an actor ends by its own doing. */
export function reportCrash(cell: Cell, reason: ExitReason): void {
  cell.behaviour.kernel.report(new CrashReport(cell, reason));
}
