import {
  Actor,
  type AnyRef,
  BadReturnError,
  type Deferred,
  type Exit,
  type ExitReason,
  formatReason,
  type InitResult,
  messages,
  type ReportLevel,
  type StartResult,
  startup,
  teardown,
  whatCame,
} from "../src/index.js";
import { type CheckedDynamicFlags, checkDynamicFlags, type DynamicSupervisorFlags } from "./check-flags.js";
import { supervising } from "./child-spec.js";
import { ChildTemplate } from "./child-template.js";
import {
  ChildStopped,
  type DynamicEntry,
  type DynamicStartOptions,
  RestartableChild,
  StoppingChild,
  TryChildAgain,
} from "./dynamic-child.js";
import { whenDone } from "./in-order.js";
import { isInitResult, refuseStop } from "./init-result.js";
import { type ErrorContext, offenderOf, ProgressReport, type Reporting, SupervisorReport } from "./reports.js";
import {
  type ChildCounts,
  type ChildEntry,
  type DynamicStartResult,
  failedStart,
  NOT_FOUND,
  OK,
  type Refused,
  type TerminateChildResult,
  type WhichChildResult,
} from "./results.js";
import { SupervisorSpecError, unexpected } from "./spec-error.js";
import { type ChildStatus, MOST_LISTED, nextTry, restartStatus, type SupervisorStatus } from "./status.js";
import { type StopRequest, Stopper } from "./stopper.js";
import { RestartWindow } from "./strategy/intensity.js";
import { isShutdownError, isTerminationReported, shouldRestart } from "./strategy/should-restart.js";

const NO_OPTIONS: DynamicStartOptions = {};
const IGNORED: Refused<"ignore"> = { ok: false, reason: "ignore" };
const MAX_CHILDREN: Refused<"max_children"> = { ok: false, reason: "max_children" };

/** How often children of one class ended in the same wrong way when they were stopped. */
interface ShutdownError {
  readonly template: ChildTemplate;
  readonly reason: ExitReason;
  children: number;
}

/**
 * A supervisor for any number of children of like kinds that come and go while it runs: Elixir's `DynamicSupervisor`.
 *
 * ```ts
 * child(DynamicSupervisor, { id: "rooms", name: "rooms", args: { maxChildren: 10_000 } });
 *
 * const room = childTemplate(Room, { restart: "temporary" });
 * const result = await startChild(rooms, room, { topic: "lobby" });
 * ```
 *
 * It starts with no children; they have no ids and are known by their refs. Restarts touch the failed child only; `intensity` and `periodMs`
 * count those of all children together. When it stops, all children are stopped at the same time, each with its own time-out. A child that is
 * stopped by {@link DynamicSupervisor.terminateChild} does not keep the supervisor from serving others meanwhile.
 *
 * Starting and ending cost the same with one child as with 100,000. Of a temporary child nothing is kept but one entry that points to its
 * template; a child that may be restarted keeps its start arguments too. A subclass may return flags from `init` instead of being given them.
 * A subclass that overrides `handleInfo` or `handleExit` must call `super`.
 */
export class DynamicSupervisor extends Actor<DynamicSupervisorFlags | undefined> {
  static readonly [supervising] = true;
  /** Callers wait for as long as it takes: a supervisor that starts or stops a child answers nobody meanwhile, as in OTP. */
  static override readonly callTimeoutMs = Number.POSITIVE_INFINITY;
  static readonly [messages] = [
    "startChild",
    "terminateChild",
    "whichChild",
    "whichChildren",
    "countChildren",
  ] as const;

  #given: DynamicSupervisorFlags | undefined;
  #flags: CheckedDynamicFlags = checkDynamicFlags({});
  #window = new RestartWindow(this.#flags);
  readonly #children = new Map<AnyRef, DynamicEntry>();
  #supervisors = 0;
  /** Those between two attempts. */
  readonly #restarting = new Set<RestartableChild>();
  readonly #reporting: Reporting = { ref: this.self(), behaviour: this.constructor.name };
  readonly #stopper = new Stopper(this.system, {
    exit: (ref, reason) => this.exit(ref, reason),
    unlink: (ref) => this.unlink(ref),
  });

  /**
   * Starts a child. Use the function `startChild`, which knows the types of `args` and of the ref.
   *
   * A child whose `init` asks to be ignored is not kept. With `maxChildren` present, those that are being restarted or stopped included, no
   * further one is started.
   */
  startChild(
    template: ChildTemplate,
    args?: unknown,
    options: DynamicStartOptions = NO_OPTIONS,
  ): DynamicStartResult | Promise<DynamicStartResult> {
    if (!(template instanceof ChildTemplate)) {
      const error = unexpected(
        "invalid_child_spec",
        "the child",
        "a template made with childTemplate(Class)",
        template,
      );
      return { ok: false, reason: "invalid_child_spec", error };
    }
    if (this.#children.size >= this.#flags.maxChildren) return MAX_CHILDREN;
    const result = this.start(template.start, args, options);
    if (result instanceof Promise) return result.then((later) => this.#admit(later, template, args, options));
    return this.#admit(result, template, args, options);
  }

  /**
   * Stops a child, or ends the attempts to restart it; it is known by its last ref then. Answers when it has ended.
   *
   * A ref of an actor that is no child of this supervisor, or no longer, is `not_found`.
   */
  terminateChild(ref: AnyRef): Deferred<TerminateChildResult> {
    const deferred = this.defer<TerminateChildResult>();
    const entry = this.#children.get(ref);
    if (entry === undefined) {
      deferred.reply(NOT_FOUND);
    } else if (entry instanceof StoppingChild) {
      entry.waiting.push(deferred);
    } else if (entry instanceof RestartableChild && entry.retry !== undefined) {
      this.#settleRetry(entry);
      this.#remove(ref, entry.template);
      deferred.reply(OK);
    } else {
      this.#stopChild(ref, templateOf(entry), deferred);
    }
    return deferred;
  }

  /** One child. A ref of an actor that is no child of this supervisor, or no longer, is `not_found`. */
  whichChild(ref: AnyRef): WhichChildResult {
    const entry = this.#children.get(ref);
    return entry === undefined ? NOT_FOUND : { ok: true, child: shown(ref, entry) };
  }

  /** All children, the newest first. Costs time and memory for each: not for supervisors with many children, and never in a loop. */
  whichChildren(): ChildEntry[] {
    return [...this.#children].reverse().map(([ref, entry]) => shown(ref, entry));
  }

  /** How many children there are, and of which kind; `specs` is the number of children. */
  countChildren(): ChildCounts {
    const { size } = this.#children;
    const supervisors = this.#supervisors;
    return { specs: size, active: size - this.#restarting.size, supervisors, workers: size - supervisors };
  }

  override [startup](flags: DynamicSupervisorFlags | undefined): unknown {
    this.trapExit();
    this.#given = flags;
    return whenDone<unknown, InitResult | undefined>(this.init(flags), (returned) =>
      this.#begin(returned ?? flags ?? {}),
    );
  }

  /**
   * Takes over the flags that `init` returns now; see `sys.changeCode`. Children are not touched, also when there are more than `maxChildren`.
   *
   * The restarts so far count on. What cannot be used is refused. Each child keeps the template that it was started with.
   */
  override codeChange(_oldVersion: unknown, _extra: unknown): void | Promise<void> {
    const given = this.#given;
    return whenDone<unknown, void>(this.init(given), (returned) => this.#reflag(returned ?? given ?? {}));
  }

  override handleExit({ ref, reason }: Exit): void | Promise<void> {
    const entry = this.#children.get(ref);
    if (entry === undefined || entry instanceof StoppingChild) return;
    const template = templateOf(entry);
    if (isTerminationReported(template.restart, reason)) this.#report("child_terminated", reason, template, ref);
    if (entry instanceof RestartableChild && shouldRestart(template.restart, reason)) return this.#restartInTime(entry);
    this.#remove(ref, template);
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (message instanceof TryChildAgain) {
      if (message.child.retry === message) return this.#restart(message.child);
    } else if (message instanceof ChildStopped) {
      const entry = this.#children.get(message.ref);
      if (!(entry instanceof StoppingChild)) return;
      this.#stopped(message.ref, entry.template, message.reason);
      for (const deferred of entry.waiting) deferred.reply(OK);
    } else {
      return super.handleInfo(message);
    }
  }

  /** Stops the children, all at once; then the subclass's own `terminate` runs. */
  override async [teardown](reason: ExitReason): Promise<void> {
    const errors = new Map<string, ShutdownError>();
    await this.#stopper.stopAll(this.#stopRequests(), ({ ref }, ended) => {
      const entry = this.#children.get(ref);
      if (entry === undefined) return;
      const template = templateOf(entry);
      if (!isShutdownError(template.restart, template.shutdown, ended)) return;
      const key = `${template.start.name} ${formatReason(ended)}`;
      const known = errors.get(key);
      if (known === undefined) errors.set(key, { template, reason: ended, children: 1 });
      else known.children++;
    });
    for (const error of errors.values()) {
      const offender = { ...offenderOf(undefined, undefined, error.template), children: error.children };
      this.system.report(new SupervisorReport(this.#reporting, "shutdown_error", error.reason, offender));
    }
    await super[teardown](reason);
  }

  override formatStatus(): SupervisorStatus {
    const { specs, active } = this.countChildren();
    const now = this.system.clock.now();
    const restarting = [...this.#restarting].slice(0, MOST_LISTED);
    return {
      kind: "supervisor",
      strategy: "one_for_one",
      dynamic: true,
      restarts: restartStatus(this.#window, now),
      children: specs,
      active,
      entries: restarting.map((child) => statusOf(child, now)),
      maxChildren: this.#flags.maxChildren,
    };
  }

  #begin(returned: unknown): InitResult | undefined {
    if (isInitResult(returned)) return returned;
    try {
      this.#flags = this.#read(returned);
    } catch (error) {
      if (error instanceof SupervisorSpecError) return { stop: error.exitReason };
      throw error;
    }
    this.#window = new RestartWindow(this.#flags);
    return undefined;
  }

  /** Reads what `init` returned. @throws {SupervisorSpecError} or {@link BadReturnError} when it cannot be used */
  #read(returned: unknown): CheckedDynamicFlags {
    if (typeof returned === "object" && returned !== null) return checkDynamicFlags(returned);
    throw new BadReturnError(
      `${this.constructor.name}.init returned ${whatCame(returned)}. The init of a dynamic supervisor may return nothing, ` +
        "{ intensity, periodMs, maxChildren }, of which none is required, { ignore: true }, { stop: reason }, or a promise of one of these.",
    );
  }

  #reflag(returned: unknown): void {
    if (isInitResult(returned)) return refuseStop(returned, this.constructor.name);
    this.#flags = this.#read(returned);
    this.#window = this.#window.under(this.#flags);
  }

  #admit(
    result: StartResult<Actor<unknown>>,
    template: ChildTemplate,
    args: unknown,
    options: DynamicStartOptions,
  ): DynamicStartResult {
    if (!result.ok) return result.ignore ? IGNORED : failedStart(result.reason, {});
    const { ref } = result;
    if (template.restart === "temporary") this.#children.set(ref, template);
    else {
      const child = new RestartableChild(template, args, options, ref);
      child.attempts?.started(this.system.clock.now());
      this.#children.set(ref, child);
    }
    if (template.type === "supervisor") this.#supervisors++;
    this.#progress("debug", ref, template);
    return result;
  }

  /** Restarts a child that has ended or could not be started: now, or after the delay of its back-off. */
  #restartInTime(child: RestartableChild): void | Promise<void> {
    if (child.attempts === undefined) return this.#restart(child);
    const delayMs = child.attempts.next(this.system.clock.now(), this.system.random);
    if (delayMs === undefined) return this.#giveUp(child, "reached_max_restart_attempts");
    const retry = this.#note(child, new TryChildAgain(child));
    retry.due = { timer: this.sendAfter(delayMs, retry), atMs: this.system.clock.now() + delayMs };
  }

  #giveUp(child: RestartableChild, reason: string): void {
    this.#report("shutdown", reason, child.template, child.ref);
    this.#remove(child.ref, child.template);
    this.#settleRetry(child);
    this.stop("shutdown");
  }

  #restart(child: RestartableChild): void | Promise<void> {
    const { template, args, options } = child;
    if (child.attempts !== undefined) this.#window.pass();
    else if (!this.#window.allow(this.system.clock.now())) {
      return this.#giveUp(child, "reached_max_restart_intensity");
    }
    return whenDone(this.start(template.start, args, options), (result) => this.#restarted(child, result));
  }

  #restarted(child: RestartableChild, result: StartResult<Actor<unknown>>): void | Promise<void> {
    const { template, ref } = child;
    if (result.ok) {
      this.#settleRetry(child);
      // Its place stays taken all the time: the number of children does not change with a restart.
      this.#children.delete(ref);
      child.ref = result.ref;
      child.attempts?.started(this.system.clock.now());
      this.#children.set(result.ref, child);
      this.#progress("info", result.ref, template);
    } else if (result.ignore) {
      this.#settleRetry(child);
      this.#remove(ref, template);
    } else {
      this.#report("start_error", result.reason, template, ref);
      if (child.attempts !== undefined) return this.#restartInTime(child);
      this.self().send(this.#note(child, new TryChildAgain(child)));
    }
  }

  #note(child: RestartableChild, retry: TryChildAgain): TryChildAgain {
    this.#settleRetry(child);
    this.#restarting.add(child);
    child.retry = retry;
    return retry;
  }

  #settleRetry(child: RestartableChild): void {
    if (child.retry === undefined) return;
    this.#restarting.delete(child);
    if (child.retry.due !== undefined) this.cancelTimer(child.retry.due.timer);
    child.retry = undefined;
  }

  #stopped(ref: AnyRef, template: ChildTemplate, reason: ExitReason): void {
    this.#remove(ref, template);
    if (isShutdownError(template.restart, template.shutdown, reason))
      this.#report("shutdown_error", reason, template, ref);
  }

  #remove(ref: AnyRef, template: ChildTemplate): void {
    if (this.#children.delete(ref) && template.type === "supervisor") this.#supervisors--;
  }

  #stopChild(ref: AnyRef, template: ChildTemplate, deferred: Deferred<TerminateChildResult>): void {
    const stopped = this.#stopper.stop(ref, template.shutdown);
    if (!(stopped instanceof Promise)) {
      this.#stopped(ref, template, stopped.reason);
      deferred.reply(OK);
      return;
    }
    const stopping = new StoppingChild(template);
    stopping.waiting.push(deferred);
    this.#children.set(ref, stopping);
    void stopped.then(({ reason }) => {
      if (this.system.isAlive(this.self())) this.self().send(new ChildStopped(ref, reason));
    });
  }

  *#stopRequests(): Generator<StopRequest> {
    for (const [ref, entry] of this.#children) {
      if (entry instanceof RestartableChild && entry.retry !== undefined) continue;
      yield { ref, shutdown: templateOf(entry).shutdown };
    }
  }

  #report(context: ErrorContext, reason: ExitReason, template: ChildTemplate, ref: AnyRef): void {
    this.system.report(new SupervisorReport(this.#reporting, context, reason, offenderOf(undefined, ref, template)));
  }

  #progress(level: ReportLevel, ref: AnyRef, template: ChildTemplate): void {
    this.system.report(new ProgressReport(level, this.#reporting, undefined, ref, template));
  }
}

function templateOf(entry: DynamicEntry): ChildTemplate {
  return entry instanceof ChildTemplate ? entry : entry.template;
}

function shown(ref: AnyRef, entry: DynamicEntry): ChildEntry {
  const restarting = entry instanceof RestartableChild && entry.retry !== undefined;
  const { type, start } = templateOf(entry);
  const state = restarting ? "restarting" : "running";
  return { id: undefined, ref: restarting ? undefined : ref, state, type, behaviour: start.name };
}

function statusOf(child: RestartableChild, now: number): ChildStatus {
  const { template, options, ref, retry, attempts } = child;
  const { restart, shutdown } = template;
  const name = options.name ?? options.label;
  return {
    ...shown(ref, child),
    restart,
    shutdown,
    significant: false,
    restarts: 0,
    lastExit: undefined,
    ...(name === undefined ? {} : { name }),
    ...nextTry(retry?.due?.atMs, attempts, now),
  };
}
