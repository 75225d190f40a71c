import type { Actor, ActorClass } from "./actor.js";
import { Cell } from "./cell.js";
import type { ExitReason } from "./exit-reason.js";
import { extrasOf } from "./extras.js";
import { REMOTE } from "./flags.js";
import type { Kernel } from "./kernel.js";
import { isLinked, withLink, withoutLink } from "./links.js";
import type { Operation } from "./operation.js";
import type { PendingCall } from "./pending-call.js";
import { exitSignal } from "./termination.js";

/**
 * Carries messages and signals to actors of other nodes; the cluster puts one into the kernel.
 *
 * An actor of another node is known here by its *stand-in*: a cell of this kernel that has no actor and handles nothing. Links, monitors and
 * calls hold on to the stand-in, and when the actor or its node is gone the stand-in ends like any actor: so each of them is told once, by the
 * same code. What is sent to it is handed over here at once, so that the order in which one actor sends messages and signals is kept. A local
 * actor pays nothing for it: one test of its flags tells both.
 */
export interface RemoteSignals {
  /** A message, or a call that waits for its reply. What cannot be delivered it turns into a dead letter, or fails. */
  deliver(standIn: Cell, operation: Operation, payload: unknown, call: PendingCall | null): void;
  /** An exit signal for the actor behind a stand-in. */
  exit(sender: Cell | null, standIn: Cell, reason: ExitReason, throughLink: boolean): void;
  /** A link was made here between a local actor and a stand-in. */
  link(cell: Cell, standIn: Cell): void;
  /** A link was removed here. */
  unlink(cell: Cell, standIn: Cell): void;
  /** The first monitor on a stand-in was made. */
  monitor(standIn: Cell): void;
  /** The last monitor on a stand-in is gone. */
  unmonitor(standIn: Cell): void;
  /** Whether a local actor with the flag `GUARDED` may act now: asked before each of its messages and signals. */
  mayAct(cell: Cell): boolean;
  /** The address of the actor behind a stand-in, as people see it. */
  addressOf(standIn: Cell): string;
}

/** Makes the stand-in of an actor of another node. It has no parent, is in no table, and is let go of when nobody refers to it. */
export function makeStandIn(kernel: Kernel, actorClass: ActorClass<Actor<unknown>>): Cell {
  return new Cell(++kernel.lastId, kernel.behaviourOf(actorClass), null, REMOTE);
}

/** Keeps a call with the stand-in of its callee, whose end fails it. */
export function awaitReply(standIn: Cell, call: PendingCall): void {
  const extras = extrasOf(standIn);
  extras.deferred ??= new Set();
  call.deferred = true;
  extras.deferred.add(call);
}

/** The other half of a link that an actor of another node has made; false when there is one already. */
export function acceptLink(cell: Cell, standIn: Cell): boolean {
  if (isLinked(cell.links, standIn)) return false;
  cell.links = withLink(cell.links, standIn);
  standIn.links = withLink(standIn.links, cell);
  cell.behaviour.kernel.links++;
  return true;
}

/** The other half of the removal of a link; false when there is none. */
export function acceptUnlink(cell: Cell, standIn: Cell): boolean {
  if (!isLinked(cell.links, standIn)) return false;
  cell.links = withoutLink(cell.links, standIn);
  standIn.links = withoutLink(standIn.links, cell);
  cell.behaviour.kernel.links--;
  return true;
}

/** An exit signal from another node. One through a link that is gone here by now is not heard: its end crossed the signal. */
export function acceptExit(sender: Cell | null, target: Cell, reason: ExitReason, throughLink: boolean): void {
  if (throughLink && (sender === null || !acceptUnlink(target, sender))) return;
  exitSignal(sender, target, reason, throughLink);
}
