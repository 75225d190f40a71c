import type { ActorSystem, AnyRef, ExitReason, ReportLevel, StartResult, TimerRef } from "../src/index.js";
import type { CheckedChildSpec } from "./child-spec.js";
import { inOrder, whenDone } from "./in-order.js";
import { type ErrorContext, offenderOf, ProgressReport, type Reporting, SupervisorReport } from "./reports.js";
import { StaticChild, TryAgain } from "./static-child.js";
import { type SignalSender, Stopper } from "./stopper.js";
import { isShutdownError } from "./strategy/should-restart.js";
import type { ChildId } from "./strategy/terms.js";

/** What the table of children needs of the supervisor it belongs to. */
export interface SupervisorSide extends SignalSender, Reporting {
  readonly system: ActorSystem;
  start(spec: CheckedChildSpec): StartResult<unknown> | Promise<StartResult<unknown>>;
  /** Sends the supervisor a message of its own, at once or later. */
  send(message: TryAgain): void;
  sendAfter(delayMs: number, message: TryAgain): TimerRef;
  cancelTimer(timer: TimerRef): void;
}

/** How a start ended. A child that asked to be ignored has started, and does not run. */
export type Launch = { readonly ok: true } | { readonly ok: false; readonly reason: ExitReason };

/** A child that could not be started, and why. */
export interface FailedChild {
  readonly child: StaticChild;
  readonly reason: ExitReason;
}

const LAUNCHED: Launch = { ok: true };

/**
 * The children of one supervisor in start order, and the ways to start and stop them.
 *
 * It carries out; what is to be started and stopped, and when, is decided by the supervisor.
 */
export class StaticChildren {
  readonly #side: SupervisorSide;
  readonly #stopper: Stopper;
  readonly #byId = new Map<ChildId, StaticChild>();
  readonly #byRef = new Map<AnyRef, StaticChild>();

  constructor(side: SupervisorSide) {
    this.#side = side;
    this.#stopper = new Stopper(side.system, side);
  }

  /** How many specifications there are. */
  get size(): number {
    return this.#byId.size;
  }

  /** How many children run. */
  get active(): number {
    return this.#byRef.size;
  }

  /** All, the oldest first. */
  all(): StaticChild[] {
    return [...this.#byId.values()];
  }

  /** The same without a list of its own. */
  values(): Iterable<StaticChild> {
    return this.#byId.values();
  }

  get(id: ChildId): StaticChild | undefined {
    return this.#byId.get(id);
  }

  withRef(ref: AnyRef): StaticChild | undefined {
    return this.#byRef.get(ref);
  }

  /** Adds a specification behind all others; nothing is started. */
  add(spec: CheckedChildSpec): StaticChild {
    const added = new StaticChild(spec);
    this.#byId.set(spec.id, added);
    return added;
  }

  /**
   * Puts `specs` in the place of the specifications there are, in their order; children that are not among them come behind.
   *
   * Nothing is started or stopped.
   */
  respecify(specs: readonly CheckedChildSpec[]): void {
    const now = this.#side.system.clock.now();
    const before = [...this.#byId];
    const kept = new Map(before);
    this.#byId.clear();
    for (const spec of specs) {
      const child = kept.get(spec.id);
      child?.respecify(spec, now);
      this.#byId.set(spec.id, child ?? new StaticChild(spec));
    }
    for (const [id, child] of before) if (!this.#byId.has(id)) this.#byId.set(id, child);
  }

  /** Removes the specification of a child that does not run. */
  remove(child: StaticChild): void {
    this.settle(child);
    this.#byId.delete(child.id);
  }

  /** Notes that a child ended by itself. */
  ended(child: StaticChild, reason: ExitReason): void {
    if (child.ref !== undefined) this.#byRef.delete(child.ref);
    child.ref = undefined;
    child.lastExit = reason;
  }

  /** Makes the supervisor try to start a child once more, when it has served those who wait. */
  tryAgain(child: StaticChild): void {
    this.settle(child);
    child.retry = new TryAgain(child.id);
    this.#side.send(child.retry);
  }

  /** The same, after a delay. */
  tryLater(child: StaticChild, delayMs: number): void {
    this.settle(child);
    const retry = new TryAgain(child.id);
    retry.due = { timer: this.#side.sendAfter(delayMs, retry), atMs: this.#side.system.clock.now() + delayMs };
    child.retry = retry;
  }

  /** Ends the attempts to start a child. */
  settle(child: StaticChild): void {
    if (child.retry?.due !== undefined) this.#side.cancelTimer(child.retry.due.timer);
    child.retry = undefined;
  }

  /** Starts a child that does not run. */
  start(child: StaticChild, level: ReportLevel): Launch | Promise<Launch> {
    this.settle(child);
    return whenDone(this.#side.start(child.spec), (result) => this.#started(child, result, level));
  }

  /** Starts children one after another, until one fails. */
  startEach(children: readonly StaticChild[]): FailedChild | undefined | Promise<FailedChild | undefined> {
    let failed: FailedChild | undefined;
    const all = inOrder(children, (child) =>
      whenDone(this.start(child, "info"), (launch) => {
        if (!launch.ok) failed = { child, reason: launch.reason };
        return launch.ok;
      }),
    );
    return whenDone(all, () => failed);
  }

  /** Stops children one after another, each waited for; those that do not run, or are to be tried again, will not start any more. */
  stopEach(children: readonly StaticChild[]): true | Promise<true> {
    return whenDone(
      inOrder(children, (child) => this.stop(child)),
      () => true as const,
    );
  }

  /** Stops a child; nothing happens when it does not run, except that it is not tried again. */
  stop(child: StaticChild): true | Promise<true> {
    const { ref } = child;
    const { restart, shutdown } = child.spec;
    this.settle(child);
    if (ref === undefined) return true;
    // Taken out first: should its end also be in the mailbox, it is no longer anybody's.
    this.#byRef.delete(ref);
    return whenDone(this.#stopper.stop(ref, shutdown), ({ reason }) => {
      child.ref = undefined;
      if (isShutdownError(restart, shutdown, reason)) this.report("shutdown_error", reason, child, ref);
      return true as const;
    });
  }

  /** Reports an error with a child. */
  report(context: ErrorContext, reason: ExitReason, child: StaticChild, ref: AnyRef | undefined): void {
    this.#side.system.report(new SupervisorReport(this.#side, context, reason, offenderOf(child.id, ref, child.spec)));
  }

  #started(child: StaticChild, result: StartResult<unknown>, level: ReportLevel): Launch {
    if (!result.ok) {
      if (!result.ignore) return { ok: false, reason: result.reason };
      if (child.restart === "temporary") this.remove(child);
      return LAUNCHED;
    }
    child.ref = result.ref;
    this.#byRef.set(result.ref, child);
    child.attempts?.started(this.#side.system.clock.now());
    // Before the report, which holds the specification and may be kept.
    if (child.restart === "temporary") child.forgetArgs();
    this.#side.system.report(new ProgressReport(level, this.#side, child.id, result.ref, child.spec));
    return LAUNCHED;
  }
}
