import {
  Actor,
  type AnyRef,
  BadReturnError,
  type Exit,
  type ExitReason,
  type InitResult,
  messages,
  startup,
  teardown,
  whatCame,
} from "../src/index.js";
import { checkChildSpec, checkChildSpecs } from "./check-child-spec.js";
import { type CheckedFlags, checkFlags, type SupervisorFlags } from "./check-flags.js";
import { type CheckedChildSpec, type ChildSpec, supervising } from "./child-spec.js";
import { whenDone } from "./in-order.js";
import { isInitResult } from "./init-result.js";
import {
  type ChildCounts,
  type ChildEntry,
  type DeleteChildResult,
  failedStart,
  type GetChildSpecResult,
  NOT_FOUND,
  OK,
  type RestartChildResult,
  type StartChildResult,
  type TerminateChildResult,
  type WhichChildResult,
} from "./results.js";
import { SupervisorSpecError } from "./spec-error.js";
import { type StaticChild, TryAgain } from "./static-child.js";
import { type FailedChild, StaticChildren } from "./static-children.js";
import { restartStatus, type SupervisorStatus } from "./status.js";
import { endsSupervisor } from "./strategy/auto-shutdown.js";
import { RestartWindow } from "./strategy/intensity.js";
import { plan } from "./strategy/plan.js";
import { isTerminationReported, shouldRestart } from "./strategy/should-restart.js";
import type { ChildId } from "./strategy/terms.js";

/** What the `init` of a supervisor returns: its flags, and its children in the order in which they start. */
export interface SupervisorPlan extends SupervisorFlags {
  readonly children: readonly ChildSpec[];
}

/** All that the `init` of a supervisor may return; `ignore` and `stop` mean what they mean for every actor. */
export type SupervisorInit = SupervisorPlan | { readonly ignore: true } | { readonly stop: ExitReason };

/** Most children that a status lists. */
const MOST_LISTED = 1_000;

/**
 * An actor that starts other actors, restarts them when they fail, and stops them in order: OTP's `supervisor`.
 *
 * ```ts
 * class Shop extends Supervisor {
 *   override init() {
 *     return { strategy: "one_for_one", intensity: 3, periodMs: 5_000,
 *              children: [child(Counter, { id: "counter", args: { from: 1 }, name: "counter" })] } as const;
 *   }
 * }
 * ```
 *
 * Its children start one after another, each when the `init` of the one before is done, and stop in reverse order. If one does not start, those
 * that run are stopped and the supervisor does not start either. When a child ends and must be restarted, `strategy` says what becomes of
 * its siblings. A child that cannot be restarted is tried again; each attempt counts. With more than `intensity` restarts within `periodMs`
 * the supervisor gives up: it stops its children and ends with `shutdown`, and its own supervisor decides.
 *
 * A restarted child has a new ref and starts with nothing of the old one: address it by name, keep what must survive elsewhere. The
 * supervisor does nothing else while a child starts or stops; its callers wait, `ref.callWithin(Infinity)` as long as it takes. So let the
 * `init` of a child return soon, and go on in `handleContinue`. `terminate` of a subclass runs when
 * the children have ended; one that overrides `handleInfo` or `handleExit` must call `super`.
 */
export abstract class Supervisor<Args = void> extends Actor<Args> {
  static readonly [supervising] = true;
  /** Callers wait for as long as it takes: a supervisor that starts or stops a child answers nobody meanwhile, as in OTP. */
  static override readonly callTimeoutMs = Number.POSITIVE_INFINITY;
  static readonly [messages] = [
    "startChild",
    "restartChild",
    "terminateChild",
    "deleteChild",
    "whichChildren",
    "whichChild",
    "countChildren",
    "getChildSpec",
  ] as const;

  #flags: CheckedFlags = checkFlags({});
  #window = new RestartWindow(this.#flags);
  readonly #children = new StaticChildren({
    system: this.system,
    ref: this.self(),
    behaviour: this.constructor.name,
    start: (spec) => this.start(spec.start, spec.args, spec),
    exit: (ref, reason) => this.exit(ref, reason),
    unlink: (ref) => this.unlink(ref),
  });

  /** Says how the supervisor works and which children it has; called once, before the first child starts. */
  abstract override init(args: Args): SupervisorInit | Promise<SupervisorInit>;

  /**
   * Adds a child behind all others and starts it.
   *
   * A start that fails leaves nothing behind. A child that asks to be ignored keeps its specification, unless it is temporary.
   */
  startChild(spec: ChildSpec): StartChildResult | Promise<StartChildResult> {
    const checked = this.#check(spec);
    if (checked instanceof SupervisorSpecError) return { ok: false, reason: "invalid_child_spec", error: checked };
    const present = this.#children.get(checked.id);
    if (present?.ref !== undefined) return { ok: false, reason: "already_started", ref: present.ref };
    if (present !== undefined) return { ok: false, reason: "already_present" };
    const added = this.#children.add(checked);
    return whenDone(this.#children.start(added, "debug"), (launch): StartChildResult => {
      if (launch.ok) return { ok: true, ref: added.ref };
      this.#children.remove(added);
      return failedStart(launch.reason, { child: checked });
    });
  }

  /** Starts a child again that does not run; this does not count as a restart. A failure leaves it as it was. */
  restartChild(id: ChildId): RestartChildResult | Promise<RestartChildResult> {
    const child = this.#children.get(id);
    if (child === undefined) return NOT_FOUND;
    if (child.state !== "stopped") return { ok: false, reason: child.state };
    return whenDone(this.#children.start(child, "debug"), (launch): RestartChildResult => {
      return launch.ok ? { ok: true, ref: child.ref } : failedStart(launch.reason, {});
    });
  }

  /**
   * Stops a child and waits for its end, or ends the attempts to restart it. Its specification stays, unless it is temporary.
   *
   * Never shuts the supervisor down, whether the child is significant or not.
   */
  terminateChild(id: ChildId): TerminateChildResult | Promise<TerminateChildResult> {
    const child = this.#children.get(id);
    if (child === undefined) return NOT_FOUND;
    return whenDone(this.#children.stop(child), () => {
      if (child.restart === "temporary") this.#children.remove(child);
      return OK;
    });
  }

  /** Removes the specification of a child that does not run. */
  deleteChild(id: ChildId): DeleteChildResult {
    const child = this.#children.get(id);
    if (child === undefined) return NOT_FOUND;
    if (child.state !== "stopped") return { ok: false, reason: child.state };
    this.#children.remove(child);
    return OK;
  }

  /** All children, the newest first. */
  whichChildren(): ChildEntry[] {
    const entries = this.#children.all().map((child) => child.entry);
    return entries.reverse();
  }

  /** One child. */
  whichChild(id: ChildId): WhichChildResult {
    const child = this.#children.get(id);
    return child === undefined ? NOT_FOUND : { ok: true, child: child.entry };
  }

  /** How many children there are, and of which kind. */
  countChildren(): ChildCounts {
    const supervisors = this.#children.all().filter((child) => child.spec.type === "supervisor").length;
    const { size, active } = this.#children;
    return { specs: size, active, supervisors, workers: size - supervisors };
  }

  /** The specification of a child, by its id or its ref, with every default filled in. */
  getChildSpec(child: ChildId | AnyRef): GetChildSpecResult {
    const found = typeof child === "object" ? this.#children.withRef(child) : this.#children.get(child);
    return found === undefined ? NOT_FOUND : { ok: true, spec: found.spec };
  }

  override [startup](args: Args): unknown {
    this.trapExit();
    return whenDone<unknown, InitResult | undefined>(this.init(args), (returned) => this.#begin(returned));
  }

  override handleExit({ ref, reason }: Exit): void | Promise<void> {
    const child = this.#children.withRef(ref);
    // A stranger, or a child that was stopped: whoever stopped it has seen its end.
    if (child === undefined) return;
    this.#children.ended(child, reason);
    if (isTerminationReported(child.restart, reason)) this.#children.report("child_terminated", reason, child, ref);
    if (shouldRestart(child.restart, reason)) return this.#restart(child);
    if (child.restart === "temporary") this.#children.remove(child);
    if (endsSupervisor(this.#flags.autoShutdown, child, this.#children.values())) this.stop("shutdown");
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (!(message instanceof TryAgain)) return super.handleInfo(message);
    const child = this.#children.get(message.id);
    if (child?.retry === message) return this.#restart(child);
  }

  /** Stops the children, the last one first; then the subclass's own `terminate` runs. */
  override [teardown](reason: ExitReason): unknown {
    return whenDone<true, unknown>(this.#children.stopEach(this.#children.all().reverse()), () =>
      super[teardown](reason),
    );
  }

  override formatStatus(): SupervisorStatus {
    const { size, active } = this.#children;
    const entries = this.#children.all().slice(0, MOST_LISTED);
    return {
      kind: "supervisor",
      strategy: this.#flags.strategy,
      dynamic: false,
      restarts: restartStatus(this.#window, this.system.clock.now()),
      children: size,
      active,
      entries: entries.map(({ entry, spec, restarts, lastExit }) => {
        const { restart, shutdown, significant } = spec;
        return { ...entry, restart, shutdown, significant, restarts, lastExit };
      }),
    };
  }

  #begin(returned: unknown): InitResult | undefined | Promise<InitResult | undefined> {
    if (isInitResult(returned)) return returned;
    try {
      const { children, ...flags } = planOf(returned, this.constructor.name);
      this.#flags = checkFlags(flags);
      for (const spec of checkChildSpecs(children, this.#flags.autoShutdown)) this.#children.add(spec);
    } catch (error) {
      if (error instanceof SupervisorSpecError) return { stop: error.exitReason };
      throw error;
    }
    this.#window = new RestartWindow(this.#flags);
    return whenDone(this.#children.startEach(this.#children.all()), (failed) => {
      return failed === undefined ? undefined : this.#abandon(failed);
    });
  }

  #abandon({ child, reason }: FailedChild): InitResult | Promise<InitResult> {
    this.#children.report("start_error", reason, child, undefined);
    return whenDone(this.#children.stopEach(this.#children.all().reverse()), () => {
      return { stop: { shutdown: { failed_to_start_child: child.id, reason } } };
    });
  }

  #restart(child: StaticChild): void | Promise<void> {
    if (!this.#window.allow(this.system.clock.now())) {
      this.#children.report("shutdown", "reached_max_restart_intensity", child, undefined);
      child.retry = undefined;
      this.stop("shutdown");
      return;
    }
    child.restarts++;
    const { strategy } = this.#flags;
    const affected = strategy === "one_for_one" ? [child] : this.#children.all();
    const { stop, start, drop } = plan(affected, child.id, strategy);
    return whenDone(this.#children.stopEach(stop), () => {
      for (const dropped of drop) this.#children.remove(dropped);
      return whenDone(this.#children.startEach(start), (failed) => this.#tryAgain(failed));
    });
  }

  #tryAgain(failed: FailedChild | undefined): void {
    if (failed === undefined) return;
    const { child, reason } = failed;
    this.#children.report("start_error", reason, child, undefined);
    child.retry = new TryAgain(child.id);
    this.self().send(child.retry);
  }

  #check(spec: ChildSpec): CheckedChildSpec | SupervisorSpecError {
    try {
      return checkChildSpec(spec, this.#flags.autoShutdown);
    } catch (error) {
      if (error instanceof SupervisorSpecError) return error;
      throw error;
    }
  }
}

function planOf(returned: unknown, behaviour: string): { readonly children: unknown } & Record<string, unknown> {
  if (typeof returned === "object" && returned !== null && "children" in returned) return { ...returned };
  throw new BadReturnError(
    `${behaviour}.init returned ${whatCame(returned)}. A supervisor's init may return { strategy, intensity, periodMs, autoShutdown, children }, ` +
      "of which only children is required, { ignore: true }, { stop: reason }, or a promise of one of these.",
  );
}
