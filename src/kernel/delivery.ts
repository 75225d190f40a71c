import type { Cell } from "./cell.js";
import { trackedRun } from "./caller-context.js";
import { current } from "./current.js";
import { BadArgumentError, whatCame } from "./errors.js";
import { extrasOf } from "./extras.js";
import { CONTINUING, DEAD, GATE, HELD, QUEUED, REMOTE, SIGNALLED, SUSPENDED } from "./flags.js";
import { Mailbox } from "./mailbox.js";
import type { Operation } from "./operation.js";
import { PendingCall } from "./pending-call.js";
import { Signal, SignalQueue } from "./signal.js";

/** Sends a message nobody waits for. The sender is the actor whose handler runs now, if any: that is what keeps the order of each pair. */
export function post(cell: Cell, operation: Operation, payload: unknown): void {
  if ((cell.flags & GATE) === 0) {
    // Neither queued nor held implies an empty mailbox, so the cell's own slot is free.
    cell.operation = operation;
    cell.payload = payload;
    cell.from = current.cell;
    cell.behaviour.kernel.scheduler.enqueue(cell);
  } else if (!append(cell, operation, payload, current.cell)) {
    cell.behaviour.kernel.deadLetters.add(
      cell,
      operation.name,
      (cell.flags & DEAD) === 0 ? "mailbox_full" : "noproc",
      payload,
    );
  }
}

let stashedResolve: (value: unknown) => void;
let stashedReject: (error: unknown) => void;
// One executor for every promise: an executor made per call would be a closure per call.
const stash = (resolve: (value: unknown) => void, reject: (error: unknown) => void): void => {
  stashedResolve = resolve;
  stashedReject = reject;
};

/** Sends a request and returns the promise of its reply. */
export function request(cell: Cell, operation: Operation, payload: unknown, timeoutMs: number): Promise<unknown> {
  const kernel = cell.behaviour.kernel;
  const tracked = current.cell === null && kernel.callerContext !== null ? trackedRun(kernel.callerContext) : undefined;
  const caller = tracked === undefined ? current.cell : tracked.cell;
  const promise = new Promise<unknown>(stash);
  const call = new PendingCall(stashedResolve, stashedReject, cell, caller, operation.name, timeoutMs);
  if (tracked !== undefined) call.run = tracked.run;
  kernel.calls.fresh.add(call);
  if (caller !== null) cell.behaviour.calledByActors = true;
  if (caller === cell) {
    call.fail("calling_self", "calling_self");
  } else if ((cell.flags & GATE) === 0) {
    cell.operation = operation;
    cell.payload = payload;
    cell.from = call;
    kernel.scheduler.enqueue(cell);
  } else if (!append(cell, operation, payload, call)) {
    if ((cell.flags & DEAD) === 0) call.fail("mailbox_full", "mailbox_full");
    else call.fail("noproc", cell.exitReason);
  } else {
    // The callee may be held for long, with nothing runnable: the call still has to get its deadline.
    kernel.scheduler.expectEndOfTurn();
  }
  return promise;
}

/** Puts a message behind those that wait; false when the actor has ended or its mailbox is full and refuses the newest. */
function append(cell: Cell, operation: Operation, payload: unknown, from: unknown): boolean {
  const { mailbox } = cell;
  if ((cell.flags & (DEAD | REMOTE)) !== 0) {
    if ((cell.flags & DEAD) !== 0) return false;
    cell.behaviour.kernel.remote?.deliver(cell, operation, payload, from instanceof PendingCall ? from : null);
    return true;
  }
  if (mailbox !== null && mailbox.length < cell.behaviour.mailboxLimit - 1) mailbox.push(operation, payload, from);
  else if (!appendWithCare(cell, operation, payload, from)) return false;
  // Suspended and busy actors are queued when they are released.
  if ((cell.flags & (HELD | QUEUED)) === 0) cell.behaviour.kernel.scheduler.enqueue(cell);
  return true;
}

/** Appends to a mailbox that has no chain yet, or is nearly full. */
function appendWithCare(cell: Cell, operation: Operation, payload: unknown, from: unknown): boolean {
  if (cell.mailboxLength >= cell.behaviour.mailboxLimit) {
    if (cell.behaviour.overflow === "drop_newest") return false;
    dropOldest(cell);
  }
  if (cell.operation === null && cell.mailbox === null) {
    cell.operation = operation;
    cell.payload = payload;
    cell.from = from;
  } else {
    cell.mailbox ??= new Mailbox();
    cell.mailbox.push(operation, payload, from);
  }
  return true;
}

/** Drops the oldest waiting message, of which there is one; an `init` that has yet to run is none. */
function dropOldest(cell: Cell): void {
  const { mailbox } = cell;
  if (cell.firstWaiting === 1 && cell.operation !== null) {
    refuse(cell, cell.operation, cell.payload, cell.from);
    cell.operation = null;
    cell.payload = undefined;
    cell.from = null;
    takeNext(cell);
  } else if (mailbox !== null) {
    refuse(cell, mailbox.operation(), mailbox.payload(), mailbox.from());
    mailbox.drop();
    if (mailbox.length > 0) return;
    cell.mailbox = null;
    mailbox.release();
  }
}

function refuse(cell: Cell, operation: Operation, payload: unknown, from: unknown): void {
  if (operation.isCall && from instanceof PendingCall) from.fail("mailbox_full", "mailbox_full");
  else cell.behaviour.kernel.deadLetters.add(cell, operation.name, "mailbox_full", payload);
}

/** Moves the oldest message of the mailbox to the cell's own slot. */
export function takeNext(cell: Cell): void {
  const mailbox = cell.mailbox;
  if (mailbox === null) return;
  cell.operation = mailbox.operation();
  cell.payload = mailbox.payload();
  cell.from = mailbox.from();
  mailbox.drop();
  if (mailbox.length === 0) {
    cell.mailbox = null;
    mailbox.release();
  }
}

/** Puts a system signal in front of the user messages. */
export function signal(cell: Cell, entry: Signal): void {
  if ((cell.flags & DEAD) !== 0) return;
  signalsOf(cell).push(entry);
  announceSignal(cell);
}

/** Makes `handleInfo` run with a message before all that waits: for priority messages and time-outs. */
export function postFirst(cell: Cell, message: unknown, behindOthers: boolean): void {
  if ((cell.flags & DEAD) !== 0) return;
  signalsOf(cell).pushFirst(new Signal("message", 0, message, null), behindOthers);
  announceSignal(cell);
}

function signalsOf(cell: Cell): SignalQueue {
  const extras = extrasOf(cell);
  extras.signals ??= new SignalQueue();
  return extras.signals;
}

function announceSignal(cell: Cell): void {
  cell.flags |= SIGNALLED;
  const heldForSignals = HELD & ~SUSPENDED;
  if ((cell.flags & (heldForSignals | QUEUED)) === 0) cell.behaviour.kernel.scheduler.enqueue(cell);
}

/** Queues an actor that has something to do and may do it. */
export function wake(cell: Cell): void {
  const { flags } = cell;
  if ((flags & QUEUED) !== 0) return;
  const held = flags & HELD;
  const mayHandle = held === 0 && (cell.operation !== null || cell.mailbox !== null || (flags & CONTINUING) !== 0);
  if (mayHandle || ((flags & SIGNALLED) !== 0 && hasDueSignal(cell, held)))
    cell.behaviour.kernel.scheduler.enqueue(cell);
}

function hasDueSignal(cell: Cell, held: number): boolean {
  if ((held & ~SUSPENDED) !== 0) return false;
  return cell.extras?.signals?.has(cell.handled, held !== 0) === true;
}

const LONGEST_SEARCH = 1_024;

/**
 * The count of handled messages after which a signal of `sender` may be delivered to `receiver`.
 *
 * Looks for the newest waiting message that `sender` sent, or may have sent: what was sent outside the synchronous part of a handler has no
 * known sender. After 1,024 messages the search ends and the signal waits behind the rest, which is always legal.
 */
export function orderAfter(receiver: Cell, sender: Cell | null): number {
  const { mailbox, handled } = receiver;
  const first = receiver.firstWaiting;
  if (mailbox !== null) {
    const found = mailbox.findFromNewest(LONGEST_SEARCH, (from) => mayBeFrom(from, sender));
    if (found > 0) return handled + first + mailbox.length - found + 1;
    if (mailbox.length > LONGEST_SEARCH) return handled + first + mailbox.length - LONGEST_SEARCH;
  }
  return first === 1 && mayBeFrom(receiver.from, sender) ? handled + 1 : handled;
}

function mayBeFrom(from: unknown, sender: Cell | null): boolean {
  const origin = from instanceof PendingCall ? from.caller : from;
  return origin === null || origin === sender;
}

/** Refuses a call time-out that is not a number of milliseconds from 0, or `Infinity`. */
export function checkTimeout(timeoutMs: number): void {
  if (typeof timeoutMs !== "number" || Number.isNaN(timeoutMs) || timeoutMs < 0) {
    throw new BadArgumentError(
      `Expected a call time-out in milliseconds, 0 or more, or Infinity; got ${whatCame(timeoutMs)}`,
    );
  }
}
