import { type ActorSystem, type MonitorRef, type Report, whatCame } from "../../src/index.js";
import { Circuit } from "./circuit.js";
import type { CheckedResourcePoolOptions } from "./pool-options.js";
import { creationsWanted, type PoolCounts } from "./pool-plan.js";
import type { ResourcePoolTotals } from "./lease-results.js";
import type { ResourceFactory } from "./resource-factory.js";
import { runWork, type WorkOutcome } from "./resource-work.js";
import type { Slot } from "./slot.js";

/** Something that is being done to a resource; `slot` is the one that is checked. */
export class Work<Resource, Holder, Ticket> {
  readonly kind: "create" | "check" | "close";
  readonly startedAt: number;
  readonly slot: Slot<Resource, Holder, Ticket> | undefined;
  monitor: MonitorRef | undefined;
  /** What was made and has not reached the manager. */
  made: { readonly resource: Resource } | undefined;

  constructor(kind: Work<Resource, Holder, Ticket>["kind"], startedAt: number, slot?: Slot<Resource, Holder, Ticket>) {
    this.kind = kind;
    this.startedAt = startedAt;
    this.slot = slot;
  }
}

/** Tells the manager what came of a work. */
export class WorkDone<Resource, Holder, Ticket> {
  readonly work: Work<Resource, Holder, Ticket>;
  readonly outcome: WorkOutcome<Resource | boolean | void>;

  constructor(work: Work<Resource, Holder, Ticket>, outcome: WorkOutcome<Resource | boolean | void>) {
    this.work = work;
    this.outcome = outcome;
  }
}

/** What the keeper asks of the actor that has it. */
export interface KeeperHost<Resource, Holder, Ticket> {
  readonly system: ActorSystem;
  /** Runs a work as a task of its own, watched by the monitor that is returned; its result is sent to the actor. */
  run(label: string, work: () => Promise<WorkDone<Resource, Holder, Ticket>>): MonitorRef;
}

/**
 * Makes, checks and closes the resources of a pool, each as a task, so that nobody waits for them but those who must.
 *
 * It decides when to make one: the plan says how many are wanted, the circuit how many are worth trying.
 */
export class ResourceKeeper<Resource, Holder, Ticket> {
  readonly options: CheckedResourcePoolOptions;
  readonly circuit: Circuit;
  readonly totals: ResourcePoolTotals = {
    created: 0,
    createFailed: 0,
    checkFailed: 0,
    broken: 0,
    closed: 0,
    closeFailed: 0,
  };
  readonly #factory: ResourceFactory<Resource>;
  readonly #host: KeeperHost<Resource, Holder, Ticket>;
  readonly #works = new Map<MonitorRef, Work<Resource, Holder, Ticket>>();
  readonly #end = new AbortController();
  #creating = 0;
  #closing = 0;

  constructor(
    factory: ResourceFactory<Resource>,
    options: CheckedResourcePoolOptions,
    host: KeeperHost<Resource, Holder, Ticket>,
  ) {
    this.#factory = factory;
    this.options = options;
    this.circuit = new Circuit(options.circuit);
    this.#host = host;
  }

  get creating(): number {
    return this.#creating;
  }

  get closing(): number {
    return this.#closing;
  }

  /** Whether it pays to check: without a function for it all resources count as good. */
  get checks(): boolean {
    return this.#factory.check !== undefined;
  }

  /** Begins to make as many resources as are wanted, and worth trying. */
  make(counts: Pick<PoolCounts, "open" | "checking" | "waiting">, now: number): void {
    const all = { ...counts, creating: this.#creating, closing: this.#closing };
    const wanted = creationsWanted(this.options, all, this.circuit.allowed(now));
    for (let n = 0; n < wanted; n++) this.#create(now);
  }

  /** Whether more would be made if the circuit allowed it. */
  wants(counts: Pick<PoolCounts, "open" | "checking" | "waiting">): boolean {
    const all = { ...counts, creating: this.#creating, closing: this.#closing };
    return creationsWanted(this.options, all, Number.POSITIVE_INFINITY) > 0;
  }

  /** When a resource that is made now is too old. A tenth earlier or less, so that those made together do not end together. */
  retireAt(now: number): number {
    return now + this.options.maxAgeMs * (1 - this.#host.system.random.next() / 10);
  }

  /** Makes `broken` known to a resource. */
  watch(resource: Resource, broken: (reason: unknown) => void): void {
    this.#factory.watch?.(resource, broken);
  }

  /** Whether a resource that comes back may be lent again. One that cannot be asked may not. */
  reusable(resource: Resource): boolean {
    try {
      return this.#factory.reusable?.(resource) ?? true;
    } catch (error) {
      this.#report("a resource that came back could not be asked whether it may be lent again: it is closed", error);
      return false;
    }
  }

  check(slot: Slot<Resource, Holder, Ticket>, now: number): void {
    const work = new Work<Resource, Holder, Ticket>("check", now, slot);
    const check = (signal: AbortSignal): boolean | Promise<boolean> =>
      this.#factory.check?.(slot.resource, signal) ?? true;
    this.#start(work, async () => {
      const outcome = await runWork(check, this.#workOptions("check", this.options.checkTimeoutMs));
      return new WorkDone(work, outcome);
    });
  }

  close(resource: Resource, now: number): void {
    if (this.#factory.close === undefined) {
      this.totals.closed++;
      return;
    }
    this.#closing++;
    const work = new Work<Resource, Holder, Ticket>("close", now);
    this.#start(work, async () => new WorkDone(work, await this.#close(resource)));
  }

  /** Closes resources when the manager itself ends, without tasks; resolves when they are, or had their time. */
  async closeAll(resources: readonly Resource[]): Promise<void> {
    await Promise.all(
      resources.map(async (resource) => {
        const outcome = await this.#close(resource, new AbortController().signal);
        if (!outcome.ok) this.#report("a resource could not be closed", outcome.error);
      }),
    );
  }

  /** Notes what came of a work. Each is counted once, also where its task was killed and its result never came. */
  finish({ work, outcome }: WorkDone<Resource, Holder, Ticket>, now: number): boolean {
    if (work.monitor === undefined || !this.#works.delete(work.monitor)) return false;
    if (work.kind === "create") this.#created(work, outcome, now);
    else if (work.kind === "close") this.#closed(outcome);
    else if (work.slot?.state === "checking" && (!outcome.ok || outcome.value !== true)) {
      this.totals.checkFailed++;
      this.#report("a resource did not pass its check: it is closed", outcome.ok ? undefined : outcome.error);
    }
    return true;
  }

  /** What a task was to do that ended before it told; `undefined` when the monitor is not one of a task, or the task had told. */
  lost(monitor: MonitorRef, reason: unknown): WorkDone<Resource, Holder, Ticket> | undefined {
    const work = this.#works.get(monitor);
    return work === undefined ? undefined : new WorkDone(work, { ok: false, error: reason });
  }

  /** Gives up everything that is under way: the manager has ended. What was made for it is closed. */
  end(): void {
    this.#end.abort();
    for (const { made } of this.#works.values()) if (made !== undefined) void this.closeAll([made.resource]);
    this.#works.clear();
  }

  #create(now: number): void {
    this.#creating++;
    const work = new Work<Resource, Holder, Ticket>("create", now);
    const late = (resource: Resource): void => void this.closeAll([resource]);
    this.#start(work, async () => {
      const options = { ...this.#workOptions("creation", this.options.createTimeoutMs), late };
      const outcome = await runWork((signal) => this.#factory.create(signal), options);
      if (outcome.ok && this.#end.signal.aborted) late(outcome.value);
      else if (outcome.ok) work.made = { resource: outcome.value };
      return new WorkDone(work, outcome);
    });
  }

  #close(resource: Resource, signal = this.#end.signal): Promise<WorkOutcome<void>> {
    const options = { ...this.#workOptions("close", this.options.closeTimeoutMs), signal };
    return runWork((abort) => this.#factory.close?.(resource, abort), options);
  }

  #created(
    { startedAt }: Work<Resource, Holder, Ticket>,
    outcome: WorkOutcome<Resource | boolean | void>,
    now: number,
  ): void {
    this.#creating--;
    if (outcome.ok) {
      this.totals.created++;
      this.circuit.succeeded();
      return;
    }
    this.totals.createFailed++;
    const wasTripped = this.circuit.tripped;
    this.circuit.failed(startedAt, now, this.#host.system.random.next());
    const { failures, retryAt } = this.circuit;
    const opened = this.circuit.tripped && !wasTripped ? ": the circuit is open" : "";
    const pauseMs = Math.max(0, Math.round(retryAt - now));
    this.#report(`attempt ${failures} to make a resource failed${opened}; the next in ${pauseMs} ms`, outcome.error);
  }

  #closed(outcome: WorkOutcome<unknown>): void {
    this.#closing--;
    this.totals.closed++;
    if (outcome.ok) return;
    this.totals.closeFailed++;
    this.#report("a resource could not be closed; it is forgotten", outcome.error);
  }

  #start(work: Work<Resource, Holder, Ticket>, run: () => Promise<WorkDone<Resource, Holder, Ticket>>): void {
    work.monitor = this.#host.run(`${work.kind} resource`, run);
    this.#works.set(work.monitor, work);
  }

  #workOptions(what: string, timeoutMs: number) {
    return { what, clock: this.#host.system.clock, timeoutMs, signal: this.#end.signal };
  }

  #report(what: string, error: unknown): void {
    const why = error === undefined ? "" : `: ${error instanceof Error ? error.message : whatCame(error)}`;
    const report: Report = {
      type: "lease_resource",
      level: "warning",
      text: `In a pool of leases ${what}${why}`,
      details: { error },
    };
    this.#host.system.report(report);
  }
}
