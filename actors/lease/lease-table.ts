import { Claim, type IssuedLease, type Lease, type LeaseKey, Slot } from "./claim.js";
import { DeadlineHeap } from "./deadline-heap.js";
import type { LeaseOwner } from "./lease-owner.js";
import { WaitQueue } from "./wait-queue.js";

/** Where fencing tokens come from: each is greater than all before. */
export interface TokenSource {
  next(): number;
}

/** What a {@link LeaseTable} is made of. */
export interface LeaseTableOptions<Resource> {
  /** The pool. Each element is a resource of its own, also where two are equal. */
  readonly resources: readonly Resource[];
  /** How many may wait at once; the next one is told `busy`. */
  readonly maxWaiting: number;
  readonly tokens: TokenSource;
}

/** A request for a resource. */
export interface LeaseRequest<Resource, Holder, Ticket> {
  /** Who asks, for {@link LeaseTable.ownerDied}; `undefined` where nobody can be watched. */
  readonly owner: LeaseOwner<Resource, Holder, Ticket> | undefined;
  /** Handed back with the grant or the time-out, to answer the one who waits. */
  readonly ticket: Ticket;
  /** How long the lease lasts, in milliseconds; `Infinity` until it is returned. */
  readonly leaseMs: number;
  /** How long to wait in the queue, in milliseconds; 0 does not wait, `Infinity` waits for ever. */
  readonly waitMs: number;
}

/** A resource that passed to a waiter: whom to tell, and what. */
export interface Grant<Resource, Holder, Ticket> {
  readonly claim: Claim<Resource, Holder, Ticket>;
  readonly lease: Lease<Resource>;
}

/** The answer to a request: a lease, a place in the queue, or the advice to come back later. */
export type GetOutcome<Resource, Holder, Ticket> =
  | { readonly kind: "granted"; readonly lease: Lease<Resource> }
  | { readonly kind: "waiting"; readonly claim: Claim<Resource, Holder, Ticket> }
  | { readonly kind: "busy"; readonly retryAfterMs: number };

/** The answer to a return: `not_holder` when the lease is not in force, else the waiter that has the resource now, if any waited. */
export type ReturnOutcome<Resource, Holder, Ticket> =
  | { readonly ok: true; readonly grant: Grant<Resource, Holder, Ticket> | undefined }
  | { readonly ok: false; readonly reason: "not_holder" };

/** The answer to a renewal. */
export type RenewOutcome<Resource> =
  | { readonly ok: true; readonly lease: Lease<Resource> }
  | { readonly ok: false; readonly reason: "not_holder" };

/** What ended without a return, and who profits. */
export interface LeaseChanges<Resource, Holder, Ticket> {
  /** Claims whose lease ended. */
  readonly ended: readonly Claim<Resource, Holder, Ticket>[];
  /** Claims that left the queue with nothing. */
  readonly gaveUp: readonly Claim<Resource, Holder, Ticket>[];
  /** Waiters that have a resource now, in the order of the queue. */
  readonly grants: readonly Grant<Resource, Holder, Ticket>[];
}

/** How long one is told to wait before asking again when no lease has ended yet. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** The weight of the newest lease in the average duration: one eighth, as TCP smooths round-trip times. */
const SMOOTHING = 1 / 8;

const NOT_HOLDER = { ok: false, reason: "not_holder" } as const;

/**
 * Who holds which resource of a bounded pool, who waits, and who is next: the rules of the lease manager, as data.
 *
 * What it guarantees, whatever the order of calls: a resource has one holder at most; waiters are served in the order in which they came; a
 * waiter that gave up or died gets nothing; tokens rise with every grant; nothing is lost. No resource is free while somebody waits.
 *
 * The table has no clock and no timer: each call is given `now`, and {@link LeaseTable.nextDeadline} says when {@link LeaseTable.expire} is due.
 * A lease is in force while `now < expiresAt`: when time passed unnoticed (a paused process), its holder is refused from that moment, and the
 * resource is free for others with the next `expire`. It is not re-entrant: a holder that asks again gets another resource, or waits.
 *
 * Of the free resources the one returned last is given out first: it is the warmest, and the others may be let go when they idle.
 */
export class LeaseTable<Resource, Holder, Ticket> {
  readonly #options: LeaseTableOptions<Resource>;
  readonly #slots: readonly Slot<Resource, Holder, Ticket>[];
  readonly #free: Slot<Resource, Holder, Ticket>[];
  readonly #queue = new WaitQueue<Resource, Holder, Ticket>();
  readonly #deadlines = new DeadlineHeap<Claim<Resource, Holder, Ticket>>();
  #averageLeaseMs: number | undefined;

  constructor(options: LeaseTableOptions<Resource>) {
    this.#options = options;
    this.#slots = options.resources.map((resource, index) => new Slot(resource, index));
    // Reversed, so that the first resource of the list is given out first.
    this.#free = [...this.#slots].reverse();
  }

  get size(): number {
    return this.#slots.length;
  }

  get freeCount(): number {
    return this.#free.length;
  }

  get heldCount(): number {
    return this.#slots.length - this.#free.length;
  }

  get waitingCount(): number {
    return this.#queue.size;
  }

  /** When the next lease or wait ends, in the same time as `now`; `undefined` when none has an end. */
  get nextDeadline(): number | undefined {
    return this.#deadlines.first?.deadline;
  }

  /** The claims that hold a resource, in the order of their grants. */
  heldClaims(): Claim<Resource, Holder, Ticket>[] {
    const held = this.#slots.map(({ claim }) => claim).filter((claim) => claim !== undefined);
    return held.sort((one, other) => (one.lease?.token ?? 0) - (other.lease?.token ?? 0));
  }

  /** The claims that wait, in the order in which they will be served. */
  waitingClaims(): Iterable<Claim<Resource, Holder, Ticket>> {
    return this.#queue;
  }

  /** Tells whether a lease is in force. */
  isHeld(key: LeaseKey, now: number): boolean {
    return this.#inForce(key, now) !== undefined;
  }

  /** Asks for a resource: it is granted at once, or the request waits, or there are too many waiting already. */
  get(request: LeaseRequest<Resource, Holder, Ticket>, now: number): GetOutcome<Resource, Holder, Ticket> {
    const { owner, ticket, leaseMs, waitMs } = request;
    const slot = this.#free.pop();
    if (slot !== undefined) {
      const claim = new Claim<Resource, Holder, Ticket>(owner, ticket, leaseMs, now, now);
      owner?.add(claim);
      return { kind: "granted", lease: this.#issue(claim, slot, now) };
    }
    if (waitMs <= 0 || this.#queue.size >= this.#options.maxWaiting) {
      return { kind: "busy", retryAfterMs: this.#retryAfterMs() };
    }
    const claim = new Claim<Resource, Holder, Ticket>(owner, ticket, leaseMs, now, now + waitMs);
    owner?.add(claim);
    this.#deadlines.add(claim);
    this.#queue.add(claim);
    return { kind: "waiting", claim };
  }

  /** Gives a resource back; it passes to the first waiter, if there is one. By its token alone a lease is searched for in the whole pool. */
  return(key: LeaseKey, now: number): ReturnOutcome<Resource, Holder, Ticket> {
    const slot = this.#inForce(key, now);
    if (slot?.claim === undefined) return NOT_HOLDER;
    this.#end(slot.claim, slot, now);
    return { ok: true, grant: this.#grantNext(now) };
  }

  /** Prolongs a lease: it lasts `leaseMs` from now, as long as at first when that is not given. The token stays. */
  renew(key: LeaseKey, now: number, leaseMs?: number): RenewOutcome<Resource> {
    const claim = this.#inForce(key, now)?.claim;
    if (claim?.lease === undefined) return NOT_HOLDER;
    this.#deadlines.remove(claim);
    claim.deadline = now + (leaseMs ?? claim.leaseMs);
    claim.lease.expiresAt = claim.deadline;
    this.#deadlines.add(claim);
    return { ok: true, lease: claim.lease };
  }

  /** Takes a waiter out of the queue; false when it no longer waits. */
  cancelWait(claim: Claim<Resource, Holder, Ticket>): boolean {
    if (!claim.waiting) return false;
    this.#leaveQueue(claim);
    return true;
  }

  /** Ends every lease and every wait that is due at `now`, and passes the resources on. */
  expire(now: number): LeaseChanges<Resource, Holder, Ticket> {
    const ended: Claim<Resource, Holder, Ticket>[] = [];
    const gaveUp: Claim<Resource, Holder, Ticket>[] = [];
    for (let due = this.#deadlines.first; due !== undefined && due.deadline <= now; due = this.#deadlines.first) {
      this.#drop(due, now, ended, gaveUp);
    }
    return { ended, gaveUp, grants: this.#grantAll(now) };
  }

  /** Ends every lease and every wait of an owner, and passes the resources on. */
  ownerDied(owner: LeaseOwner<Resource, Holder, Ticket>, now: number): LeaseChanges<Resource, Holder, Ticket> {
    const ended: Claim<Resource, Holder, Ticket>[] = [];
    const gaveUp: Claim<Resource, Holder, Ticket>[] = [];
    for (const claim of owner.claims()) this.#drop(claim, now, ended, gaveUp);
    return { ended, gaveUp, grants: this.#grantAll(now) };
  }

  /** Marks every lease as no longer held, when the table itself goes: whoever has one can see it. */
  revokeAll(): void {
    for (const { claim } of this.#slots) if (claim?.lease !== undefined) claim.lease.held = false;
  }

  /** The claim that has waited longest. */
  get firstWaiting(): Claim<Resource, Holder, Ticket> | undefined {
    return this.#queue.first;
  }

  #drop(
    claim: Claim<Resource, Holder, Ticket>,
    now: number,
    ended: Claim<Resource, Holder, Ticket>[],
    gaveUp: Claim<Resource, Holder, Ticket>[],
  ): void {
    if (claim.waiting) {
      this.#leaveQueue(claim);
      gaveUp.push(claim);
      return;
    }
    const slot = claim.lease === undefined ? undefined : this.#slots[claim.lease.index];
    if (slot === undefined) return;
    this.#end(claim, slot, now);
    ended.push(claim);
  }

  /** The slot of a lease in force. What is no key at all, as JavaScript may send it, is no lease either. */
  #inForce(key: LeaseKey, now: number): Slot<Resource, Holder, Ticket> | undefined {
    const slot = typeof key === "number" ? this.#slotOf(key) : this.#slots[key?.index];
    const token = typeof key === "number" ? key : key?.token;
    const claim = slot?.claim;
    return claim?.lease?.token === token && claim !== undefined && now < claim.deadline ? slot : undefined;
  }

  #slotOf(token: number): Slot<Resource, Holder, Ticket> | undefined {
    return this.#slots.find(({ claim }) => claim?.lease?.token === token);
  }

  #leaveQueue(claim: Claim<Resource, Holder, Ticket>): void {
    this.#queue.remove(claim);
    this.#deadlines.remove(claim);
    claim.owner?.remove(claim);
  }

  #end(claim: Claim<Resource, Holder, Ticket>, slot: Slot<Resource, Holder, Ticket>, now: number): void {
    if (claim.lease !== undefined) claim.lease.held = false;
    this.#deadlines.remove(claim);
    claim.owner?.remove(claim);
    slot.claim = undefined;
    this.#free.push(slot);
    const lastedMs = now - claim.since;
    const average = this.#averageLeaseMs ?? lastedMs;
    this.#averageLeaseMs = average + (lastedMs - average) * SMOOTHING;
  }

  #grantAll(now: number): Grant<Resource, Holder, Ticket>[] {
    const grants: Grant<Resource, Holder, Ticket>[] = [];
    for (let grant = this.#grantNext(now); grant !== undefined; grant = this.#grantNext(now)) grants.push(grant);
    return grants;
  }

  #grantNext(now: number): Grant<Resource, Holder, Ticket> | undefined {
    const slot = this.#free.at(-1);
    if (slot === undefined) return undefined;
    let claim = this.#queue.first;
    // A wait whose end passed unnoticed must not be served; the next expire takes it out.
    while (claim !== undefined && claim.deadline <= now) claim = claim.queueNext;
    if (claim === undefined) return undefined;
    this.#free.pop();
    this.#queue.remove(claim);
    this.#deadlines.remove(claim);
    return { claim, lease: this.#issue(claim, slot, now) };
  }

  #issue(
    claim: Claim<Resource, Holder, Ticket>,
    slot: Slot<Resource, Holder, Ticket>,
    now: number,
  ): IssuedLease<Resource> {
    const { resource, index } = slot;
    const expiresAt = now + claim.leaseMs;
    const lease = { resource, token: this.#options.tokens.next(), index, expiresAt, held: true };
    slot.claim = claim;
    claim.lease = lease;
    claim.since = now;
    claim.deadline = expiresAt;
    this.#deadlines.add(claim);
    return lease;
  }

  // The time in which the pool will have served those who wait, if leases last as long as they did lately.
  #retryAfterMs(): number {
    if (this.#averageLeaseMs === undefined) return FIRST_RETRY_MS;
    const estimateMs = (this.#averageLeaseMs * (this.#queue.size + 1)) / Math.max(1, this.size);
    return Math.min(LONGEST_RETRY_MS, Math.max(1, Math.ceil(estimateMs)));
  }
}
