import type { Clock } from "../../src/index.js";
import type { Claim } from "./claim.js";
import { Deadlines } from "./deadlines.js";
import { IssuedLease, type Lease, type LeaseKey } from "./lease.js";
import type { LeaseLoss } from "./lease-lost.js";
import type { LeaseOwner } from "./lease-owner.js";
import { Slot } from "./slot.js";
import { WaitQueue } from "./wait-queue.js";

/** Where fencing tokens come from: each is greater than all before. */
export interface TokenSource {
  next(): number;
}

/** What a {@link LeaseTable} is made of. */
export interface LeaseTableOptions {
  /** How many may wait at once; the next one is told `busy`. */
  readonly maxWaiting: number;
  readonly tokens: TokenSource;
  /** Read by a lease that is asked whether it is held, and by nothing else: the rules are given the time. */
  readonly clock: Pick<Clock, "now">;
  /** A resource that has not been known to be good for so long is not lent before it was checked; `Infinity` checks none. */
  readonly checkAfterMs: number;
}

/** The answer to a request: its claim has a lease, or waits for one, or should come back later. */
export type GetOutcome = "granted" | "waiting" | "busy";

/** What ended without a return. */
export interface LeaseChanges<Resource, Holder, Ticket> {
  /** Claims whose lease ended; of the slot of each it is to be decided whether it is free or removed. */
  readonly ended: readonly Claim<Resource, Holder, Ticket>[];
  /** Claims that left the queue with nothing. */
  readonly gaveUp: readonly Claim<Resource, Holder, Ticket>[];
}

/** How long one is told to wait before asking again when no lease has ended yet. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** The weight of the newest lease in the average duration: one eighth, as TCP smooths round-trip times. */
const SMOOTHING = 1 / 8;

/**
 * Who holds which resource of a pool, who waits, and who is next: the rules of the lease manager, as data.
 *
 * What it guarantees, whatever the order of calls: a resource has one holder at most; waiters are served by priority, and in the order in which they
 * came within one; a waiter that gave up or died gets nothing; tokens rise with every grant; nothing is lost.
 *
 * Resources come with {@link LeaseTable.add} and go with {@link LeaseTable.remove}. When a lease ends, its slot is nobody's until it is decided what
 * becomes of the resource: {@link LeaseTable.free} lends it to the first who waits, or keeps it; {@link LeaseTable.remove} takes it out.
 * So no resource that may be lent is free while somebody waits; those that must be checked first are, until {@link LeaseTable.takeStale}.
 *
 * The table has no clock of its own and no timer: each call is given `now`, and {@link LeaseTable.nextDeadline} says when {@link LeaseTable.expire} is
 * due. A lease is in force while `now < expiresAt`: when time passed unnoticed (a paused process), its holder is refused from that moment, and
 * the resource is free for others with the next `expire`. It is not re-entrant: a holder that asks again gets another resource, or waits.
 *
 * Of the free resources the one returned last is given out first: it is the warmest, and the others may be let go when they idle.
 */
export class LeaseTable<Resource, Holder, Ticket> {
  readonly #options: LeaseTableOptions;
  readonly #slots: (Slot<Resource, Holder, Ticket> | undefined)[] = [];
  readonly #vacant: number[] = [];
  /** By the time since when they are idle, the latest last. */
  readonly #free: Slot<Resource, Holder, Ticket>[] = [];
  readonly #queue = new WaitQueue<Resource, Holder, Ticket>();
  readonly #deadlines = new Deadlines<Claim<Resource, Holder, Ticket>>();
  #size = 0;
  #checking = 0;
  #averageLeaseMs: number | undefined;

  constructor(options: LeaseTableOptions) {
    this.#options = options;
  }

  /** How many resources there are, lent or not. */
  get size(): number {
    return this.#size;
  }

  get freeCount(): number {
    return this.#free.length;
  }

  get heldCount(): number {
    return this.#size - this.#free.length - this.#checking;
  }

  get checkingCount(): number {
    return this.#checking;
  }

  get waitingCount(): number {
    return this.#queue.size;
  }

  /** When the next lease or wait ends, in the same time as `now`; `Infinity` when none has an end. */
  get nextDeadline(): number {
    return this.#deadlines.nextDeadline;
  }

  /** Whether a lease or a wait ends at `now`, or should have. */
  isDue(now: number): boolean {
    return this.#deadlines.isDue(now);
  }

  /** The claim that will be served first. */
  get firstWaiting(): Claim<Resource, Holder, Ticket> | undefined {
    return this.#queue.first;
  }

  /** The claims that hold a resource, in the order of their grants. */
  heldClaims(): Claim<Resource, Holder, Ticket>[] {
    const held = this.#slots.map((slot) => slot?.claim).filter((claim) => claim !== undefined);
    return held.sort((one, other) => (one.lease?.token ?? 0) - (other.lease?.token ?? 0));
  }

  /** The claims that wait, in the order in which they will be served. */
  waitingClaims(): Iterable<Claim<Resource, Holder, Ticket>> {
    return this.#queue;
  }

  /** The resources that nobody has, the longest idle first. */
  freeSlots(): readonly Slot<Resource, Holder, Ticket>[] {
    return this.#free;
  }

  /** All resources, lent or not. */
  slots(): Slot<Resource, Holder, Ticket>[] {
    return this.#slots.filter((slot) => slot !== undefined);
  }

  /** Takes a resource in, which is nobody's until {@link LeaseTable.free}. From `retireAt` on its user should remove it instead. */
  add(resource: Resource, now: number, retireAt = Number.POSITIVE_INFINITY): Slot<Resource, Holder, Ticket> {
    const slot = new Slot<Resource, Holder, Ticket>(
      resource,
      this.#vacant.pop() ?? this.#slots.length,
      this.#options.clock,
      now,
      retireAt,
    );
    this.#slots[slot.index] = slot;
    this.#size++;
    return slot;
  }

  /** Takes a resource out, which nobody holds. False when it was out already. */
  remove(slot: Slot<Resource, Holder, Ticket>): boolean {
    if (slot.state === "gone" || slot.claim !== undefined) return false;
    if (slot.state === "free") this.#free.splice(this.#free.indexOf(slot), 1);
    if (slot.state === "checking") this.#checking--;
    slot.state = "gone";
    this.#slots[slot.index] = undefined;
    this.#vacant.push(slot.index);
    this.#size--;
    return true;
  }

  /** The slot of a lease that is in force. What is no key at all, as JavaScript may send it, is no lease either. */
  heldSlot(key: LeaseKey, now: number): Slot<Resource, Holder, Ticket> | undefined {
    const slot = typeof key === "number" ? this.#slotOf(key) : this.#slots[key?.index];
    const token = typeof key === "number" ? key : key?.token;
    const claim = slot?.claim;
    return claim?.lease?.token === token && claim !== undefined && now < claim.deadline ? slot : undefined;
  }

  /**
   * Asks for a resource: the claim, a new one, has it at once, or waits for at most `waitMs`, or has to come back later, because too many wait already
   * or it does not want to wait (0). `Infinity` waits for ever.
   */
  get(claim: Claim<Resource, Holder, Ticket>, waitMs: number, now: number): GetOutcome {
    const slot = this.#takeGood(now);
    if (slot !== undefined) {
      claim.owner?.add(claim);
      this.#issue(claim, slot, now);
      return "granted";
    }
    if (waitMs <= 0 || this.#queue.size >= this.#options.maxWaiting) return "busy";
    claim.owner?.add(claim);
    this.#deadlines.add(claim, now, waitMs);
    this.#queue.add(claim);
    return "waiting";
  }

  /** When it may be worth asking again, in milliseconds: when those who wait are served, if leases last as long as they did lately. */
  get retryAfterMs(): number {
    if (this.#averageLeaseMs === undefined) return FIRST_RETRY_MS;
    const estimateMs = (this.#averageLeaseMs * (this.#queue.size + 1)) / Math.max(1, this.size);
    return Math.min(LONGEST_RETRY_MS, Math.max(1, Math.ceil(estimateMs)));
  }

  /** Ends a lease in force whose holder is done with it, and hands out its slot; `undefined` when it is not in force. */
  end(key: LeaseKey, now: number): Slot<Resource, Holder, Ticket> | undefined {
    const slot = this.heldSlot(key, now);
    if (slot?.claim !== undefined) this.#end(slot.claim, slot, now, "returned");
    return slot;
  }

  /** Ends the lease on a slot, in force or not, against the will of its holder; the claim that had it, if one did. */
  revoke(
    slot: Slot<Resource, Holder, Ticket>,
    now: number,
    why: LeaseLoss,
  ): Claim<Resource, Holder, Ticket> | undefined {
    const { claim } = slot;
    if (claim !== undefined) this.#end(claim, slot, now, why);
    return claim;
  }

  /**
   * Lends a resource that nobody has to the first who waits, or keeps it; the claim that has it now.
   *
   * One that is new, or came out of a check, is as good as can be: it is lent without another.
   */
  free(slot: Slot<Resource, Holder, Ticket>, now: number): Claim<Resource, Holder, Ticket> | undefined {
    const good = slot.state === "new" || slot.state === "checking" || !this.#isStale(slot, now);
    if (slot.state === "checking") {
      this.#checking--;
      slot.goodAt = now;
    }
    const claim = good ? this.#nextWaiting(now) : undefined;
    if (claim === undefined) {
      this.#keep(slot);
      return undefined;
    }
    this.#queue.remove(claim);
    this.#deadlines.remove(claim);
    claim.waitedMs = now - claim.since;
    this.#issue(claim, slot, now);
    return claim;
  }

  /** Takes free resources out that must be checked before they are lent: one for each who waits, besides those being checked, and `more`. */
  takeStale(now: number, more = 0): Slot<Resource, Holder, Ticket>[] {
    const taken: Slot<Resource, Holder, Ticket>[] = [];
    const wanted = this.#queue.size + more;
    for (let slot = this.#free.at(-1); slot !== undefined && this.#checking < wanted; slot = this.#free.at(-1)) {
      if (!this.#isStale(slot, now)) break;
      this.takeForCheck(slot);
      taken.push(slot);
    }
    return taken;
  }

  /** Takes a free resource out, to be checked. */
  takeForCheck(slot: Slot<Resource, Holder, Ticket>): void {
    if (slot.state !== "free") return;
    const last = this.#free.length - 1;
    if (this.#free[last] === slot) this.#free.pop();
    else this.#free.splice(this.#free.indexOf(slot), 1);
    slot.state = "checking";
    this.#checking++;
  }

  /** Prolongs a lease: it lasts `leaseMs` from now, as long as at first when that is not given. The token stays. `undefined` when it is not in force. */
  renew(key: LeaseKey, now: number, leaseMs?: number): Lease<Resource> | undefined {
    const claim = this.heldSlot(key, now)?.claim;
    if (claim?.lease === undefined) return undefined;
    this.#deadlines.remove(claim);
    this.#deadlines.add(claim, now, leaseMs ?? claim.leaseMs);
    claim.lease.expiresAt = claim.deadline;
    return claim.lease;
  }

  /** Takes a waiter out of the queue; false when it no longer waits. */
  cancelWait(claim: Claim<Resource, Holder, Ticket>): boolean {
    if (!claim.waiting) return false;
    this.#leaveQueue(claim);
    return true;
  }

  /** Ends every lease and every wait that is due at `now`. */
  expire(now: number): LeaseChanges<Resource, Holder, Ticket> {
    const ended: Claim<Resource, Holder, Ticket>[] = [];
    const gaveUp: Claim<Resource, Holder, Ticket>[] = [];
    for (let due = this.#deadlines.first; due !== undefined && due.deadline <= now; due = this.#deadlines.first) {
      this.#drop(due, now, "expired", ended, gaveUp);
    }
    return { ended, gaveUp };
  }

  /** Ends every lease and every wait of an owner. */
  ownerDied(owner: LeaseOwner<Resource, Holder, Ticket>, now: number): LeaseChanges<Resource, Holder, Ticket> {
    const ended: Claim<Resource, Holder, Ticket>[] = [];
    const gaveUp: Claim<Resource, Holder, Ticket>[] = [];
    for (const claim of owner.claims()) this.#drop(claim, now, "holder_died", ended, gaveUp);
    return { ended, gaveUp };
  }

  /** Marks every lease as no longer held, when the table itself goes: whoever has one can see it. */
  revokeAll(): void {
    for (const slot of this.#slots) {
      const lease = slot?.lease;
      if (slot === undefined || lease === undefined) continue;
      slot.lease = undefined;
      lease.lose("manager_ended");
    }
  }

  #drop(
    claim: Claim<Resource, Holder, Ticket>,
    now: number,
    why: LeaseLoss,
    ended: Claim<Resource, Holder, Ticket>[],
    gaveUp: Claim<Resource, Holder, Ticket>[],
  ): void {
    if (claim.waiting) {
      this.#leaveQueue(claim);
      gaveUp.push(claim);
    } else if (claim.slot !== undefined) {
      this.#end(claim, claim.slot, now, why);
      ended.push(claim);
    }
  }

  #slotOf(token: number): Slot<Resource, Holder, Ticket> | undefined {
    return this.#slots.find((slot) => slot?.claim?.lease?.token === token);
  }

  #isStale(slot: Slot<Resource, Holder, Ticket>, now: number): boolean {
    return now - slot.goodAt >= this.#options.checkAfterMs;
  }

  #leaveQueue(claim: Claim<Resource, Holder, Ticket>): void {
    this.#queue.remove(claim);
    this.#deadlines.remove(claim);
    claim.owner?.remove(claim);
  }

  #end(
    claim: Claim<Resource, Holder, Ticket>,
    slot: Slot<Resource, Holder, Ticket>,
    now: number,
    why: LeaseLoss | "returned",
  ): void {
    slot.claim = undefined;
    slot.lease = undefined;
    if (why !== "returned") claim.lease?.lose(why);
    this.#deadlines.remove(claim);
    claim.owner?.remove(claim);
    slot.idleSince = now;
    // Whoever lost it may have left it in any state.
    if (why === "returned") slot.goodAt = now;
    const lastedMs = now - claim.since;
    // No time at all means that nobody looked at the clock.
    if (lastedMs === 0) return;
    const average = this.#averageLeaseMs ?? lastedMs;
    this.#averageLeaseMs = average + (lastedMs - average) * SMOOTHING;
  }

  /** Takes out the warmest of the free resources that may be lent as they are: nearly always the last. */
  #takeGood(now: number): Slot<Resource, Holder, Ticket> | undefined {
    const free = this.#free;
    for (let at = free.length - 1; at >= 0; at--) {
      const slot = free[at];
      if (slot === undefined || this.#isStale(slot, now)) continue;
      if (at === free.length - 1) free.pop();
      else free.splice(at, 1);
      return slot;
    }
    return undefined;
  }

  #keep(slot: Slot<Resource, Holder, Ticket>): void {
    slot.state = "free";
    const free = this.#free;
    let at = free.length;
    // What was checked while idle goes back to its place: else each check would make a resource that is not needed look wanted.
    for (let below = free[at - 1]; below !== undefined && below.idleSince > slot.idleSince; below = free[at - 1]) at--;
    if (at === free.length) free.push(slot);
    else free.splice(at, 0, slot);
  }

  #nextWaiting(now: number): Claim<Resource, Holder, Ticket> | undefined {
    let claim = this.#queue.first;
    // A wait whose end passed unnoticed must not be served; the next expire takes it out.
    while (claim !== undefined && claim.deadline <= now) claim = this.#queue.after(claim);
    return claim;
  }

  #issue(claim: Claim<Resource, Holder, Ticket>, slot: Slot<Resource, Holder, Ticket>, now: number): void {
    this.#deadlines.add(claim, now, claim.leaseMs);
    const lease = new IssuedLease(slot, this.#options.tokens.next(), claim.deadline);
    slot.state = "held";
    slot.claim = claim;
    slot.lease = lease;
    claim.slot = slot;
    claim.lease = lease;
    claim.since = now;
  }
}
