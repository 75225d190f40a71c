import type { ActorSystem, AnyRef, ExitReason, ReportLevel, StartResult } from "../src/index.js";
import type { CheckedChildSpec } from "./child-spec.js";
import { inOrder, whenDone } from "./in-order.js";
import { type ErrorContext, offenderOf, ProgressReport, type Reporting, SupervisorReport } from "./reports.js";
import { StaticChild } from "./static-child.js";
import { type SignalSender, Stopper } from "./stopper.js";
import { isShutdownError } from "./strategy/should-restart.js";
import type { ChildId } from "./strategy/terms.js";

/** What the table of children needs of the supervisor it belongs to. */
export interface SupervisorSide extends SignalSender, Reporting {
  readonly system: ActorSystem;
  start(spec: CheckedChildSpec): StartResult<unknown> | Promise<StartResult<unknown>>;
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

  /** Removes the specification of a child that does not run. */
  remove(child: StaticChild): void {
    child.retry = undefined;
    this.#byId.delete(child.id);
  }

  /** Notes that a child ended by itself. */
  ended(child: StaticChild, reason: ExitReason): void {
    if (child.ref !== undefined) this.#byRef.delete(child.ref);
    child.ref = undefined;
    child.lastExit = reason;
  }

  /** Starts a child that does not run. */
  start(child: StaticChild, level: ReportLevel): Launch | Promise<Launch> {
    child.retry = undefined;
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
    child.retry = undefined;
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
    this.#side.system.report(new ProgressReport(level, this.#side, child.id, result.ref, child.spec));
    if (child.restart === "temporary") child.forgetArgs();
    return LAUNCHED;
  }
}
