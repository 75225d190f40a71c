import type { MonitorRef } from "../../src/index.js";
import type { Claim } from "./claim.js";
import type { LeaseTable } from "./lease-table.js";
import { planIdle } from "./pool-plan.js";
import type { ResourceKeeper, WorkDone } from "./resource-keeper.js";
import type { Slot } from "./slot.js";

/** What a pool asks of the actor that has it. */
export interface PoolHost<Resource, Holder, Ticket> {
  /** Runs a function in a turn of the actor, when what is due by then has ended; its argument is the time. */
  soon(turn: (now: number) => void): void;
  /** The same after a while. */
  after(delayMs: number, turn: (now: number) => void): void;
  /** One who waited has a resource. */
  granted(claim: Claim<Resource, Holder, Ticket>, now: number): void;
  /** A resource went, or nothing came of the wish for one: those who wait may have to be told. */
  shrunk(now: number): void;
}

/**
 * What becomes of the resources of a lease manager: which is lent on, kept, checked or closed, and when others are made.
 *
 * It acts on the lease table, which says who has what, and leaves the work itself to the keeper. Without a keeper resources come and go by hand.
 */
export class ResourcePool<Resource, Holder, Ticket> {
  readonly #table: LeaseTable<Resource, Holder, Ticket>;
  readonly #keeper: ResourceKeeper<Resource, Holder, Ticket> | undefined;
  readonly #host: PoolHost<Resource, Holder, Ticket>;
  #draining = false;
  #sweepAt = Number.POSITIVE_INFINITY;
  #retryAt = Number.POSITIVE_INFINITY;

  constructor(
    table: LeaseTable<Resource, Holder, Ticket>,
    keeper: ResourceKeeper<Resource, Holder, Ticket> | undefined,
    host: PoolHost<Resource, Holder, Ticket>,
  ) {
    this.#table = table;
    this.#keeper = keeper;
    this.#host = host;
  }

  /** Whether no resource is left, and none is being made or closed. */
  get empty(): boolean {
    const underWay = this.#keeper === undefined ? 0 : this.#keeper.creating + this.#keeper.closing;
    return this.#table.size + underWay === 0;
  }

  /** For how long an empty pool will not even try to have a resource, `Infinity` for ever; `undefined` when it tries, or has one. */
  unavailableMs(now: number): number | undefined {
    if (this.#table.size > 0) return undefined;
    if (this.#keeper === undefined) return Number.POSITIVE_INFINITY;
    const { circuit } = this.#keeper;
    return circuit.state(now) === "open" ? Math.max(1, Math.ceil(circuit.retryAt - now)) : undefined;
  }

  /** Takes a resource back from a holder that is done with it. */
  returned(slot: Slot<Resource, Holder, Ticket>, now: number): void {
    const keeper = this.#keeper;
    const good = keeper === undefined || (now < slot.retireAt && keeper.reusable(slot.resource));
    this.takeBack(slot, now, good);
  }

  /** Takes a resource back that nobody has: a good one is lent to the first who waits, or kept. */
  takeBack(slot: Slot<Resource, Holder, Ticket>, now: number, good: boolean): void {
    if (!good || this.#draining) return this.discard(slot, now);
    const claim = this.#table.free(slot, now);
    if (claim !== undefined) this.#host.granted(claim, now);
    if (this.#keeper === undefined || slot.state !== "free") return;
    if (this.#table.waitingCount > 0) this.demand(now);
    if (slot.state === "free") this.#lookAt(this.#dueAt(slot, this.#keeper), now);
  }

  /** Takes a resource out for good. */
  discard(slot: Slot<Resource, Holder, Ticket>, now: number): void {
    if (!this.#table.remove(slot)) return;
    this.#keeper?.close(slot.resource, now);
    this.demand(now);
    this.#host.shrunk(now);
  }

  /** Sees to it that there are resources for those who wait, and as many as there must be; `more` counts one who does not wait. */
  demand(now: number, more = 0): void {
    const keeper = this.#keeper;
    if (keeper === undefined || this.#draining) return;
    const table = this.#table;
    if (table.freeCount > 0) for (const slot of table.takeStale(now, more)) keeper.check(slot, now);
    const counts = { open: table.size, checking: table.checkingCount, waiting: table.waitingCount + more };
    keeper.make(counts, now);
    const { retryAt } = keeper.circuit;
    if (retryAt <= now || retryAt >= this.#retryAt || !keeper.wants(counts)) return;
    this.#retryAt = retryAt;
    this.#host.after(retryAt - now, (then) => {
      if (this.#retryAt !== retryAt) return;
      this.#retryAt = Number.POSITIVE_INFINITY;
      this.demand(then);
    });
  }

  /** Lends and makes nothing from now on, and closes what is free and what comes back. */
  drain(now: number): void {
    this.#draining = true;
    for (const slot of [...this.#table.freeSlots()]) this.discard(slot, now);
  }

  /** Goes on after a task that ended without telling what came of it. */
  taskEnded(monitor: MonitorRef, reason: unknown, now: number): void {
    // One that ended in order has told.
    const lost = reason === "normal" ? undefined : this.#keeper?.lost(monitor, reason);
    if (lost !== undefined) this.workDone(lost, now);
  }

  /** Goes on after a task. */
  workDone(done: WorkDone<Resource, Holder, Ticket>, now: number): void {
    const keeper = this.#keeper;
    if (keeper === undefined) return;
    const { work, outcome } = done;
    const { kind, slot, made } = work;
    const counted = keeper.finish(done, now);
    if (kind === "create" && made !== undefined) {
      work.made = undefined;
      // Not counted: its task was killed, and the pool went on without it.
      if (counted && !this.#draining) this.#add(made.resource, keeper, now);
      else keeper.close(made.resource, now);
    } else if (kind === "check" && slot?.state === "checking") {
      this.takeBack(slot, now, outcome.ok && outcome.value === true);
    }
    this.demand(now);
    this.#host.shrunk(now);
  }

  #add(resource: Resource, keeper: ResourceKeeper<Resource, Holder, Ticket>, now: number): void {
    const slot = this.#table.add(resource, now, keeper.retireAt(now));
    keeper.watch(resource, () => this.#host.soon((then) => this.#broken(slot, keeper, then)));
    this.takeBack(slot, now, true);
  }

  #broken(slot: Slot<Resource, Holder, Ticket>, keeper: ResourceKeeper<Resource, Holder, Ticket>, now: number): void {
    if (slot.state === "gone") return;
    keeper.totals.broken++;
    this.#table.revoke(slot, now, "broken");
    this.discard(slot, now);
  }

  /** Closes and checks the free resources whose time has come. */
  #sweep(now: number, keeper: ResourceKeeper<Resource, Holder, Ticket>): void {
    if (this.#draining) return;
    const { min, idleMs, checkEveryMs } = keeper.options;
    const rules = { idleMs, checkEveryMs: keeper.checks ? checkEveryMs : Number.POSITIVE_INFINITY };
    const plan = planIdle(this.#table.freeSlots(), { open: this.#table.size, min }, rules, now);
    for (const slot of plan.close) this.discard(slot, now);
    for (const slot of plan.check) {
      this.#table.takeForCheck(slot);
      if (slot.state === "checking") keeper.check(slot, now);
    }
    if (plan.nextAt !== undefined) this.#lookAt(plan.nextAt, now);
  }

  #dueAt(
    { idleSince, goodAt, retireAt }: Slot<Resource, Holder, Ticket>,
    { options, checks }: ResourceKeeper<Resource, Holder, Ticket>,
  ): number {
    const checkAt = checks ? goodAt + options.checkEveryMs : Number.POSITIVE_INFINITY;
    return Math.min(retireAt, idleSince + options.idleMs, checkAt);
  }

  /** Sees to it that the free ones are looked at by then. A look that comes too early costs less than a timer moved at each return. */
  #lookAt(at: number, now: number): void {
    const keeper = this.#keeper;
    if (at >= this.#sweepAt || keeper === undefined) return;
    this.#sweepAt = at;
    this.#host.after(Math.max(0, at - now), (then) => {
      // Else an earlier look was asked for since, and has seen to the next one: timers must not multiply.
      if (this.#sweepAt !== at) return;
      this.#sweepAt = Number.POSITIVE_INFINITY;
      this.#sweep(then, keeper);
    });
  }
}
