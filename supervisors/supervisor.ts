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
import { isInitResult, refuseStop } from "./init-result.js";
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
import { childStatus, MOST_LISTED, restartStatus, type SupervisorStatus } from "./status.js";
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

  #given: { readonly args: Args } | undefined;
  #flags: CheckedFlags = checkFlags({});
  #window = new RestartWindow(this.#flags);
  readonly #children = new StaticChildren({
    system: this.system,
    ref: this.self(),
    behaviour: this.constructor.name,
    start: (spec) => this.start(spec.start, spec.args, spec),
    exit: (ref, reason) => this.exit(ref, reason),
    unlink: (ref) => this.unlink(ref),
    send: (message) => this.self().send(message),
    sendAfter: (delayMs, message) => this.sendAfter(delayMs, message),
    cancelTimer: (timer) => this.cancelTimer(timer),
  });

  /** Says how the supervisor works and which children it has; called before the first child starts, and again by a code change. */
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

  /**
   * Starts a child again that does not run; this does not count as a restart. A failure leaves it as it was.
   *
   * A child whose back-off is waiting is tried at once instead, with its group; should that fail, the next delay begins.
   */
  restartChild(id: ChildId): RestartChildResult | Promise<RestartChildResult> {
    const child = this.#children.get(id);
    if (child === undefined) return NOT_FOUND;
    if (child.retry?.due !== undefined) return this.#hasten(child);
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
    this.#given = { args };
    return whenDone<unknown, InitResult | undefined>(this.init(args), (returned) => this.#begin(returned));
  }

  /**
   * Takes over what `init` says now, with the arguments that the supervisor was started with; see `sys.changeCode`.
   *
   * The flags are replaced, and with them the specifications of children that `init` still names, which are in force from their next start.
   * New children are added and not started, those that `init` does not name any more are neither stopped nor removed. The restarts so far
   * count on. With `{ ignore: true }` all stays as it is; what cannot be used is refused as a whole. A subclass that overrides this must
   * call `super`.
   */
  override codeChange(_oldVersion: unknown, _extra: unknown): void | Promise<void> {
    if (this.#given === undefined) return;
    return whenDone<unknown, void>(this.init(this.#given.args), (returned) => this.#replan(returned));
  }

  override handleExit({ ref, reason }: Exit): void | Promise<void> {
    const child = this.#children.withRef(ref);
    // A stranger, or a child that was stopped: whoever stopped it has seen its end.
    if (child === undefined) return;
    this.#children.ended(child, reason);
    if (isTerminationReported(child.restart, reason)) this.#children.report("child_terminated", reason, child, ref);
    if (shouldRestart(child.restart, reason)) return this.#restartInTime(child);
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
    const now = this.system.clock.now();
    const entries = this.#children.all().slice(0, MOST_LISTED);
    return {
      kind: "supervisor",
      strategy: this.#flags.strategy,
      dynamic: false,
      restarts: restartStatus(this.#window, now),
      children: size,
      active,
      entries: entries.map((child) => childStatus(child, now)),
    };
  }

  #begin(returned: unknown): InitResult | undefined | Promise<InitResult | undefined> {
    if (isInitResult(returned)) return returned;
    try {
      const { flags, specs } = this.#read(returned);
      this.#flags = flags;
      for (const spec of specs) this.#children.add(spec);
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

  /** Restarts a child that has ended or could not be started: now, or after the delay of its back-off. */
  #restartInTime(child: StaticChild): void | Promise<void> {
    if (child.attempts === undefined) return this.#restart(child);
    const delayMs = child.attempts.next(this.system.clock.now(), this.system.random);
    if (delayMs === undefined) return this.#giveUp(child, "reached_max_restart_attempts");
    this.#children.tryLater(child, delayMs);
    // The siblings do not wait for it: those that its strategy ties to it must not run without it.
    return whenDone(this.#stopGroup(child), () => undefined);
  }

  #restart(child: StaticChild): void | Promise<void> {
    if (child.attempts !== undefined) this.#window.pass();
    else if (!this.#window.allow(this.system.clock.now())) {
      return this.#giveUp(child, "reached_max_restart_intensity");
    }
    return whenDone(this.#attempt(child), (failed) => (failed === undefined ? undefined : this.#tryAgain(failed)));
  }

  /** Makes the attempt that the back-off of a child is waiting for. */
  #hasten(child: StaticChild): RestartChildResult | Promise<RestartChildResult> {
    this.#window.pass();
    return whenDone(this.#attempt(child), (failed): RestartChildResult | Promise<RestartChildResult> => {
      if (failed === undefined) return { ok: true, ref: child.ref };
      const answer = failedStart(failed.reason, {});
      return whenDone(this.#tryAgain(failed), () => answer);
    });
  }

  /** Stops and starts a child and those that its strategy ties to it. */
  #attempt(child: StaticChild): FailedChild | undefined | Promise<FailedChild | undefined> {
    child.restarts++;
    return whenDone(this.#stopGroup(child), (start) => {
      return whenDone(this.#children.startEach(start), (failed) => {
        // One that starts before it failed: from now on the attempts are that one's.
        if (failed !== undefined && failed.child !== child) this.#children.settle(child);
        return failed;
      });
    });
  }

  /** Stops those that the strategy ties to a child; answers who is to be started then. */
  #stopGroup(child: StaticChild): readonly StaticChild[] | Promise<readonly StaticChild[]> {
    const { strategy } = this.#flags;
    if (strategy === "one_for_one") return [child];
    const { stop, start, drop } = plan(this.#children.all(), child.id, strategy);
    return whenDone(this.#children.stopEach(stop), () => {
      for (const dropped of drop) this.#children.remove(dropped);
      return start;
    });
  }

  #tryAgain({ child, reason }: FailedChild): void | Promise<void> {
    this.#children.report("start_error", reason, child, undefined);
    if (child.attempts !== undefined) return this.#restartInTime(child);
    this.#children.tryAgain(child);
  }

  #giveUp(child: StaticChild, reason: string): void {
    this.#children.report("shutdown", reason, child, undefined);
    this.#children.settle(child);
    this.stop("shutdown");
  }

  /** Reads what `init` returned. @throws {SupervisorSpecError} or {@link BadReturnError} when it cannot be used */
  #read(returned: unknown): { readonly flags: CheckedFlags; readonly specs: readonly CheckedChildSpec[] } {
    const { children, ...given } = planOf(returned, this.constructor.name);
    const flags = checkFlags(given);
    return { flags, specs: checkChildSpecs(children, flags.autoShutdown) };
  }

  #replan(returned: unknown): void {
    if (isInitResult(returned)) return refuseStop(returned, this.constructor.name);
    const { flags, specs } = this.#read(returned);
    this.#flags = flags;
    this.#window = this.#window.under(flags);
    this.#children.respecify(specs);
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
