import type { Actor } from "./actor.js";
import type { ActorRef, AnyRef, CallView, CastView } from "./actor-ref.js";
import type { Behaviour } from "./behaviour.js";
import { checkTimeout, post } from "./delivery.js";
import { BadArgumentError, whatCame } from "./errors.js";
import type { ExitReason } from "./exit-reason.js";
import { BUSY, DEAD, REMOTE, STARTING, STOPPING, SUSPENDED } from "./flags.js";
import type { Links } from "./links.js";
import type { Mailbox } from "./mailbox.js";
import { INIT, type Operation } from "./operation.js";
import type { PendingCall } from "./pending-call.js";
import type { Extras } from "./extras.js";

/** The message an actor handles asynchronously right now. */
export interface BusyWith {
  readonly operation: Operation;
  readonly call: PendingCall | null;
  readonly since: number;
  /** Which run of a handler this is; see `current.ts`. */
  readonly run: number;
  /** The calls that it is known to wait for, newest first, through {@link PendingCall.earlier}. */
  calls: PendingCall | null;
}

/**
 * The runtime's record of one actor, and its ref: both are one object, so an idle actor costs one cell and the user's instance.
 *
 * All cells share one hidden class whatever the actor's class is, which keeps the paths of delivery monomorphic. What few actors have
 * (a name, timers, groups, monitors held, deferred replies) is in {@link Extras}, made when first needed.
 */
export class Cell implements ActorRef<unknown> {
  readonly id: number;
  readonly behaviour: Behaviour;
  /** Bits of `flags.ts`. */
  flags: number;
  actor: Actor<unknown> | undefined = undefined;
  /** The first waiting message; the others wait in {@link Cell.mailbox}. */
  operation: Operation | null = null;
  payload: unknown = undefined;
  from: unknown = null;
  mailbox: Mailbox | null = null;
  /** Messages taken from the mailbox so far. */
  handled = 0;
  parent: Cell | null;
  firstChild: Cell | null = null;
  nextSibling: Cell | null = null;
  previousSibling: Cell | null = null;
  links: Links = null;
  busy: BusyWith | null = null;
  extras: Extras | null = null;

  constructor(id: number, behaviour: Behaviour, parent: Cell | null, flags: number) {
    this.id = id;
    this.behaviour = behaviour;
    this.parent = parent;
    this.flags = flags;
  }

  get call(): CallView<unknown> {
    const view = this.behaviour.lastCallView;
    return view.cell === this ? view : this.behaviour.viewForCalls(this);
  }

  get cast(): CastView<unknown> {
    const view = this.behaviour.lastCastView;
    return view.cell === this ? view : this.behaviour.viewForCasts(this);
  }

  callWithin(timeoutMs: number): CallView<unknown> {
    checkTimeout(timeoutMs);
    return this.behaviour.viewForCallsWithin(this, timeoutMs);
  }

  send(message: unknown): void {
    post(this, this.behaviour.info, message);
  }

  toString(): string {
    if ((this.flags & REMOTE) !== 0) return this.behaviour.kernel.remote?.addressOf(this) ?? `<?.${this.id}>`;
    return `<0.${this.id}>`;
  }

  /** A ref in a log or in JSON shows as its address. */
  toJSON(): string {
    return this.toString();
  }

  /** Messages that wait. */
  get mailboxLength(): number {
    return this.firstWaiting + (this.mailbox === null ? 0 : this.mailbox.length);
  }

  /** 1 when a message waits in the cell itself; an `init` that has yet to run is no message. */
  get firstWaiting(): 0 | 1 {
    return this.operation === null || this.operation.arity === INIT ? 0 : 1;
  }

  /** How people recognise it: name or label, class and address. */
  describe(): string {
    const title = this.extras?.name ?? this.extras?.label;
    return `${title === undefined ? "" : `${title} `}${this.behaviour.name} ${this.toString()}`;
  }

  /** What it is doing, for error texts. */
  describeState(): string {
    const waiting = `${this.mailboxLength} messages wait`;
    if ((this.flags & DEAD) !== 0) return "it has ended";
    if ((this.flags & STARTING) !== 0) return `its init has not finished, ${waiting}`;
    if ((this.flags & STOPPING) !== 0) return `it is stopping, ${waiting}`;
    if ((this.flags & SUSPENDED) !== 0) return `it is suspended, ${waiting}`;
    if ((this.flags & BUSY) !== 0 && this.busy !== null) {
      const forMs = Math.round(this.behaviour.kernel.clock.now() - this.busy.since);
      return `it is busy with ${this.busy.operation.name} since ${forMs} ms, ${waiting}`;
    }
    return waiting;
  }

  /** Why it ended. The payload slot holds the reason of a dead actor, which has no messages, so that a kept ref costs nothing more. */
  get exitReason(): ExitReason {
    return (this.flags & DEAD) === 0 ? undefined : this.payload;
  }
}

/** The cell behind the ref of an actor of this node, for what no other node can be asked to do. @throws {BadArgumentError} for any other */
export function ownCellOf(ref: AnyRef): Cell {
  const cell = cellOf(ref);
  if ((cell.flags & REMOTE) === 0) return cell;
  throw new BadArgumentError(
    `Expected an actor of this node, got ${cell.describe()}: have an actor of its own node do that, or send it an exit signal`,
  );
}

/** The cell behind a ref. @throws {BadArgumentError} for anything that is not a ref of this process */
export function cellOf(ref: AnyRef): Cell {
  if (ref instanceof Cell) return ref;
  throw new BadArgumentError(`Expected an actor's ref, got ${whatCame(ref)}`);
}
