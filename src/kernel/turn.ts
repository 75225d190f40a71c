import type { Cell } from "./cell.js";
import { runTracked } from "./caller-context.js";
import { current, nextRun } from "./current.js";
import { Deferred } from "./deferred.js";
import { noteContent, noteMessage, noteReply } from "./debug.js";
import { takeNext, wake } from "./delivery.js";
import { reasonOfThrown } from "./exit-reason.js";
import { extrasOf } from "./extras.js";
import {
  ATTENTION,
  BEFORE_MESSAGE,
  BUSY,
  CONTINUING,
  DEAD,
  DEBUGGED,
  GUARDED,
  HELD,
  IDLING,
  QUEUED,
  SIGNALLED,
  STARTING,
  STOP_REQUESTED,
  SUSPENDED,
} from "./flags.js";
import { armIdle, cancelIdle } from "./idle.js";
import type { Down } from "./monitor.js";
import { ARITY_MANY, ARITY_ONE, ARITY_ZERO, Operation } from "./operation.js";
import { PendingCall } from "./pending-call.js";
import type { Exit, Signal, SystemRequest } from "./signal.js";
import { awaitsInit, runInit } from "./starting.js";
import { stopActor } from "./stopping.js";
import { die } from "./termination.js";

/**
 * One turn of an actor: signals first, then a continuation, then user messages, up to the length its class has earned.
 *
 * Returns the number of messages handled. Never throws: what a handler throws ends the actor.
 */
export function runTurn(cell: Cell): number {
  const limit = cell.behaviour.turnLength;
  let handled = 0;
  current.cell = cell;
  if ((cell.flags & STARTING) !== 0 && awaitsInit(cell)) runInit(cell);
  while (handled < limit) {
    if ((cell.flags & SIGNALLED) !== 0) {
      if (endsFenced(cell)) break;
      if (deliverSignal(cell)) {
        handled++;
        continue;
      }
    }
    const { operation } = cell;
    if ((cell.flags & BEFORE_MESSAGE) !== 0) {
      if (endsFenced(cell)) break;
      if ((cell.flags & (HELD | CONTINUING)) !== 0) {
        if (!runContinuation(cell)) break;
        handled++;
        continue;
      }
      if ((cell.flags & DEBUGGED) !== 0 && operation !== null) noteMessage(cell, operation);
    }
    if (operation === null) {
      if (cell.mailbox === null) break;
      takeNext(cell);
      continue;
    }
    handled++;
    if (!handleMessage(cell, operation)) break;
  }
  current.cell = null;
  cell.flags &= ~QUEUED;
  wake(cell);
  return handled;
}

/** Ends an actor that holds something which may belong to another node by now, whatever it was to do next; false for any other. */
function endsFenced(cell: Cell): boolean {
  if ((cell.flags & GUARDED) === 0 || cell.behaviour.kernel.remote?.mayAct(cell) !== false) return false;
  die(cell, "fenced");
  return true;
}

/** Handles the message in the cell's slot; false when something must be looked at before the next one. */
function handleMessage(cell: Cell, operation: Operation): boolean {
  const { payload, from, actor } = cell;
  cell.operation = null;
  cell.payload = undefined;
  cell.from = null;
  cell.handled++;
  nextRun();
  let result: unknown;
  if (operation.isCall && from instanceof PendingCall) {
    current.call = from;
    try {
      result = invoke(operation, actor, payload);
    } catch (thrown) {
      current.call = null;
      crash(cell, thrown, from);
      return false;
    }
    current.call = null;
    if ((cell.flags & ATTENTION) === 0 && (typeof result !== "object" || result === null)) {
      from.reply(result);
      return true;
    }
    return afterHandler(cell, operation, from, result);
  }
  try {
    result = invoke(operation, actor, payload);
  } catch (thrown) {
    crash(cell, thrown, null);
    return false;
  }
  if ((cell.flags & ATTENTION) === 0 && (typeof result !== "object" || result === null)) return true;
  return afterHandler(cell, operation, null, result);
}

function invoke(operation: Operation, actor: unknown, payload: unknown): unknown {
  const { handler, arity } = operation;
  if (arity === ARITY_ONE) return handler.call(actor, payload);
  if (arity === ARITY_ZERO) return handler.call(actor);
  return arity === ARITY_MANY && Array.isArray(payload) ? handler.apply(actor, payload) : undefined;
}

function crash(cell: Cell, thrown: unknown, call: PendingCall | null): void {
  if ((cell.flags & DEAD) !== 0) {
    // Killed while its handler ran: what the handler throws now is without effect.
    call?.fail("exit", cell.exitReason);
    return;
  }
  const reason = reasonOfThrown(thrown);
  if (call !== null) keepForFailure(cell, call);
  stopActor(cell, reason, null);
}

/** The call fails when the actor has ended, after its `terminate`. */
function keepForFailure(cell: Cell, call: PendingCall): void {
  const extras = extrasOf(cell);
  extras.deferred ??= new Set();
  call.deferred = true;
  extras.deferred.add(call);
}

/** Deals with all that is not a plain value from a handler that asked for nothing; true when the turn may go on. */
function afterHandler(cell: Cell, operation: Operation, call: PendingCall | null, result: unknown): boolean {
  if ((cell.flags & DEAD) !== 0) {
    call?.fail("exit", cell.exitReason);
    if (result instanceof Promise) void ignoreOutcome(result);
    return false;
  }
  if (isThenable(result)) {
    cell.flags |= BUSY;
    cell.busy = { operation, call, since: cell.behaviour.kernel.clock.now(), run: current.run, calls: null };
    void settle(cell, call, result);
    return false;
  }
  return complete(cell, call, result);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value instanceof Promise ||
    (typeof value === "object" && value !== null && "then" in value && typeof value.then === "function")
  );
}

/** Waits for an async handler, then lets the actor go on. */
async function settle(cell: Cell, call: PendingCall | null, running: PromiseLike<unknown>): Promise<void> {
  let result: unknown;
  try {
    result = await running;
  } catch (thrown) {
    if ((cell.flags & DEAD) !== 0) return;
    cell.busy = null;
    crash(cell, thrown, call);
    return;
  }
  if ((cell.flags & DEAD) !== 0) return;
  cell.busy = null;
  cell.flags &= ~BUSY;
  if (complete(cell, call, result)) wake(cell);
}

/** Sends the reply, and stops the actor where it asked for that; true when it may go on. */
function complete(cell: Cell, call: PendingCall | null, result: unknown): boolean {
  const stopping = (cell.flags & STOP_REQUESTED) !== 0;
  if (result instanceof Deferred) {
    if (call?.open === true && result.waiting) keepForFailure(cell, call);
  } else if (call !== null) {
    if (!stopping) call.reply(result);
    else {
      stopActor(cell, cell.extras?.stopReason, { call, value: result });
      return false;
    }
  }
  if ((cell.flags & DEBUGGED) !== 0 && call !== null) noteReply(cell, call, result);
  if (stopping) {
    stopActor(cell, cell.extras?.stopReason, null);
    return false;
  }
  if ((cell.flags & IDLING) !== 0) armIdle(cell);
  return true;
}

async function ignoreOutcome(running: Promise<unknown>): Promise<void> {
  try {
    await running;
  } catch {
    // A zombie: the actor was killed, its exit reason is already told, and nothing that its old handler does may have an effect.
  }
}

const CONTINUE = new Operation("handleContinue", () => undefined, ARITY_ONE, false);
const DOWN = new Operation("handleDown", () => undefined, ARITY_ONE, false);
const EXIT = new Operation("handleExit", () => undefined, ARITY_ONE, false);
const INFO = new Operation("handleInfo", () => undefined, ARITY_ONE, false);

/** Runs the oldest continuation, if there is one; false when the turn must end. */
function runContinuation(cell: Cell): boolean {
  if ((cell.flags & HELD) !== 0) return false;
  const waiting = cell.extras?.continuations ?? null;
  const term = waiting?.shift();
  if (waiting === null || waiting.length === 0) cell.flags &= ~CONTINUING;
  return runHook(cell, CONTINUE, () => cell.actor?.handleContinue(term)) && (cell.flags & HELD) === 0;
}

/** Delivers the first signal that may be; false when there is none. */
function deliverSignal(cell: Cell): boolean {
  const signals = cell.extras?.signals ?? null;
  if ((cell.flags & HELD & ~SUSPENDED) !== 0 || signals === null) return false;
  const entry = signals.take(cell.handled, (cell.flags & SUSPENDED) !== 0);
  if (entry === null) return false;
  if (signals.first === null) cell.flags &= ~SIGNALLED;
  dispatchSignal(cell, entry);
  return true;
}

function dispatchSignal(cell: Cell, entry: Signal): void {
  const { actor } = cell;
  const { content, kind } = entry;
  if (kind === "stop") return stopActor(cell, content, null);
  if (kind === "system") return (content as SystemRequest).run(cell);
  // Any message wakes an actor and ends the wait of its idle time-out, whatever lane it came through.
  cancelIdle(cell);
  if (cell.extras !== null) cell.extras.hibernatedAt = -1;
  if ((cell.flags & DEBUGGED) !== 0) noteContent(cell, kind, content);
  if (kind === "down") runHook(cell, DOWN, () => actor?.handleDown(content as Down));
  else if (kind === "exit") runHook(cell, EXIT, () => actor?.handleExit(content as Exit));
  else runHook(cell, INFO, () => actor?.handleInfo(content));
}

function runHook(cell: Cell, operation: Operation, hook: () => unknown): boolean {
  nextRun();
  let result: unknown;
  try {
    result = runTracked(cell.behaviour.kernel.callerContext, hook);
  } catch (thrown) {
    crash(cell, thrown, null);
    return false;
  }
  return afterHandler(cell, operation, null, result);
}
