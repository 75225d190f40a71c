import type { Timed } from "./deadline-heap.js";
import type { LeaseOwner } from "./lease-owner.js";

/**
 * The right to use one resource of a pool, for a time.
 *
 * `token` is the fencing token: it rises with every grant, so whoever guards the resource can refuse a holder that was replaced. `expiresAt` is
 * in milliseconds of the system's clock (`system.clock.now()`), `Infinity` for a lease without expiry; a renewal moves it. `held` becomes false
 * when the lease is returned, expires, or its holder dies: reading it asks nobody and never waits. `index` is the resource's place in the pool.
 */
export interface Lease<Resource> {
  readonly resource: Resource;
  readonly token: number;
  readonly index: number;
  readonly expiresAt: number;
  readonly held: boolean;
}

/** What identifies a lease: itself, what was left of it after a way through JSON, or its token alone. */
export type LeaseKey = Pick<Lease<unknown>, "token" | "index"> | number;

/** A lease as the table writes it; its holder sees a {@link Lease}. */
export interface IssuedLease<Resource> extends Lease<Resource> {
  expiresAt: number;
  held: boolean;
}

/** One resource in its place in the pool, and the claim that holds it. */
export class Slot<Resource, Holder, Ticket> {
  readonly resource: Resource;
  readonly index: number;
  claim: Claim<Resource, Holder, Ticket> | undefined;

  constructor(resource: Resource, index: number) {
    this.resource = resource;
    this.index = index;
  }
}

/**
 * One request for a resource, from the queue to its end: the single record that the lease table keeps for it.
 *
 * It waits while it is in the queue, holds while it is in a slot, and is over after that. Its links make it an entry of the queue, of the
 * deadlines and of the claims of its owner without further allocation. Only the table writes it.
 */
export class Claim<Resource, Holder, Ticket> implements Timed {
  /** Who asked; `undefined` where nobody can be watched. */
  readonly owner: LeaseOwner<Resource, Holder, Ticket> | undefined;
  /** What the user of the table needs to answer a waiter; the table never looks inside. */
  readonly ticket: Ticket;
  /** How long the lease lasts once granted, in milliseconds. */
  readonly leaseMs: number;
  /** End of the wait while waiting, end of the lease while held. */
  deadline: number;
  /** When the wait began, or the lease. */
  since: number;
  waiting = false;
  lease: IssuedLease<Resource> | undefined;

  heapIndex = -1;
  queueNext: Claim<Resource, Holder, Ticket> | undefined;
  queuePrevious: Claim<Resource, Holder, Ticket> | undefined;
  ownerNext: Claim<Resource, Holder, Ticket> | undefined;
  ownerPrevious: Claim<Resource, Holder, Ticket> | undefined;

  constructor(
    owner: LeaseOwner<Resource, Holder, Ticket> | undefined,
    ticket: Ticket,
    leaseMs: number,
    now: number,
    deadline: number,
  ) {
    this.owner = owner;
    this.ticket = ticket;
    this.leaseMs = leaseMs;
    this.since = now;
    this.deadline = deadline;
  }
}
