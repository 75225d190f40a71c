import type { Cell } from "./cell.js";
import { orderAfter, signal } from "./delivery.js";
import { type ExitReason, formatReason, reasonOfThrown } from "./exit-reason.js";
import { adopt, disown, heirOf } from "./family.js";
import { DEAD, LINKED_TO_PARENT, QUEUED, REMOTE, TRAPPING } from "./flags.js";
import { endHoldings } from "./holdings.js";
import { release } from "./hook-keys.js";
import { linkedCells, withoutLink } from "./links.js";
import { type Down, type Monitor, watcherList, withoutWatcher } from "./monitor.js";
import type { Operation } from "./operation.js";
import { PendingCall } from "./pending-call.js";
import { type Exit, Signal } from "./signal.js";
import { endSuspensions } from "./suspension.js";

interface Ending {
  readonly cell: Cell;
  readonly reason: ExitReason;
}

const HOLDING_THREW = "a table that keeps something for it threw";

// A death can cause deaths through links: they are worked off in a loop, so that a chain of any length needs no stack.
const endings: Ending[] = [];
let working = false;

/**
 * Ends an actor now: frees what it held, fails its callers, then tells parent, links and monitors.
 *
 * `terminate` is not run here. A handler that is still running goes on without effect: JavaScript cannot be interrupted.
 */
export function die(cell: Cell, reason: ExitReason): void {
  endings.push({ cell, reason });
  if (working) return;
  working = true;
  try {
    // The list grows while it is walked: links of those that end add to it.
    for (const next of endings) {
      if ((next.cell.flags & DEAD) === 0) end(next.cell, next.reason);
    }
  } finally {
    endings.length = 0;
    working = false;
  }
}

/**
 * Delivers an exit signal by OTP's rules.
 *
 * `kill` that does not come through a link cannot be trapped and ends the actor with `killed`. A trapping actor gets the signal as a
 * message, or stops through `terminate` when it comes from its parent. Else `normal` is ignored unless one sends it to oneself, and any
 * other reason ends the actor without `terminate`.
 */
export function exitSignal(sender: Cell | null, target: Cell, reason: ExitReason, throughLink: boolean): void {
  if ((target.flags & DEAD) !== 0) return;
  if ((target.flags & REMOTE) !== 0) {
    target.behaviour.kernel.remote?.exit(sender, target, reason, throughLink);
    return;
  }
  if (reason === "kill" && !throughLink) return die(target, "killed");
  if ((target.flags & TRAPPING) !== 0) {
    const after = orderAfter(target, sender);
    const fromParent = sender !== null && sender === target.parent;
    signal(
      target,
      fromParent
        ? new Signal("stop", after, reason, sender)
        : new Signal("exit", after, exitOf(sender ?? target, reason), sender),
    );
    return;
  }
  if (reason === "normal" && sender !== target) return;
  die(target, reason);
}

function exitOf(ref: Cell, reason: ExitReason): Exit {
  return { ref, reason };
}

function end(cell: Cell, reason: ExitReason): void {
  const { behaviour, extras, operation, payload, from } = cell;
  const { kernel } = behaviour;
  // From here on the payload is the reason: whoever is called below may ask for it.
  cell.operation = null;
  cell.payload = reason;
  cell.from = null;
  cell.flags = DEAD | (cell.flags & (QUEUED | LINKED_TO_PARENT | REMOTE));
  if ((cell.flags & REMOTE) === 0) kernel.ended++;
  behaviour.forget(cell);
  // Names, groups, what tables keep, and timers go before anyone hears of the death, so that whoever hears of it finds the name free.
  if (extras !== null) {
    if (extras.name !== undefined && kernel.names.get(extras.name) === cell) kernel.names.delete(extras.name);
    if (extras.groups !== null) kernel.groups.leaveAll(cell);
    if (extras.holdings !== null) endHoldings(extras, (thrown) => reportFailure(cell, HOLDING_THREW, thrown));
    if (extras.timers !== null) for (const timer of extras.timers) kernel.timers.cancel(timer);
    if (extras.monitors !== null) {
      for (const monitor of extras.monitors) detachMonitor(monitor);
      kernel.monitors -= extras.monitors.size;
    }
    endSuspensions(cell);
    extras.timers = null;
    extras.monitors = null;
    extras.signals = null;
    extras.continuations = null;
    extras.idle = null;
    extras.debug = null;
    extras.abort?.abort(reason);
  }
  if (operation !== null) dropMessage(cell, operation, payload, from, reason);
  dropMessages(cell, reason);
  releaseActor(cell, reason);
  cell.actor = undefined;
  tellFamily(cell, reason);
  tellWatchers(cell, reason);
  tellWaiters(cell, reason);
}

function tellWaiters(cell: Cell, reason: ExitReason): void {
  const { extras } = cell;
  const waiters = extras?.exitWaiters ?? null;
  if (extras !== null) extras.exitWaiters = null;
  for (const waiter of waiters ?? []) tellWaiter(cell, waiter, reason);
}

function tellWaiter(cell: Cell, waiter: (reason: ExitReason) => void, reason: ExitReason): void {
  try {
    waiter(reason);
  } catch (thrown) {
    reportFailure(cell, "a listener to its end threw", thrown);
  }
}

function releaseActor(cell: Cell, reason: ExitReason): void {
  try {
    cell.actor?.[release](reason);
  } catch (thrown) {
    reportFailure(cell, "it threw while it gave back what it held", thrown);
  }
}

function reportFailure(cell: Cell, what: string, thrown: unknown): void {
  cell.behaviour.kernel.report({
    type: "end_failed",
    level: "error",
    text: `${cell.describe()} has ended, but ${what}: ${formatReason(reasonOfThrown(thrown))}`,
    details: { ref: cell.toString(), behaviour: cell.behaviour.name, thrown },
  });
}

function dropMessages(cell: Cell, reason: ExitReason): void {
  const { mailbox } = cell;
  if (mailbox !== null) {
    while (mailbox.length > 0) {
      dropMessage(cell, mailbox.operation(), mailbox.payload(), mailbox.from(), reason);
      mailbox.drop();
    }
    mailbox.release();
    cell.mailbox = null;
  }
  cell.busy?.call?.fail("exit", reason);
  cell.busy = null;
  for (const call of [...(cell.extras?.deferred ?? [])]) call.fail("exit", reason);
}

function dropMessage(cell: Cell, operation: Operation, payload: unknown, from: unknown, reason: ExitReason): void {
  if (operation.isCall && from instanceof PendingCall) from.fail("exit", reason);
  else cell.behaviour.kernel.deadLetters.add(cell, operation.name, "noproc", payload);
}

function tellFamily(cell: Cell, reason: ExitReason): void {
  const { parent } = cell;
  if (parent !== null) {
    disown(cell);
    if ((cell.flags & LINKED_TO_PARENT) !== 0) exitSignal(cell, parent, reason, true);
    cell.flags &= ~LINKED_TO_PARENT;
  }
  if (cell.firstChild !== null) tellChildren(cell, reason);
  tellLinks(cell, reason);
}

function tellLinks(cell: Cell, reason: ExitReason): void {
  for (const other of linkedCells(cell.links)) {
    other.links = withoutLink(other.links, cell);
    cell.behaviour.kernel.links--;
    exitSignal(cell, other, reason, true);
  }
  cell.links = null;
}

function tellChildren(cell: Cell, reason: ExitReason): void {
  const { origin } = cell.behaviour.kernel;
  const heir = heirOf(cell, origin);
  for (let child = cell.firstChild; child !== null; child = cell.firstChild) {
    disown(child);
    const linked = (child.flags & LINKED_TO_PARENT) !== 0;
    child.flags &= ~LINKED_TO_PARENT;
    // Signalled as its parent's exit before it moves: a trapping child must stop, not merely be told.
    if (linked) exitSignal(cell, child, reason, true);
    if ((child.flags & DEAD) === 0 && origin !== cell) adopt(heir, child);
  }
}

function tellWatchers(cell: Cell, reason: ExitReason): void {
  const { extras } = cell;
  if (extras === null) return;
  for (const monitor of watcherList(extras.watchers)) {
    if (monitor.watcher.extras?.monitors?.delete(monitor) === true) cell.behaviour.kernel.monitors--;
    sendDown(monitor, reason);
  }
  extras.watchers = null;
}

/**
 * Tells links, monitors and callers of an actor of another node that it cannot be reached, as its end would.
 *
 * It may live on: when its node is reached again, new relations can be made with it. This is what a lost connection does in Erlang.
 */
export function sever(standIn: Cell, reason: ExitReason): void {
  for (const call of [...(standIn.extras?.deferred ?? [])]) call.fail("exit", reason);
  tellLinks(standIn, reason);
  tellWatchers(standIn, reason);
  tellWaiters(standIn, reason);
}

/** Tells the watcher of a monitor that its target is gone. */
export function sendDown(monitor: Monitor, reason: ExitReason): void {
  const { watcher, target, name, tag, alias } = monitor;
  const after = orderAfter(watcher, target ?? null);
  const down: Down =
    tag === undefined ? { monitor, ref: target, name, reason } : { monitor, ref: target, name, tag, reason };
  if (alias !== undefined && alias.mode !== "explicit_unalias") alias.close();
  signal(watcher, new Signal("down", after, down, monitor));
}

/** Removes a monitor from its target. */
export function detachMonitor(monitor: Monitor): void {
  const { target } = monitor;
  const extras = target?.extras ?? null;
  if (target === undefined || extras === null) return;
  extras.watchers = withoutWatcher(extras.watchers, monitor);
  endUnusedWatch(target);
}

/** Tells the node of an actor that nobody watches it here any more. */
export function endUnusedWatch(target: Cell): void {
  const { extras, flags } = target;
  if ((flags & REMOTE) === 0 || extras === null || extras.watchers !== null) return;
  if ((extras.exitWaiters?.size ?? 0) === 0) target.behaviour.kernel.remote?.unmonitor(target);
}
