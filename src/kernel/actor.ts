import { cancelActorTimer, readActorTimer, setActorTimer, type TimerOptions } from "./actor-timers.js";
import type { ActorRef, AnyRef, Handlers } from "./actor-ref.js";
import type { ArgumentSchemas } from "./argument-schemas.js";
import { type AliasOptions, type AliasRef, makeAlias, unalias } from "./alias.js";
import type { MailboxOptions } from "./behaviour.js";
import { type Cell, cellOf, ownCellOf } from "./cell.js";
import { takeConstructing } from "./construct.js";
import { current } from "./current.js";
import { Deferred } from "./deferred.js";
import { BadArgumentError, BadReturnError, NoContextError, whatCame } from "./errors.js";
import type { ExitReason } from "./exit-reason.js";
import { extrasOf } from "./extras.js";
import { DEAD, TRAPPING } from "./flags.js";
import { readState, release, startup, teardown, writeState } from "./hook-keys.js";
import { requestIdle } from "./idle.js";
import type { Kernel } from "./kernel.js";
import type { Down, MonitorOptions, MonitorRef } from "./monitor.js";
import { registerName } from "./names.js";
import { demonitor, link, monitor, unlink } from "./relations.js";
import { continueWith, requestStop } from "./requests-to-self.js";
import type { Exit } from "./signal.js";
import type { SpawnOptions, StartOptions } from "./starting.js";
import { resumeCell, suspendCell } from "./suspension.js";
import type { ActorSystem, StartResult } from "./system.js";
import { exitSignal } from "./termination.js";
import type { TimerRef } from "./timers.js";
import type { NameFor } from "./typed-name.js";

/**
 * What `init` may return, besides nothing.
 *
 * `ignore`: no actor is needed, the start was no failure. `stop`: the start failed, for this reason. `continue`: the actor runs, and
 * `handleContinue` gets the term before any message.
 */
export type InitResult = { readonly ignore: true } | { readonly stop: ExitReason } | { readonly continue: unknown };

/**
 * What the `init` of a behaviour built on {@link Actor} returns to that behaviour, for instance a supervisor's flags and children.
 *
 * A plain actor that returns one fails to start with `bad_return_value`.
 */
export interface BehaviourPlan {
  readonly children?: readonly unknown[];
  readonly strategy?: string;
  readonly intensity?: number;
  readonly periodMs?: number;
  readonly maxChildren?: number;
  readonly subscribeTo?: readonly unknown[];
  readonly dispatcher?: unknown;
  readonly bufferSize?: number;
  readonly bufferKeep?: string;
  readonly demand?: string;
}

/** All that an `init` may return. */
export type InitReturn = void | InitResult | BehaviourPlan | Promise<void | InitResult | BehaviourPlan>;

/** What the arguments of an actor class are. */
export type ArgsOf<A> = A extends Actor<infer Args> ? Args : never;

/** A class that can be started: its constructor takes nothing, arguments go to `init`. */
export interface ActorClass<A> {
  new (): A;
  readonly prototype: object;
  readonly name: string;
  readonly mailbox?: MailboxOptions;
  readonly callTimeoutMs?: number;
  readonly argumentSchemas?: ArgumentSchemas;
}

/** The arguments and options of a start: arguments may be left out when `init` takes none; a typed name must fit the class. */
export type StartParameters<A, Options> = [ArgsOf<A>] extends [void]
  ? [args?: undefined, options?: Options & NamedStart<A>]
  : undefined extends ArgsOf<A>
    ? [args?: ArgsOf<A>, options?: Options & NamedStart<A>]
    : [args: ArgsOf<A>, options?: Options & NamedStart<A>];

interface NamedStart<A> {
  readonly name?: NameFor<A>;
}

/**
 * Base class of every actor: state of its own, a mailbox, and one message at a time.
 *
 * Each public method of a subclass is a message that others send with `ref.call.method(…)` or `ref.cast.method(…)`; what it returns is the
 * reply. A method may be async: the next message waits until it has settled. A method that throws ends the actor with `{ error }`, which
 * its supervisor, links and callers are told. Methods that must not be messages are `#private`.
 *
 * The type argument is that of `init`. Hooks carry OTP's names: this is `gen_server`.
 *
 * ```ts
 * class Counter extends Actor<{ from: number }> {
 *   #n = 0;
 *   override init({ from }: { from: number }) { this.#n = from; }
 *   add(k: number): number { return (this.#n += k); }
 * }
 * ```
 */
export abstract class Actor<Args = void> {
  /** The bound of this class's mailboxes: 1,048,576 messages and `"drop_newest"` by default. */
  static readonly mailbox: MailboxOptions = {};
  /** How long `ref.call` waits for actors of this class, in milliseconds: 5,000 by default, as in `gen_server:call/2`; may be `Infinity`. */
  static readonly callTimeoutMs: number = 5_000;
  /**
   * Schemas for the arguments of messages, by the name of the method: none by default, and then nothing is checked and nothing costs.
   *
   * A message whose arguments do not fit never reaches the method: a call rejects with `bad_argument`, a cast becomes a dead letter, and the
   * actor goes on. The method gets what the schema gives. See {@link MessageSchemas}.
   */
  static readonly argumentSchemas: ArgumentSchemas = {};

  readonly #cell: Cell;

  constructor() {
    const cell = takeConstructing();
    if (cell === undefined) {
      throw new NoContextError(
        `Cannot construct ${new.target.name} with new: start it with system.start, system.spawn or as a child`,
      );
    }
    this.#cell = cell;
  }

  /** Sets the actor up, before its first message. Throwing, or returning `{ stop }`, fails the start. */
  init(_args: Args): InitReturn {}

  /** Called after `init` returned `{ continue: term }`, or after `continueWith(term)`, before any other message. Without an override the actor crashes. */
  handleContinue(term: unknown): void | Promise<void> {
    throw new BadReturnError(
      `${this.#cell.describe()} was to continue with ${whatCame(term)}, but its class has no handleContinue: define it, or do not continue`,
    );
  }

  /** Called with what was sent by `ref.send`, and by timers. Without an override the message is reported and dropped. */
  handleInfo(message: unknown): void | Promise<void> {
    reportUnexpected(this.#cell, "message", message);
  }

  /** Called when a monitored actor has ended. Without an override it is reported and dropped. */
  handleDown(down: Down): void | Promise<void> {
    reportUnexpected(this.#cell, "down", down.reason);
  }

  /** Called when a linked actor has ended or somebody sent an exit signal, if this actor traps exits; not for its parent's exit. */
  handleExit(exit: Exit): void | Promise<void> {
    reportUnexpected(this.#cell, "exit", exit.reason);
  }

  /**
   * Called once before the actor ends by its own doing: it stopped, it crashed, or it traps exits and its parent stops it.
   *
   * Not called when it is killed, nor when an exit signal ends it while it does not trap exits, as in OTP.
   */
  terminate(_reason: ExitReason): void | Promise<void> {}

  /**
   * Brings the state of an actor that runs on, suspended, into the form that the code of today expects; see `sys.changeCode`.
   *
   * Without an override a change is refused. `oldVersion` and `extra` are what `sys.changeCode` was given.
   */
  codeChange(_oldVersion: unknown, _extra: unknown): void | Promise<void> {}

  /** What the inspector and crash reports may show of the actor's state: plain data without secrets. Nothing by default. */
  formatStatus(): unknown {
    return undefined;
  }

  /**
   * The address of this actor, typed as what the place that takes it expects: `to.cast.subscribe(this.self())`.
   *
   * To send to oneself say which class one is: `this.self<Counter>().cast.add(1)`.
   */
  protected self<Self = this>(this: NoInfer<Self>): ActorRef<Self>;
  protected self<Protocol>(this: Handlers<NoInfer<Protocol>>): ActorRef<Protocol>;
  protected self(): ActorRef<this> {
    return asRef<this>(this.#cell);
  }

  /** The system it runs in. */
  protected get system(): ActorSystem {
    return this.#cell.behaviour.kernel.system;
  }

  /** The actor that started it; `undefined` when the program did. */
  protected get parent(): AnyRef | undefined {
    const { parent } = this.#cell;
    return parent === null || parent.parent === null ? undefined : parent;
  }

  /** Who sent the call that is being handled: known for an actor that called in the synchronous part of a handler. */
  protected get caller(): AnyRef | undefined {
    return current.cell === this.#cell ? current.call?.callerRef : undefined;
  }

  /** Aborted when the actor ends, so that what it still waits for can stop. */
  protected get signal(): AbortSignal {
    return kernelOf(this.#cell).system.abortSignal(this.#cell);
  }

  /** Makes exit signals arrive as {@link Actor.handleExit}, and lets `terminate` run when the parent stops this actor. */
  protected trapExit(trap = true): void {
    const cell = liveCell(this.#cell);
    cell.flags = trap ? cell.flags | TRAPPING : cell.flags & ~TRAPPING;
  }

  /** Links this actor with another: when one ends abnormally, so does the other, unless it traps exits. Linking twice does nothing. */
  protected link(other: AnyRef): void {
    link(liveCell(this.#cell), other);
  }

  /** Removes a link. */
  protected unlink(other: AnyRef): void {
    unlink(liveCell(this.#cell), other);
  }

  /**
   * Asks to be told, once, by {@link Actor.handleDown} when an actor ends.
   *
   * If it is dead, or nobody holds the name, that is told at once with `"noproc"`. A name is that of its holder now, not of later ones.
   */
  protected monitor(target: AnyRef | string, options: MonitorOptions = {}): MonitorRef {
    return monitor(liveCell(this.#cell), target, options);
  }

  /** Ends a monitor; with `flush` also drops a `handleDown` that already waits. Returns whether the monitor was still active. */
  protected demonitor(monitor: MonitorRef, options: { readonly flush?: boolean } = {}): boolean {
    return demonitor(liveCell(this.#cell), monitor, options.flush === true);
  }

  /** Makes a second address of this actor that can be taken back, for answers that must not come late. */
  protected alias(options: AliasOptions = {}): AliasRef {
    return makeAlias(liveCell(this.#cell), options);
  }

  /** Takes an alias back: what is sent through it from now on vanishes. False when it was no longer active. */
  protected unalias(alias: AliasRef): boolean {
    return unalias(liveCell(this.#cell), alias);
  }

  /** Makes another actor handle no messages until it is resumed as often as it was suspended, or until this actor ends. */
  protected suspend(other: AnyRef): void {
    suspendCell(ownCellOf(other), liveCell(this.#cell));
  }

  /** Undoes one {@link Actor.suspend} by this actor; false when there was none. */
  protected resume(other: AnyRef): boolean {
    return resumeCell(ownCellOf(other), liveCell(this.#cell));
  }

  /** Makes a new actor and returns its ref at once; `init` runs in its own first turn. Not linked unless `options.link` is true. */
  protected spawn<A extends Actor<never>>(
    actorClass: ActorClass<A>,
    ...rest: StartParameters<A, SpawnOptions>
  ): ActorRef<A> {
    return kernelOf(this.#cell).system.spawnFrom(this.#cell, actorClass, rest[0], rest[1] ?? {});
  }

  /**
   * Makes a new actor, linked to this one, and runs its `init` now: `start_link` of OTP.
   *
   * The result is there at once, or a promise of it when `init` is async; `await` fits both. It never throws for a failed start: this
   * actor is not sent an exit signal for it either.
   */
  protected start<A extends Actor<never>>(
    actorClass: ActorClass<A>,
    ...rest: StartParameters<A, StartOptions>
  ): StartResult<A> | Promise<StartResult<A>> {
    return kernelOf(this.#cell).system.startFrom(this.#cell, actorClass, rest[0], rest[1] ?? {});
  }

  /** Sends an exit signal: `"kill"` cannot be trapped, `"normal"` is ignored by those that do not trap exits. */
  protected exit(target: AnyRef, reason: ExitReason): void {
    exitSignal(liveCell(this.#cell), cellOf(target), reason, false);
  }

  /** Ends this actor when the current handler is done: `terminate` runs, then a caller gets the handler's reply. */
  protected stop(reason: ExitReason = "normal"): void {
    requestStop(liveCell(this.#cell), reason);
  }

  /** Makes {@link Actor.handleContinue} run with `term` before any other message. */
  protected continueWith(term: unknown): void {
    continueWith(liveCell(this.#cell), term);
  }

  /**
   * Makes a reply that is given later: return it from the method, keep it, and answer with `deferred.reply(value)`.
   *
   * @throws {NoContextError} after the first `await` of a handler, where it is no longer known whose call is handled
   */
  protected defer<Value>(): Deferred<Value> {
    if (current.cell !== this.#cell || current.resumed) {
      throw new NoContextError("defer() was called outside a handler, or after its first await: call it before");
    }
    return new Deferred<Value>(current.call);
  }

  /** Sends `message` to this actor's `handleInfo`, or to another's, after `delayMs` milliseconds. The timer ends with its receiver. */
  protected sendAfter(delayMs: number, message: unknown, options: TimerOptions = {}): TimerRef {
    const deadline = kernelOf(this.#cell).clock.now() + checkDuration(delayMs, 0);
    return setActorTimer(this.#cell, options, { message, deadline });
  }

  /** Like {@link Actor.sendAfter}, at a time of `system.clock.now()`; one that is past is now. */
  protected sendAt(atMs: number, message: unknown, options: TimerOptions = {}): TimerRef {
    const now = kernelOf(this.#cell).clock.now();
    return setActorTimer(this.#cell, options, { message, deadline: Math.max(now, checkDuration(atMs, 0)) });
  }

  /** Like {@link Actor.sendAfter}, but what arrives is a {@link Timeout} that tells which timer it comes from. */
  protected startTimer(delayMs: number, message: unknown, options: TimerOptions = {}): TimerRef {
    const deadline = kernelOf(this.#cell).clock.now() + checkDuration(delayMs, 0);
    return setActorTimer(this.#cell, options, { message, deadline, wrapped: true });
  }

  /** Sends `message` to this actor's `handleInfo` every `periodMs` milliseconds; beats missed in a long turn are not caught up. */
  protected sendEvery(periodMs: number, message: unknown): TimerRef {
    const deadline = kernelOf(this.#cell).clock.now() + checkDuration(periodMs, 1);
    return setActorTimer(this.#cell, {}, { message, deadline, periodMs });
  }

  /** Cancels a timer and returns the milliseconds it had left, or `false` when it had fired. Its message may already wait. */
  protected cancelTimer(timer: TimerRef): number | false {
    return cancelActorTimer(liveCell(this.#cell), timer);
  }

  /** The milliseconds that a timer has left, or `false` when it has fired or was cancelled. */
  protected readTimer(timer: TimerRef): number | false {
    return readActorTimer(liveCell(this.#cell), timer);
  }

  /**
   * Sends `message` to this actor's `handleInfo` if nothing else comes within `timeoutMs` after this handler: the time-out of `gen_server`.
   *
   * Any message ends the wait; a handler that wants to go on waiting asks again. 0 is at once, before all that waits already; `Infinity` is
   * never. System requests, a suspension and the end of an async handler's own promises are no messages.
   */
  protected idleTimeout(timeoutMs: number, message: unknown = "timeout"): void {
    const duration = timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : checkDuration(timeoutMs, 0);
    requestIdle(liveCell(this.#cell), duration, message);
  }

  /**
   * Says that this actor expects to be idle for long: the runtime lets go of what it keeps for a busy one.
   *
   * The next message wakes it, nothing else changes. V8 needs no hint to shrink a heap, so this frees a few dozen bytes and tells people,
   * through `system.info`, that the actor sleeps.
   */
  protected hibernate(): void {
    const cell = liveCell(this.#cell);
    cell.behaviour.forget(cell);
    extrasOf(cell).hibernatedAt = cell.handled;
  }

  /** Gives this actor a name. @throws {BadArgumentError} when the name is taken or the actor has one */
  protected register(name: string): void {
    registerName(liveCell(this.#cell), name);
  }

  /** Sets what people see instead of a name. */
  protected setLabel(label: string): void {
    extrasOf(liveCell(this.#cell)).label = label;
  }

  /** Joins a group; joining again counts, and must be left as often. */
  protected joinGroup(group: string): void {
    kernelOf(this.#cell).groups.join(group, liveCell(this.#cell));
  }

  /** Leaves a group once; false when this actor was not a member. */
  protected leaveGroup(group: string): boolean {
    return kernelOf(this.#cell).groups.leave(group, liveCell(this.#cell));
  }

  /** The hook by which the runtime starts the actor; see {@link startup}. */
  [startup](args: Args): unknown {
    return this.init(args);
  }

  /** The hook by which the runtime runs `terminate`; see {@link teardown}. */
  [teardown](reason: ExitReason): unknown {
    return this.terminate(reason);
  }

  /** Called when the actor has ended; see {@link release}. */
  [release](_reason: ExitReason): void {}

  /** The state as `sys.getState` gives it out; see {@link readState}. */
  [readState](): unknown {
    return Object.fromEntries(Object.entries(this));
  }

  /** Takes a state from `sys.replaceState`; see {@link writeState}. */
  [writeState](state: unknown): void {
    if (typeof state !== "object" || state === null) {
      throw new BadArgumentError(
        `Expected the state of ${this.#cell.describe()} to be an object, got ${whatCame(state)}`,
      );
    }
    Object.assign(this, state);
  }
}

// Functions, not private methods: those would add a field to every actor.

function kernelOf(cell: Cell): Kernel {
  return liveCell(cell).behaviour.kernel;
}

function liveCell(cell: Cell): Cell {
  if ((cell.flags & DEAD) === 0) return cell;
  throw new NoContextError(`${cell.describe()} has ended: what its old handler still does has no effect`);
}

function reportUnexpected(cell: Cell, kind: string, what: unknown): void {
  cell.behaviour.kernel.report({
    type: "unexpected_message",
    level: "warning",
    text: `${cell.describe()} got an unexpected ${kind}: ${whatCame(what)}`,
    details: { ref: cell.toString(), behaviour: cell.behaviour.name, kind },
  });
}

/** The typed ref of a cell. The views of a cell are built from its class at run time, so their type can only be stated, here and once. */
export function asRef<A>(cell: Cell): ActorRef<A> {
  return cell as ActorRef<unknown> as ActorRef<A>;
}

function checkDuration(milliseconds: number, least: number): number {
  if (typeof milliseconds !== "number" || !Number.isFinite(milliseconds) || milliseconds < least) {
    throw new BadArgumentError(`Expected a finite number of milliseconds from ${least}, got ${whatCame(milliseconds)}`);
  }
  return milliseconds;
}
