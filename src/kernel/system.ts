import { type Actor, type ActorClass, asRef, type StartParameters } from "./actor.js";
import type { ActorRef, AnyRef } from "./actor-ref.js";
import { type CallerContext, trackedRun } from "./caller-context.js";
import { type Cell, cellOf, ownCellOf } from "./cell.js";
import { type Clock, realClock } from "./clock.js";
import { current } from "./current.js";
import type { DeadLetters } from "./dead-letters.js";
import { checkTimeout, signal } from "./delivery.js";
import { BadArgumentError, CallError, NoContextError, StartError, whatCame } from "./errors.js";
import type { ExitReason } from "./exit-reason.js";
import { extrasOf } from "./extras.js";
import { childrenOf } from "./family.js";
import { DEAD, GUARDED, OCCUPIED, REMOTE } from "./flags.js";
import { type ActorInfo, type InfoOptions, infoOf } from "./info.js";
import { Kernel } from "./kernel.js";
import type { MonitorRef } from "./monitor.js";
import { type Random, systemRandom } from "./random.js";
import { consoleReporter, type Report, type Reporter } from "./report.js";
import { limitReports } from "./report-limit.js";
import { nodeExecutor, Scheduler, type SchedulerFactory } from "./scheduler.js";
import { type CellStart, type SpawnOptions, type StartOptions, spawnCell, startCell } from "./starting.js";
import { Signal } from "./signal.js";
import { endUnusedWatch, exitSignal } from "./termination.js";
import type { NameFor } from "./typed-name.js";

/** How a start ended: a ref, a wish not to run (`init` returned `{ ignore: true }`), or the reason it failed. */
export type StartResult<A> =
  | { readonly ok: true; readonly ref: ActorRef<A> /** With the option `monitor`. */; readonly monitor?: MonitorRef }
  | { readonly ok: false; readonly ignore: true }
  | { readonly ok: false; readonly ignore: false; readonly reason: ExitReason };

/** Options of {@link createSystem}. */
export interface SystemOptions<Root> {
  /** The actor that everything hangs from, most often a supervisor. Started first; when it ends, the system stops. */
  readonly root?: ActorClass<Root>;
  /** Argument of the root's `init`. */
  readonly rootArgs?: unknown;
  /** What the inspector shows; `"holdfast"` by default. */
  readonly name?: string;
  /** Where time comes from; the machine's clock by default. */
  readonly clock?: Clock;
  /** Where randomness comes from; `Math.random` by default. */
  readonly random?: Random;
  /** Gets crash reports and the like; by default errors and warnings go to the console's error stream, so many of each type a second. */
  readonly reporter?: Reporter;
  /** How long actors may run before I/O gets its turn, in milliseconds; 5 by default. */
  readonly sliceMs?: number;
  /**
   * An `AsyncLocalStorage` through which calls are attributed to handlers after any `await`, so that every cycle of calls is found at once. None
   * by default: then those calls are known that a handler makes before its first `await`, and after the reply to a call that it awaited.
   */
  readonly callerContext?: CallerContext;
}

const DEFAULT_SLICE_MS = 5;
const DEFAULT_STOP_TIMEOUT_MS = 5_000;

/**
 * One system of actors in this process: their names, groups, clock and scheduler, and the program's door to them.
 *
 * Made with {@link createSystem}. Several systems may live in one process and know nothing of each other.
 */
export class ActorSystem {
  readonly name: string;
  /** Resolves with the root's exit reason, or with that of {@link ActorSystem.stop}, when the system has stopped. */
  readonly done: Promise<ExitReason>;
  readonly #kernel: Kernel;
  #root: Cell | undefined;
  #stopping: Promise<void> | undefined;
  #wasAsked = false;
  #resolveDone: (reason: ExitReason) => void = () => undefined;

  /** @internal */
  constructor(kernel: Kernel, name: string) {
    this.#kernel = kernel;
    this.name = name;
    this.done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
  }

  get clock(): Clock {
    return this.#kernel.clock;
  }

  get random(): Random {
    return this.#kernel.random;
  }

  /** The actor that the system was made with. */
  get root(): AnyRef | undefined {
    return this.#root;
  }

  /** What could not be delivered. */
  get deadLetters(): Pick<DeadLetters, "total" | "byReason" | "byTarget" | "recent"> {
    return this.#kernel.deadLetters;
  }

  /** Makes an actor and returns its ref at once; `init` runs in its own first turn. @throws {BadArgumentError} when the name is taken */
  spawn<A extends Actor<never>>(actorClass: ActorClass<A>, ...rest: StartParameters<A, SpawnOptions>): ActorRef<A> {
    return this.spawnFrom(this.#kernel.origin, actorClass, rest[0], rest[1] ?? {});
  }

  /** Makes an actor and resolves when its `init` is done. @throws {StartError} when no running actor came out of it */
  async start<A extends Actor<never>>(
    actorClass: ActorClass<A>,
    ...rest: StartParameters<A, StartOptions>
  ): Promise<ActorRef<A>> {
    this.#checkRunning();
    return unwrap(actorClass.name, await this.startFrom(this.#kernel.origin, actorClass, rest[0], rest[1] ?? {}));
  }

  /** The actor that holds a name now, or `undefined`. `A` comes with an {@link ActorName}; else it is what the caller knows of its class. */
  whereis<A = unknown>(name: NameFor<A>): ActorRef<A> | undefined {
    const cell = this.#kernel.names.get(name);
    return cell === undefined ? undefined : asRef<A>(cell);
  }

  /** All names that are held. */
  names(): string[] {
    return [...this.#kernel.names.keys()];
  }

  /** The members of a group, one entry per join. */
  members<A = unknown>(group: string): ActorRef<A>[] {
    return this.#kernel.groups.members(group).map((cell) => asRef<A>(cell));
  }

  /** The actors that an actor has started and that live, oldest first; without an actor, those that the program started itself, and orphans. */
  children(ref?: AnyRef): AnyRef[] {
    return [...childrenOf(ref === undefined ? this.#kernel.origin : cellOf(ref))];
  }

  isAlive(ref: AnyRef): boolean {
    return (cellOf(ref).flags & DEAD) === 0;
  }

  /** How many messages wait for an actor; what is being handled does not count. */
  mailboxLength(ref: AnyRef): number {
    return cellOf(ref).mailboxLength;
  }

  /** What is known of an actor from outside, without asking it; `undefined` when it has ended. */
  info(ref: AnyRef, options: InfoOptions = {}): ActorInfo | undefined {
    return infoOf(ref, options);
  }

  /** Sends an exit signal, as from the parent of what the program started itself. */
  exit(ref: AnyRef, reason: ExitReason): void {
    exitSignal(this.#kernel.origin, cellOf(ref), reason, false);
  }

  /** Resolves with the exit reason when an actor has ended; at once, with its reason, when it had ended before. */
  exited(ref: AnyRef): Promise<ExitReason> {
    return new Promise((resolve) => {
      this.onExit(ref, resolve);
    });
  }

  /**
   * Calls `listener` once with the exit reason when an actor has ended; at once when it had ended before. Not through a mailbox. Returns a function
   * that takes the listener off. For an actor of another node the reason may be `noconnection`: its node cannot be reached, and it may live on.
   */
  onExit(ref: AnyRef, listener: (reason: ExitReason) => void): () => void {
    const cell = cellOf(ref);
    if ((cell.flags & DEAD) !== 0) {
      listener(cell.exitReason);
      return () => undefined;
    }
    const extras = extrasOf(cell);
    extras.exitWaiters ??= new Set();
    // Wrapped, so that one listener given twice is called twice.
    const waiter = (reason: ExitReason): void => listener(reason);
    const isFirst = extras.exitWaiters.size === 0 && extras.watchers === null;
    extras.exitWaiters.add(waiter);
    if (isFirst && (cell.flags & REMOTE) !== 0) this.#kernel.remote?.monitor(cell);
    return () => {
      if (extras.exitWaiters?.delete(waiter) === true) endUnusedWatch(cell);
    };
  }

  /** Why an actor ended; `undefined` while it lives. */
  exitReason(ref: AnyRef): ExitReason {
    return cellOf(ref).exitReason;
  }

  /**
   * Stops an actor in order: `terminate` runs, whether it traps exits or not, and the promise resolves when it has ended.
   *
   * @throws {CallError} `noproc` when it had ended before, `timeout` when it needs longer than `timeoutMs` (the stop goes on), `exit` when it
   * ended with another reason
   */
  async stopActor(ref: AnyRef, reason: ExitReason = "normal", timeoutMs = DEFAULT_STOP_TIMEOUT_MS): Promise<void> {
    checkTimeout(timeoutMs);
    const cell = ownCellOf(ref);
    const failure = { target: cell.describe(), method: "stop", timeoutMs };
    if ((cell.flags & DEAD) !== 0) throw new CallError("noproc", { ...failure, reason: cell.exitReason });
    let takeOff: () => void = () => undefined;
    const ended = new Promise<ExitReason>((resolve) => {
      takeOff = this.onExit(ref, resolve);
    });
    signal(cell, new Signal("stop", cell.handled + cell.mailboxLength, reason, null));
    const outcome = await this.#within(timeoutMs, ended);
    takeOff();
    if (outcome === "timeout") throw new CallError("timeout", { ...failure, reason: "timeout" });
    if (outcome.reason !== reason) throw new CallError("exit", { ...failure, reason: outcome.reason });
  }

  /** Gives a report to the system's reporter. For behaviours; an application logs as it likes. */
  report(report: Report): void {
    this.#kernel.report(report);
  }

  /**
   * Stops the whole system: the root first, which stops its children in order, then whatever the program started besides it.
   *
   * Each gets 5,000 ms (the root as long as its children's own time-outs take), then it is killed. Stopping twice waits for the same stop.
   */
  stop(reason: ExitReason = "shutdown"): Promise<void> {
    if (this.#stopping === undefined) this.#wasAsked = true;
    return this.#begin(reason);
  }

  #begin(reason: ExitReason): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  /** Resolves when no actor has anything to do at this moment; for tests. */
  idle(): Promise<void> {
    return this.#kernel.scheduler.idle();
  }

  /** @internal */
  get kernel(): Kernel {
    return this.#kernel;
  }

  /** @internal Whether the stop was asked for, and is not the consequence of the root's end. */
  get wasAskedToStop(): boolean {
    return this.#wasAsked;
  }

  /** @internal */
  async startRoot(root: ActorClass<Actor<never>>, args: unknown): Promise<void> {
    const result = await this.startFrom(this.#kernel.origin, root, args, {});
    const ref = unwrap(root.name, result);
    this.#root = cellOf(ref);
    void this.#stopAfterRoot(ref);
  }

  async #stopAfterRoot(ref: AnyRef): Promise<void> {
    await this.#begin(await this.exited(ref));
  }

  async #stop(reason: ExitReason): Promise<void> {
    const { origin, calls, timers } = this.#kernel;
    const rootReason =
      this.#root === undefined ? reason : await this.#stopOne(this.#root, reason, Number.POSITIVE_INFINITY);
    const others = [...childrenOf(origin)].reverse();
    await Promise.all(others.map((cell) => this.#stopOne(cell, reason, DEFAULT_STOP_TIMEOUT_MS)));
    // What was linked to nobody and started by those that ended meanwhile.
    for (const cell of [...childrenOf(origin)]) exitSignal(null, cell, "kill", false);
    timers.stop();
    calls.stop();
    this.#resolveDone(rootReason);
  }

  async #stopOne(cell: Cell, reason: ExitReason, timeoutMs: number): Promise<ExitReason> {
    const ended = this.exited(cell);
    exitSignal(this.#kernel.origin, cell, reason === "normal" ? "shutdown" : reason, false);
    if ((await this.#within(timeoutMs, ended)) === "timeout") exitSignal(null, cell, "kill", false);
    return ended;
  }

  async #within(timeoutMs: number, ended: Promise<ExitReason>): Promise<{ reason: ExitReason } | "timeout"> {
    if (timeoutMs === Number.POSITIVE_INFINITY) return { reason: await ended };
    let timer: object | undefined;
    const late = new Promise<"timeout">((resolve) => {
      timer = this.clock.setTimer(timeoutMs, () => resolve("timeout"));
    });
    const outcome = await Promise.race([ended.then((reason) => ({ reason })), late]);
    if (timer !== undefined) this.clock.clearTimer(timer);
    return outcome;
  }

  // What follows is for state that an actor keeps and that callers of the same process use in their own stack.

  /**
   * Whether an actor has nothing to do and may act: then what a caller does in its stead now comes in the order in which messages would. One that is
   * traced is never at rest, so that the trace has all.
   *
   * @internal
   */
  isAtRest(ref: AnyRef): boolean {
    const cell = cellOf(ref);
    if ((cell.flags & OCCUPIED) !== 0) return false;
    return (cell.flags & GUARDED) === 0 || this.#kernel.remote?.mayAct(cell) !== false;
  }

  /** The actor that a call made now would come from. @internal */
  get running(): AnyRef | undefined {
    const { callerContext } = this.#kernel;
    if (current.cell !== null || callerContext === null) return current.cell ?? undefined;
    return trackedRun(callerContext)?.cell;
  }

  // What follows is what an actor does through its own protected methods.

  /** @internal */
  spawnFrom<A extends Actor<never>>(
    parent: Cell,
    actorClass: ActorClass<A>,
    args: unknown,
    options: SpawnOptions,
  ): ActorRef<A> {
    this.#checkRunning();
    return asRef<A>(spawnCell(this.#kernel, parent, erased(actorClass), args, options));
  }

  /** @internal */
  startFrom<A extends Actor<never>>(
    parent: Cell,
    actorClass: ActorClass<A>,
    args: unknown,
    options: StartOptions,
  ): StartResult<A> | Promise<StartResult<A>> {
    const started = startCell(this.#kernel, parent, erased(actorClass), args, options);
    return started instanceof Promise ? started.then((later) => resultOf<A>(later)) : resultOf<A>(started);
  }

  /** @internal */
  abortSignal(cell: Cell): AbortSignal {
    const extras = extrasOf(cell);
    extras.abort ??= new AbortController();
    return extras.abort.signal;
  }

  #checkRunning(): void {
    if (this.#stopping !== undefined)
      throw new NoContextError(`The system ${this.name} is stopping: it starts no more actors`);
  }
}

/**
 * Makes a system of actors, and starts its root.
 *
 * ```ts
 * const system = await createSystem({ root: Shop });
 * ```
 *
 * @throws {StartError} when the root does not start; then nothing is left running
 */
export function createSystem<Root extends Actor<never>>(options: SystemOptions<Root> = {}): Promise<ActorSystem> {
  const { sliceMs = DEFAULT_SLICE_MS } = options;
  return createScheduledSystem(options, (setup) => new Scheduler(setup, nodeExecutor, checkSlice(sliceMs)));
}

/** Makes a system whose actors get their turns from another scheduler; for the test kit. @internal */
export async function createScheduledSystem<Root extends Actor<never>>(
  options: SystemOptions<Root>,
  schedulerOf: SchedulerFactory,
): Promise<ActorSystem> {
  const { clock = realClock, random = systemRandom, callerContext } = options;
  const { reporter = limitReports(consoleReporter, { clock }) } = options;
  const name = checkSystemName(options.name ?? "holdfast");
  const system = new ActorSystem(new Kernel({ clock, random, reporter, schedulerOf, callerContext }), name);
  system.kernel.system = system;
  if (options.root !== undefined) await system.startRoot(options.root, options.rootArgs);
  return system;
}

function checkSlice(sliceMs: number): number {
  if (typeof sliceMs === "number" && sliceMs > 0) return sliceMs;
  throw new BadArgumentError(`Expected sliceMs to be a number of milliseconds above 0, got ${whatCame(sliceMs)}`);
}

function checkSystemName(name: string): string {
  if (typeof name === "string" && name !== "") return name;
  throw new BadArgumentError(`Expected the system's name to be text, got ${whatCame(name)}`);
}

// Classes differ in the arguments of init; the kernel passes those on without looking at them.
function erased(actorClass: ActorClass<Actor<never>>): ActorClass<Actor<unknown>> {
  return actorClass;
}

function resultOf<A>(started: CellStart): StartResult<A> {
  if (!started.ok) return started;
  const ref = asRef<A>(started.cell);
  return started.monitor === undefined ? { ok: true, ref } : { ok: true, ref, monitor: started.monitor };
}

function unwrap<A>(behaviour: string, result: StartResult<A>): ActorRef<A> {
  if (result.ok) return result.ref;
  if (result.ignore) throw new StartError("ignore", behaviour, "ignore");
  const { reason } = result;
  if (reason === "timeout") throw new StartError("timeout", behaviour, reason);
  const taken = typeof reason === "object" && reason !== null && "already_started" in reason;
  throw new StartError(taken ? "already_started" : "init_failed", behaviour, reason);
}
