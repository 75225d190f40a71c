import type { DeadlineList, Timed } from "./deadlines.js";
import type { IssuedLease } from "./lease.js";
import type { LeaseOwner } from "./lease-owner.js";
import type { Slot } from "./slot.js";

/**
 * One request for a resource, from the queue to its end: the single record that the lease table keeps for it.
 *
 * It waits while it is in the queue, holds while it is in a slot, and is over after that. Its links make it an entry of the queue, of the
 * deadlines and of the claims of its owner without further allocation. Only the table writes it.
 */
export class Claim<Resource, Holder, Ticket> implements Timed<Claim<Resource, Holder, Ticket>> {
  /** Who asked; `undefined` where nobody can be watched. */
  readonly owner: LeaseOwner<Resource, Holder, Ticket> | undefined;
  /** What the user of the table needs to answer a waiter; the table never looks inside. */
  readonly ticket: Ticket;
  /** How long the lease lasts once granted, in milliseconds. */
  readonly leaseMs: number;
  /** Who has a higher one is served first. */
  readonly priority: number;
  /** End of the wait while waiting, end of the lease while held. */
  deadline: number;
  /** When the wait began, or the lease. */
  since: number;
  /** How long it waited before it had its lease. */
  waitedMs = 0;
  waiting = false;
  slot: Slot<Resource, Holder, Ticket> | undefined;
  lease: IssuedLease<Resource> | undefined;

  dueList: DeadlineList<Claim<Resource, Holder, Ticket>> | undefined;
  dueNext: Claim<Resource, Holder, Ticket> | undefined;
  duePrevious: Claim<Resource, Holder, Ticket> | undefined;
  queueNext: Claim<Resource, Holder, Ticket> | undefined;
  queuePrevious: Claim<Resource, Holder, Ticket> | undefined;
  ownerNext: Claim<Resource, Holder, Ticket> | undefined;
  ownerPrevious: Claim<Resource, Holder, Ticket> | undefined;

  constructor(
    owner: LeaseOwner<Resource, Holder, Ticket> | undefined,
    ticket: Ticket,
    leaseMs: number,
    priority: number,
    now: number,
  ) {
    this.owner = owner;
    this.ticket = ticket;
    this.leaseMs = leaseMs;
    this.priority = priority;
    this.since = now;
    this.deadline = now;
    // Named here, so that every claim has one shape from its birth on.
    this.slot = undefined;
    this.lease = undefined;
    this.dueList = undefined;
    this.dueNext = undefined;
    this.duePrevious = undefined;
    this.queueNext = undefined;
    this.queuePrevious = undefined;
    this.ownerNext = undefined;
    this.ownerPrevious = undefined;
  }
}
