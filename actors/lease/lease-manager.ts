import {
  Actor,
  type AnyRef,
  type Deferred,
  type Down,
  type Exit,
  type ExitReason,
  messages,
  release,
} from "../../src/index.js";
import { Task } from "../task/task.js";
import { Claim } from "./claim.js";
import { Drain } from "./drain.js";
import { fencingTokens, firstToken } from "./fencing-tokens.js";
import { Holders, type Watched } from "./holders.js";
import type { LeaseKey } from "./lease.js";
import { closeDesk, openDesk } from "./lease-desk.js";
import {
  type CheckedLeaseManagerOptions,
  checkLeaseManagerOptions,
  type LeaseDrainOptions,
  type GetLeaseOptions,
  type LeaseManagerOptions,
  uncheckedOptions,
  wrongDrainOptions,
  wrongLeaseMs,
} from "./lease-options.js";
import { ABORTED, DRAINING, HOLDER_DEAD, refusalOfHolder, refusalOfOptions, TIMED_OUT } from "./lease-refusals.js";
import type {
  LeaseDrainResult,
  GetLeaseResult,
  LeaseManagerStatus,
  LeaseRefusal,
  LeaseStats,
  LeaseTotals,
  RenewLeaseResult,
  ReturnLeaseResult,
} from "./lease-results.js";
import { leasesOf, noTotals, poolStatsOf, queueOf } from "./lease-status.js";
import { type LeaseChanges, LeaseTable, type TokenSource } from "./lease-table.js";
import type { LeaseTicket } from "./lease-ticket.js";
import { OwnTurn } from "./own-turn.js";
import { ResourceKeeper, type WorkDone } from "./resource-keeper.js";
import { ResourcePool } from "./resource-pool.js";
import { StoredTokens } from "./stored-tokens.js";
import { WaitSignals } from "./wait-signals.js";
import { WaitHistogram } from "./wait-times.js";

type PoolClaim<Resource> = Claim<Resource, Watched, LeaseTicket<Resource>>;
type Pool<Resource> = ResourcePool<Resource, Watched, LeaseTicket<Resource>>;
type Keeper<Resource> = ResourceKeeper<Resource, Watched, LeaseTicket<Resource>>;

const RETURNED: ReturnLeaseResult = { ok: true };
const NOT_HOLDER = { ok: false, reason: "not_holder" } as const;
const NO_OPTIONS: GetLeaseOptions = {};
const DEFAULT_DRAIN_MS = 30_000;

/**
 * Lends the resources of a bounded pool, each to one holder at a time.
 *
 * ```ts
 * child(LeaseManager<string>, { id: "lines", name: "lines", args: { resources: ["line 1", "line 2"] } });
 *
 * await withLease(lines, { timeoutMs: 500 }, (lease) => speakOn(lease.resource));
 * ```
 *
 * Who asks while nothing is free waits in a queue, by priority, first come first served within one, up to `timeoutMs`; with `maxWaiting` in the queue the
 * answer is `busy` and when to come back. A lease ends when it is returned, when its time is over and it was not renewed, or when its holder ends,
 * however it ends. The holder is the actor that calls; one that calls after the first `await` of its handler is not known and must give itself as
 * `holder`. A caller outside any actor cannot be watched: its lease ends with its time at the latest.
 *
 * With a `factory` resources are made when they are wanted, up to `max`; checked before they are lent and while they are idle; and closed when nobody
 * wants them, when they are old, when they broke, or when their lease was lost. Where making them keeps failing, requests are answered
 * `unavailable` at once, and when to come back. All of that runs in tasks: the manager goes on serving.
 *
 * No resource has two leases in force. But JavaScript cannot be interrupted: code whose lease ended may still run. `lease.held` and `lease.signal` tell
 * it, and `lease.token`, which rises with every grant, lets whoever guards the resource refuse it (see `FencingGuard`). Leases are not re-entrant:
 * each is returned by itself.
 *
 * What survives a crash of the manager: the fencing tokens go on rising, nothing else. All leases are marked as no longer held, those who wait
 * hear of the crash, what its factory made is closed, and the new manager lends anew.
 */
export class LeaseManager<Resource> extends Actor<LeaseManagerOptions<Resource>> {
  static readonly [messages] = ["get", "return", "renew", "check", "destroy", "drain", "stats"] as const;

  readonly #clock = this.system.clock;
  #options: CheckedLeaseManagerOptions<Resource> = uncheckedOptions();
  #table: LeaseTable<Resource, Watched, LeaseTicket<Resource>> = this.#newTable(fencingTokens(this.system));
  #keeper: Keeper<Resource> | undefined;
  #pool: Pool<Resource> = this.#newPool(undefined);
  #drain: Drain | undefined;
  #timerDueAt = Number.POSITIVE_INFINITY;
  /** The time of the latest turn that asked for it. */
  #lastRead = 0;
  readonly #holders = new Holders<Resource, LeaseTicket<Resource>>({
    monitor: (ref) => this.monitor(ref),
    demonitor: (monitor) => void this.demonitor(monitor, { flush: true }),
  });
  readonly #signals = new WaitSignals<PoolClaim<Resource>>();
  readonly #waits = new WaitHistogram();
  readonly #totals: LeaseTotals = noTotals();

  override init(options: LeaseManagerOptions<Resource>): void | Promise<void> {
    this.#options = checkLeaseManagerOptions(options);
    const { tokens } = this.#options;
    if (tokens === undefined) return this.#open(fencingTokens(this.system));
    const failed = (error: unknown): void => this.#reportTokens(error);
    return StoredTokens.open(tokens, firstToken(this.system), failed).then((source) => this.#open(source));
  }

  /** Asks for a resource. The answer comes when one is free, or with the reason why there is none. */
  get(options: GetLeaseOptions = NO_OPTIONS): Deferred<GetLeaseResult<Resource>> {
    const ticket = this.defer<GetLeaseResult<Resource>>();
    const now = this.#expireDue();
    // A request whose caller gave up while it waited in the mailbox must not take a resource that nobody would return.
    if (!ticket.waiting) return ticket;
    const { holder = ticket.caller } = options;
    const answer = this.#ask(options, holder, ticket, now);
    return answer === undefined ? ticket : answered(ticket, answer);
  }

  /** Gives a resource back, by its lease or its token; the first in the queue has it next. */
  return(lease: LeaseKey): ReturnLeaseResult {
    return this.#giveBack(lease, this.defer().requested) ? RETURNED : NOT_HOLDER;
  }

  /** Makes a lease last `leaseMs` milliseconds from now, or as long as at first. Its token stays. */
  renew(lease: LeaseKey, leaseMs?: number): RenewLeaseResult<Resource> {
    const wrong = wrongLeaseMs(leaseMs);
    if (wrong !== undefined) return { ok: false, reason: "bad_options", expected: wrong };
    const now = this.#expireDue();
    const renewed = this.#table.renew(lease, now, leaseMs);
    if (renewed === undefined) return NOT_HOLDER;
    this.#arm(renewed.expiresAt, now);
    return { ok: true, lease: renewed };
  }

  /** Tells whether a lease is in force, by its lease or its token. In the same process `lease.held` tells it at once. */
  check(lease: LeaseKey): boolean {
    return this.#table.heldSlot(lease, this.#clock.now()) !== undefined;
  }

  /** Ends a lease whose resource must not be lent again. With a factory another one is made when it is wanted; without one the pool is smaller by it. */
  destroy(lease: LeaseKey): ReturnLeaseResult {
    const now = this.#expireDue();
    const slot = this.#table.heldSlot(lease, now);
    if (slot === undefined) return NOT_HOLDER;
    this.#totals.destroyed++;
    this.#table.revoke(slot, now, "destroyed");
    this.#pool.discard(slot, now);
    return RETURNED;
  }

  /**
   * Empties the pool: nothing is lent any more, those who wait are answered `draining`, leases that are out have `timeoutMs` to end, and every resource
   * is closed. The answer comes when the last one is; give the call itself more time than that. It cannot be undone: start another manager.
   */
  drain(options: LeaseDrainOptions = {}): Deferred<LeaseDrainResult> {
    const deferred = this.defer<LeaseDrainResult>();
    const wrong = wrongDrainOptions(options);
    if (wrong !== undefined) return answered(deferred, { ok: false, reason: "bad_options", expected: wrong });
    const now = this.#expireDue();
    const { timeoutMs = DEFAULT_DRAIN_MS } = options;
    this.#drain ??= new Drain();
    this.#drain.tell(deferred);
    this.#refuseWaiting(DRAINING);
    this.#pool.drain(now);
    if (timeoutMs === 0) this.#revokeHeld(now);
    else if (timeoutMs !== Number.POSITIVE_INFINITY) this.#after(timeoutMs, (then) => this.#revokeHeld(then));
    this.#endDrain();
    return deferred;
  }

  /** What the manager has, and what it did since its start. */
  stats(): LeaseStats {
    const table = this.#table;
    const keeper = this.#keeper;
    return {
      size: table.size,
      free: table.freeCount,
      held: table.heldCount,
      waiting: table.waitingCount,
      maxWaiting: this.#options.maxWaiting,
      draining: this.#drain !== undefined,
      totals: { ...this.#totals },
      waits: this.#waits.times,
      pool: keeper && poolStatsOf(keeper, table.checkingCount, this.#clock.now()),
    };
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (!(message instanceof OwnTurn)) return super.handleInfo(message);
    message.run(this.#expireDue());
  }

  override handleDown({ ref, monitor, reason }: Down): void | Promise<void> {
    const owner = ref === undefined ? undefined : this.#holders.died(ref, monitor);
    const now = this.#expireDue();
    if (owner === undefined) return this.#pool.taskEnded(monitor, reason, now);
    const changes = this.#table.ownerDied(owner, now);
    this.#totals.holderDied += changes.ended.length;
    // Where the holder is not the caller, somebody may still wait for it.
    this.#settle(changes, HOLDER_DEAD, now);
  }

  /** Only with a factory, where exits are trapped so that resources are closed in order: otherwise they end the manager as any other actor. */
  override handleExit({ reason }: Exit): void {
    if (reason !== "normal") this.stop(reason);
  }

  override async terminate(): Promise<void> {
    const table = this.#table;
    table.revokeAll();
    const now = this.#clock.now();
    const slots = table.slots();
    for (const slot of slots) {
      table.revoke(slot, now, "manager_ended");
      table.remove(slot);
    }
    await this.#keeper?.closeAll(slots.map(({ resource }) => resource));
  }

  override [release](reason: ExitReason): void {
    this.#table.revokeAll();
    closeDesk(this.self(), reason, this.#table.waitingClaims());
    this.#signals.dropAll();
    const left = this.#table.slots().map(({ resource }) => resource);
    void this.#keeper?.closeAll(left);
    this.#keeper?.end();
  }

  override formatStatus(): LeaseManagerStatus {
    const now = this.#clock.now();
    const first = this.#table.firstWaiting;
    return {
      kind: "lease-manager",
      ...this.stats(),
      longestWaitMs: first === undefined ? undefined : Math.round(now - first.since),
      leases: leasesOf(this.#table, now),
      queue: queueOf(this.#table, now),
    };
  }

  /** Answers a request, or puts it into the queue. */
  #ask(
    options: GetLeaseOptions,
    holder: AnyRef | undefined,
    ticket: LeaseTicket<Resource>,
    now: number,
  ): GetLeaseResult<Resource> | undefined {
    const {
      leaseMs = this.#options.leaseMs,
      timeoutMs: waitMs = this.#options.timeoutMs,
      priority = 0,
      signal,
    } = options;
    const known = holder === undefined ? undefined : this.#holders.known(holder);
    const refusal =
      (options === NO_OPTIONS ? undefined : refusalOfOptions(options)) ??
      // One that is watched lives, or its end is on its way here.
      (known === undefined ? refusalOfHolder(this.system, holder, leaseMs) : undefined) ??
      this.#closedFor(signal, now);
    if (refusal !== undefined) return refusal;
    const table = this.#table;
    if (table.waitingCount > 0) this.#dropGivenUp();
    const owner =
      holder === undefined ? undefined : (known ?? this.#holders.watch(holder, table.size + table.waitingCount));
    const claim = new Claim<Resource, Watched, LeaseTicket<Resource>>(owner, ticket, leaseMs, priority, now);
    switch (table.get(claim, waitMs, now)) {
      case "granted":
        this.#totals.granted++;
        this.#waits.addImmediate();
        this.#arm(claim.deadline, now);
        return claim.lease === undefined ? undefined : { ok: true, lease: claim.lease };
      case "waiting":
        if (signal !== undefined) this.#signals.listen(signal, claim, () => this.#soon(() => this.#aborted(claim)));
        this.#arm(claim.deadline, now);
        this.#pool.demand(now);
        return undefined;
      case "busy":
        this.#totals.busy++;
        // One who does not wait for a resource to be made or checked finds it the next time.
        this.#pool.demand(now, waitMs <= 0 ? 1 : 0);
        return { ok: false, reason: "busy", retryAfterMs: table.retryAfterMs };
    }
  }

  /** Takes a resource back; false where the lease was not in force. */
  #giveBack(lease: LeaseKey, isAnswered: boolean): boolean {
    // To read the clock costs more than all the rest of a return. Where nobody is told the answer and nobody waits nothing depends on it: a lease that
    // ended unnoticed a moment ago is returned all the same.
    const timed = isAnswered || this.#keeper !== undefined || this.#table.waitingCount > 0;
    const now = timed ? this.#expireDue() : this.#lastRead;
    const slot = this.#table.end(lease, now);
    if (slot === undefined) return false;
    this.#totals.returned++;
    this.#pool.returned(slot, now);
    return true;
  }

  /** Serves callers of this process in their own stack. */
  #openDesk(): void {
    openDesk<Resource>(this.system, this.self(), {
      ask: (options, holder, ticket) => this.#ask(options, holder, ticket, this.#expireDue()),
      giveBack: (lease) => void this.#giveBack(lease, false),
      crash: (thrown) =>
        this.#soon(() => {
          throw thrown;
        }),
    });
  }

  #open(tokens: TokenSource): void {
    const { resources, factory, pool } = this.#options;
    const table = this.#newTable(tokens);
    this.#table = table;
    const now = this.#clock.now();
    const slots = resources.map((resource) => table.add(resource, now));
    // The first of the list is given out first.
    for (const slot of slots.reverse()) table.free(slot, now);
    if (factory !== undefined) {
      // So that what it has made is closed in order when the manager is stopped.
      this.trapExit();
      const { system } = this;
      this.#keeper = new ResourceKeeper(factory, pool, { system, run: (label, work) => this.#run(label, work) });
    }
    this.#pool = this.#newPool(this.#keeper);
    this.#pool.demand(now);
    this.#openDesk();
  }

  #newPool(keeper: Keeper<Resource> | undefined): Pool<Resource> {
    return new ResourcePool(this.#table, keeper, {
      soon: (turn) => this.#soon(turn),
      after: (delayMs, turn) => this.#after(delayMs, turn),
      granted: (claim, now) => this.#deliver(claim, now),
      shrunk: (now) => this.#shrunk(now),
    });
  }

  #newTable(tokens: TokenSource): LeaseTable<Resource, Watched, LeaseTicket<Resource>> {
    const { maxWaiting, factory, pool } = this.#options;
    const checkAfterMs = factory?.check === undefined ? Number.POSITIVE_INFINITY : pool.checkAfterMs;
    return new LeaseTable({ maxWaiting, tokens, clock: this.system.clock, checkAfterMs });
  }

  /** Runs a work of the keeper as a task, and watches it: one that is killed tells nothing. */
  #run(label: string, work: () => Promise<WorkDone<Resource, Watched, LeaseTicket<Resource>>>) {
    const told = async (): Promise<void> => {
      const done = await work();
      this.#soon((now) => this.#pool.workDone(done, now));
    };
    return this.monitor(Task.start(this, told, { label }));
  }

  /** Why nothing is lent to anybody at the moment. */
  #closedFor(signal: AbortSignal | undefined, now: number): LeaseRefusal | undefined {
    if (this.#drain !== undefined) return DRAINING;
    if (signal?.aborted === true) {
      this.#totals.aborted++;
      return ABORTED;
    }
    const retryAfterMs = this.#pool.unavailableMs(now);
    if (retryAfterMs === undefined) return undefined;
    this.#totals.unavailable++;
    return { ok: false, reason: "unavailable", retryAfterMs };
  }

  /** Ends what is due by now, and returns the time. Time may pass the timer: a late turn must not find an old lease in force. */
  #expireDue(): number {
    const now = this.#clock.now();
    this.#lastRead = now;
    if (!this.#table.isDue(now)) return now;
    const changes = this.#table.expire(now);
    this.#totals.expired += changes.ended.length;
    this.#totals.timedOut += changes.gaveUp.length;
    this.#settle(changes, TIMED_OUT, now);
    return now;
  }

  /** Answers those who wait no more, and takes back what those had whose leases ended. */
  #settle(
    { ended, gaveUp }: LeaseChanges<Resource, Watched, LeaseTicket<Resource>>,
    refusal: LeaseRefusal,
    now: number,
  ): void {
    for (const claim of gaveUp) this.#answer(claim, refusal);
    const reuse = this.#options.lostLease === "reuse";
    for (const { slot } of ended) if (slot !== undefined) this.#pool.takeBack(slot, now, reuse);
  }

  /** Tells a waiter of its lease. One that gave up, or died, or whose signal was aborted, gets none: the next in the queue does. */
  #deliver(first: PoolClaim<Resource>, now: number): void {
    let claim: PoolClaim<Resource> | undefined = first;
    while (claim?.lease !== undefined) {
      const { ticket, lease, owner, slot }: PoolClaim<Resource> = claim;
      const aborted = this.#signals.isAborted(claim);
      if (!aborted && ticket.waiting && (owner === undefined || this.system.isAlive(owner.holder.ref))) {
        this.#totals.granted++;
        this.#waits.add(claim.waitedMs);
        this.#answer(claim, { ok: true, lease });
        return this.#arm(claim.deadline, now);
      }
      if (aborted) this.#totals.aborted++;
      this.#answer(claim, aborted ? ABORTED : HOLDER_DEAD);
      this.#table.end(lease, now);
      claim = slot === undefined ? undefined : this.#table.free(slot, now);
    }
  }

  #answer(claim: PoolClaim<Resource>, result: GetLeaseResult<Resource>): void {
    this.#signals.drop(claim);
    claim.ticket.reply(result);
  }

  /** Takes those at the head of the queue out whose callers gave up, so that they do not make it look full. */
  #dropGivenUp(): void {
    const table = this.#table;
    for (let first = table.firstWaiting; first !== undefined && !first.ticket.waiting; first = table.firstWaiting) {
      this.#signals.drop(first);
      table.cancelWait(first);
    }
  }

  #refuseWaiting(refusal: LeaseRefusal): number {
    const waiting = [...this.#table.waitingClaims()];
    for (const claim of waiting) {
      this.#table.cancelWait(claim);
      this.#answer(claim, refusal);
    }
    return waiting.length;
  }

  #aborted(claim: PoolClaim<Resource>): void {
    if (!this.#table.cancelWait(claim)) return;
    this.#totals.aborted++;
    this.#answer(claim, ABORTED);
  }

  /** Ends what is still out when the time of a drain is over. */
  #revokeHeld(now: number): void {
    const drain = this.#drain;
    if (drain === undefined) return;
    for (const { slot } of this.#table.heldClaims()) {
      if (slot === undefined) continue;
      drain.revoked++;
      this.#table.revoke(slot, now, "drained");
      this.#pool.discard(slot, now);
    }
  }

  /** Those who wait in vain are told, and those who asked for a drain when it is over. */
  #shrunk(now: number): void {
    this.#endDrain();
    if (this.#table.waitingCount === 0) return;
    const retryAfterMs = this.#pool.unavailableMs(now);
    if (retryAfterMs === undefined) return;
    this.#totals.unavailable += this.#refuseWaiting({ ok: false, reason: "unavailable", retryAfterMs });
  }

  #endDrain(): void {
    if (this.#pool.empty) this.#drain?.over();
  }

  #reportTokens(error: unknown): void {
    const text = `${this.self()} could not reserve fencing tokens in its store: ${String(error)}`;
    this.system.report({ type: "lease_tokens", level: "warning", text, details: { error } });
  }

  /** Sees to it that a timer fires when a lease or a wait is due that is new. One that fires too early costs less than one moved at each return. */
  #arm(at: number, now: number): void {
    if (at >= this.#timerDueAt) return;
    this.#timerDueAt = at;
    this.#after(at - now, (then) => {
      // Else an earlier one was set since, and has seen to the next: timers must not multiply.
      if (this.#timerDueAt !== at) return;
      this.#timerDueAt = Number.POSITIVE_INFINITY;
      this.#arm(this.#table.nextDeadline, then);
    });
  }

  #after(delayMs: number, turn: (now: number) => void): void {
    this.sendAfter(delayMs, new OwnTurn(turn));
  }

  /** Runs a function in a turn of the manager: for what comes from outside. */
  #soon(turn: (now: number) => void): void {
    const self: AnyRef = this.self();
    self.send(new OwnTurn(turn));
  }
}

function answered<Answer>(ticket: Deferred<Answer>, answer: Answer): Deferred<Answer> {
  ticket.reply(answer);
  return ticket;
}
