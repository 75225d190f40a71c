import type { Timed } from "./deadline-heap.js";

/**
 * The right to use one resource of a pool, for a time.
 *
 * `token` is the fencing token: it rises with every grant, so whoever guards the resource can refuse a holder that was replaced. `expiresAt` is
 * in milliseconds of the system's clock (`system.clock.now()`), `Infinity` for a lease without expiry; a renewal moves it. `held` becomes false
 * when the lease is returned, expires, or its holder dies: reading it asks nobody and never waits.
 */
export interface Lease<Resource> {
  readonly resource: Resource;
  readonly token: number;
  readonly expiresAt: number;
  readonly held: boolean;
}

/** A lease as the table writes it; its holder sees a {@link Lease}. */
export interface IssuedLease<Resource> {
  readonly resource: Resource;
  readonly token: number;
  expiresAt: number;
  held: boolean;
}

/** One resource in its place in the pool. */
export interface Slot<Resource> {
  readonly resource: Resource;
}

/**
 * One request for a resource, from the queue to its end: the single record that the lease table keeps for it.
 *
 * It waits while it has no lease, holds while its lease says so, and is over after that. The links make it an entry of three lists (queue,
 * deadlines, claims of one holder) without further allocation. Only the table writes it.
 */
export class Claim<Resource, Holder, Ticket> implements Timed {
  /** Who asked; `undefined` where nobody can be watched. */
  readonly holder: Holder | undefined;
  /** What the owner of the table needs to answer a waiter; the table never looks inside. */
  readonly ticket: Ticket;
  /** How long the lease lasts once granted, in milliseconds. */
  readonly leaseMs: number;
  /** End of the wait while waiting, end of the lease while held. */
  deadline: number;
  /** When the wait began, or the lease. */
  since: number;
  waiting = false;
  lease: IssuedLease<Resource> | undefined;
  slot: Slot<Resource> | undefined;

  heapIndex = -1;
  queueNext: Claim<Resource, Holder, Ticket> | undefined;
  queuePrevious: Claim<Resource, Holder, Ticket> | undefined;
  holderNext: Claim<Resource, Holder, Ticket> | undefined;
  holderPrevious: Claim<Resource, Holder, Ticket> | undefined;

  constructor(holder: Holder | undefined, ticket: Ticket, leaseMs: number, now: number, deadline: number) {
    this.holder = holder;
    this.ticket = ticket;
    this.leaseMs = leaseMs;
    this.since = now;
    this.deadline = deadline;
  }
}
