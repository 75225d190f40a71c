import {
  Actor,
  type AnyRef,
  BadArgumentError,
  type Deferred,
  type Down,
  type MonitorRef,
  messages,
  release,
} from "../../src/index.js";
import type { Claim, LeaseKey } from "./claim.js";
import { fencingTokens } from "./fencing-tokens.js";
import {
  type CheckedLeaseManagerOptions,
  checkLeaseManagerOptions,
  type GetLeaseOptions,
  type LeaseManagerOptions,
  wrongGetOptions,
  wrongLeaseMs,
} from "./lease-options.js";
import type {
  GetLeaseResult,
  LeaseManagerStatus,
  LeaseTotals,
  RenewLeaseResult,
  ReturnLeaseResult,
} from "./lease-results.js";
import { LeaseOwner } from "./lease-owner.js";
import { type Grant, type LeaseChanges, LeaseTable } from "./lease-table.js";

type Ticket<Resource> = Deferred<GetLeaseResult<Resource>>;

/** A holder that is watched. */
interface Watched {
  readonly ref: AnyRef;
  readonly monitor: MonitorRef;
}

/** Sent to itself when a lease or a wait is due. */
const DUE = Symbol("due");
const MOST_LISTED = 100;
/** Most holders that stay watched although they have nothing: most will ask again, and then need no new monitor. */
const MOST_IDLE = 1_000;
const RETURNED: ReturnLeaseResult = { ok: true };

/**
 * Lends the resources of a bounded pool, each to one holder at a time.
 *
 * ```ts
 * child(LeaseManager<Connection>, { id: "pool", name: "pool", args: { resources: connections } });
 *
 * await withLease(pool, { timeoutMs: 500 }, (lease) => lease.resource.query("select 1"));
 * ```
 *
 * Who asks while nothing is free waits in a queue, first come first served, up to `timeoutMs`; with `maxWaiting` in the queue the answer is
 * `busy` and when to come back. A lease ends when it is returned, when its time is over and it was not renewed, or when its holder dies. The
 * holder is the actor that calls; one that calls after the first `await` of its handler is not known and must give itself as `holder`. A
 * caller outside any actor cannot be watched: its lease ends with its time at the latest.
 *
 * No resource has two leases in force. But JavaScript cannot be interrupted: code whose lease ended may still run. `lease.held` tells it, and
 * `lease.token`, which rises with every grant, lets whoever guards the resource refuse it. Leases are not re-entrant: each is returned by itself.
 *
 * What survives a crash of the manager: the fencing tokens go on rising, nothing else. All leases are marked as no longer held, those who wait
 * hear of the crash, and the new manager lends the resources anew.
 */
export class LeaseManager<Resource> extends Actor<LeaseManagerOptions<Resource>> {
  static readonly [messages] = ["get", "return", "renew", "check"] as const;

  #options: CheckedLeaseManagerOptions<Resource> = { resources: [], leaseMs: 0, timeoutMs: 0, maxWaiting: 0 };
  #table: LeaseTable<Resource, Watched, Ticket<Resource>> = this.#newTable();
  readonly #owners = new Map<AnyRef, LeaseOwner<Resource, Watched, Ticket<Resource>>>();
  #timerDueAt = Number.POSITIVE_INFINITY;
  readonly #totals: LeaseTotals = { granted: 0, returned: 0, expired: 0, holderDied: 0, timedOut: 0, busy: 0 };

  override init(options: LeaseManagerOptions<Resource>): void {
    this.#options = checkLeaseManagerOptions(options);
    this.#table = this.#newTable();
  }

  /** Asks for a resource. The answer comes when one is free, or with the reason why there is none. */
  get(options: GetLeaseOptions = {}): Ticket<Resource> {
    const ticket = this.defer<GetLeaseResult<Resource>>();
    const now = this.#expireDue();
    // A request whose caller gave up while it waited in the mailbox must not take a resource that nobody would return.
    if (!ticket.waiting) return ticket;
    const {
      leaseMs = this.#options.leaseMs,
      timeoutMs: waitMs = this.#options.timeoutMs,
      holder = ticket.caller,
    } = options;
    const refusal = this.#refusal(options, holder, leaseMs);
    if (refusal !== undefined) return answered(ticket, refusal);
    this.#dropGivenUp();
    const owner = holder === undefined ? undefined : this.#ownerOf(holder);
    const outcome = this.#table.get({ owner, ticket, leaseMs, waitMs }, now);
    if (outcome.kind === "busy") {
      this.#totals.busy++;
      return answered(ticket, { ok: false, reason: "busy", retryAfterMs: outcome.retryAfterMs });
    }
    this.#arm(now);
    if (outcome.kind === "waiting") return ticket;
    this.#totals.granted++;
    return answered(ticket, { ok: true, lease: outcome.lease });
  }

  /** Gives a resource back, by its lease or its token; the first in the queue has it next. */
  return(lease: LeaseKey): ReturnLeaseResult {
    const now = this.#expireDue();
    const outcome = this.#table.return(lease, now);
    if (!outcome.ok) return outcome;
    this.#totals.returned++;
    if (outcome.grant !== undefined) this.#deliver(outcome.grant, now);
    return RETURNED;
  }

  /** Makes a lease last `leaseMs` milliseconds from now, or as long as at first. Its token stays. */
  renew(lease: LeaseKey, leaseMs?: number): RenewLeaseResult<Resource> {
    const wrong = wrongLeaseMs(leaseMs);
    if (wrong !== undefined) return { ok: false, reason: "bad_options", expected: wrong };
    const now = this.#expireDue();
    const outcome = this.#table.renew(lease, now, leaseMs);
    this.#arm(now);
    return outcome;
  }

  /** Tells whether a lease is in force, by its lease or its token. In the same process `lease.held` tells it at once. */
  check(lease: LeaseKey): boolean {
    return this.#table.isHeld(lease, this.system.clock.now());
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (message !== DUE) return super.handleInfo(message);
    this.#timerDueAt = Number.POSITIVE_INFINITY;
    this.#arm(this.#expireDue());
  }

  override handleDown({ ref, monitor }: Down): void | Promise<void> {
    const owner = ref === undefined ? undefined : this.#owners.get(ref);
    if (ref === undefined || owner?.holder.monitor !== monitor) return;
    this.#owners.delete(ref);
    const now = this.#expireDue();
    const changes = this.#table.ownerDied(owner, now);
    this.#totals.holderDied += changes.ended.length;
    // Where the holder is not the caller, somebody may still wait for it.
    for (const { ticket } of changes.gaveUp) ticket.reply({ ok: false, reason: "holder_dead" });
    this.#deliverAll(changes, now);
  }

  override [release](): void {
    this.#table.revokeAll();
  }

  override formatStatus(): LeaseManagerStatus {
    const table = this.#table;
    const now = this.system.clock.now();
    const first = table.firstWaiting;
    return {
      kind: "lease-manager",
      size: table.size,
      free: table.freeCount,
      held: table.heldCount,
      waiting: table.waitingCount,
      maxWaiting: this.#options.maxWaiting,
      longestWaitMs: first === undefined ? undefined : Math.round(now - first.since),
      totals: { ...this.#totals },
      leases: firstOf(table.heldClaims(), ({ lease, owner, since, deadline }) => ({
        token: lease?.token ?? 0,
        holder: owner?.holder.ref.toString(),
        ageMs: Math.round(now - since),
        expiresInMs: deadline === Number.POSITIVE_INFINITY ? undefined : Math.round(deadline - now),
      })),
      queue: firstOf(table.waitingClaims(), ({ owner, since }) => ({
        holder: owner?.holder.ref.toString(),
        waitedMs: Math.round(now - since),
      })),
    };
  }

  #newTable(): LeaseTable<Resource, Watched, Ticket<Resource>> {
    const { resources, maxWaiting } = this.#options;
    return new LeaseTable({ resources, maxWaiting, tokens: fencingTokens(this.system) });
  }

  #refusal(
    options: GetLeaseOptions,
    holder: AnyRef | undefined,
    leaseMs: number,
  ): GetLeaseResult<Resource> | undefined {
    const wrong = wrongGetOptions(options);
    if (wrong !== undefined) return { ok: false, reason: "bad_options", expected: wrong };
    if (holder === undefined) {
      return leaseMs === Number.POSITIVE_INFINITY ? { ok: false, reason: "holder_required" } : undefined;
    }
    try {
      return this.system.isAlive(holder) ? undefined : { ok: false, reason: "holder_dead" };
    } catch (error) {
      if (error instanceof BadArgumentError) return { ok: false, reason: "bad_options", expected: error.message };
      throw error;
    }
  }

  /** Ends what is due by now, and returns the time. Time may pass the timer: a late turn must not find an old lease in force. */
  #expireDue(): number {
    const now = this.system.clock.now();
    const { nextDeadline } = this.#table;
    if (nextDeadline === undefined || nextDeadline > now) return now;
    const changes = this.#table.expire(now);
    this.#totals.expired += changes.ended.length;
    this.#totals.timedOut += changes.gaveUp.length;
    for (const { ticket } of changes.gaveUp) ticket.reply({ ok: false, reason: "timeout" });
    this.#deliverAll(changes, now);
    return now;
  }

  #deliverAll({ grants }: LeaseChanges<Resource, Watched, Ticket<Resource>>, now: number): void {
    for (const grant of grants) this.#deliver(grant, now);
  }

  /** Tells a waiter of its lease. One that gave up, or died, gets none: the next in the queue does. */
  #deliver(first: Grant<Resource, Watched, Ticket<Resource>>, now: number): void {
    for (let grant: typeof first | undefined = first; grant !== undefined; ) {
      const { claim, lease } = grant;
      if (claim.ticket.waiting && (claim.owner === undefined || this.system.isAlive(claim.owner.holder.ref))) {
        this.#totals.granted++;
        claim.ticket.reply({ ok: true, lease });
        break;
      }
      const outcome = this.#table.return(lease, now);
      grant = outcome.ok ? outcome.grant : undefined;
    }
    this.#arm(now);
  }

  /** Takes those at the head of the queue out whose callers gave up, so that they do not make it look full. */
  #dropGivenUp(): void {
    for (
      let first = this.#table.firstWaiting;
      first !== undefined && !first.ticket.waiting;
      first = this.#table.firstWaiting
    ) {
      this.#table.cancelWait(first);
    }
  }

  #ownerOf(ref: AnyRef): LeaseOwner<Resource, Watched, Ticket<Resource>> {
    const known = this.#owners.get(ref);
    if (known !== undefined) return known;
    const { size, waitingCount } = this.#table;
    if (this.#owners.size >= size + waitingCount + MOST_IDLE) this.#forgetOne();
    const owner = new LeaseOwner<Resource, Watched, Ticket<Resource>>({ ref, monitor: this.monitor(ref) });
    this.#owners.set(ref, owner);
    return owner;
  }

  /** Stops watching the holder that has been known longest, of those that have nothing. */
  #forgetOne(): void {
    for (const [ref, owner] of this.#owners) {
      this.#owners.delete(ref);
      if (owner.idle) {
        this.demonitor(owner.holder.monitor, { flush: true });
        return;
      }
      // Put at the end: there are more owners than can have something, so an idle one comes before this one is met again.
      this.#owners.set(ref, owner);
    }
  }

  /** Sees to it that a timer fires when the next lease or wait is due. One that fires too early costs less than one moved at each return. */
  #arm(now: number): void {
    const { nextDeadline } = this.#table;
    if (nextDeadline === undefined || nextDeadline >= this.#timerDueAt) return;
    this.#timerDueAt = nextDeadline;
    this.sendAfter(nextDeadline - now, DUE);
  }
}

function answered<Answer>(ticket: Deferred<Answer>, answer: Answer): Deferred<Answer> {
  ticket.reply(answer);
  return ticket;
}

function firstOf<Resource, Shown>(
  claims: Iterable<Claim<Resource, Watched, Ticket<Resource>>>,
  show: (claim: Claim<Resource, Watched, Ticket<Resource>>) => Shown,
): Shown[] {
  const shown: Shown[] = [];
  for (const claim of claims) {
    if (shown.length === MOST_LISTED) break;
    shown.push(show(claim));
  }
  return shown;
}
