import {
  Actor,
  BadArgumentError,
  BadReturnError,
  type Deferred,
  type Down,
  type Exit,
  type InitResult,
  type lastSignatures,
  messages,
  NoContextError,
  readState,
  type reservedNames,
  startup,
  type TimerRef,
  whatCame,
  writeState,
} from "../../src/index.js";
import { type StateMachineStatus, statusOf } from "./machine-status.js";
import type { EventArgs, EventName, EventReply, MachineTypes, Sent } from "./machine-types.js";
import { type MachineTimeout, StateEngine, type Step } from "./state-engine.js";
import type { StateEvent } from "./state-event.js";
import { callEnter, callEvent, type StateFunctions } from "./state-functions.js";
import type { EnterResult, StateInit, StateResult } from "./state-result.js";
import { Timeout } from "./timeout-table.js";

/** Continues with the enter call of the first state, or with the next event of the machine's own. */
const BEGIN = Symbol("begin");
const NEXT = Symbol("next");

const DEFAULT_MAX_POSTPONED = 1_048_576;

/**
 * An actor that is in one of several states, and does in each something else with what happens: OTP's `gen_statem`.
 *
 * ```ts
 * interface Lock {
 *   state: "locked" | "open";
 *   data: { readonly code: string; readonly entered: string };
 *   events: { button(digit: string): void; length(): number };
 * }
 *
 * class CodeLock extends StateMachine<Lock, { code: string }> {
 *   override init({ code }: { code: string }): StateInit<Lock> {
 *     return { state: "locked", data: { code, entered: "" } };
 *   }
 *
 *   override readonly states: StateFunctions<Lock> = {
 *     locked: (event, data) => {
 *       if (event.type !== "cast" || event.name !== "button") return { postpone: true };
 *       const entered = data.entered + event.args[0];
 *       return entered === data.code ? { next: "open", data: { ...data, entered: "" } } : { data: { ...data, entered } };
 *     },
 *     open: {
 *       enter: () => ({ actions: [{ type: "state_timeout", afterMs: 10_000 }] }),
 *       handle: (event, data) => {
 *         if (event.type === "state_timeout") return { next: "locked" };
 *         if (event.type === "call" && event.name === "length") event.from.reply(data.code.length);
 *         return {};
 *       },
 *     },
 *   };
 * }
 *
 * lock.cast.event("button", "1");
 * await lock.call.event("length");
 * ```
 *
 * The type arguments: what the machine is made of, see {@link MachineTypes}, and the argument of `init`. A class has either `states`, with a
 * function per state, or `handleEvent`, one function for all, where a state may be any value. Either may be async; the next event waits.
 *
 * Others send events with `ref.call.event(name, …)` and `ref.cast.event(name, …)`, or with methods of the class that return
 * `this.event(name, …)`. What is sent with `ref.send`, and what comes of monitors and links, is an event as well. A class that overrides
 * `handleInfo`, `handleDown`, `handleExit` or `handleContinue` must call `super`.
 *
 * What survives a crash: nothing; postponed calls fail with the machine's exit reason. The report of the
 * crash has the event, state, data, postponed events and time-outs as `formatStatus` shows them: a machine with secrets in its data overrides it.
 */
export abstract class StateMachine<M extends MachineTypes, Args = void> extends Actor<Args> {
  static readonly [messages]: readonly string[] = ["event"];
  declare readonly [reservedNames]?: "handleEvent" | "handleEnter";
  declare readonly [lastSignatures]?: { readonly event: true };
  /** Most events that may be postponed at a time; with one more the machine crashes with `postponed_full`. 1,048,576 by default. */
  static readonly maxPostponed: number = DEFAULT_MAX_POSTPONED;

  /** The state functions: one entry per state. Without it {@link StateMachine.handleEvent} gets the events. */
  declare readonly states?: StateFunctions<M>;

  #engine: StateEngine<M> | undefined;
  readonly #timers = new Map<unknown, { readonly timeout: MachineTimeout<M>; readonly timer: TimerRef }>();
  /** Whether a continuation is due, which takes the next event. */
  #continuing = false;
  #handling = false;

  /** Gives the first state and its data. The enter call of that state runs when the start is done, before any event. */
  abstract override init(args: Args): StateInit<M> | Promise<StateInit<M>>;

  /** Handles an event in any state, where there are no `states`. */
  handleEvent(event: StateEvent<M>, _state: M["state"], _data: M["data"]): StateResult<M> | Promise<StateResult<M>> {
    throw new BadReturnError(
      `${this.constructor.name} got an event of the type ${whatCame(event.type)}, but has neither \`states\` nor \`handleEvent\``,
    );
  }

  /** The enter call of all states, where there are no `states`: called when the machine has come into `state`. */
  handleEnter(_from: M["state"], _state: M["state"], _data: M["data"]): EnterResult<M> | Promise<EnterResult<M>> {}

  /** An event for the machine, by name and arguments; the reply of a call comes when a state function gives it. */
  event<Name extends EventName<M>>(
    name: Name,
    ...args: EventArgs<M, Name>
  ): Deferred<EventReply<M, Name>> | Promise<Deferred<EventReply<M, Name>>>;
  event(...sent: Sent<M>): Deferred<EventReply<M, EventName<M>>> | Promise<Deferred<EventReply<M, EventName<M>>>>;
  event<Name extends EventName<M>>(
    name: Name,
    ...args: EventArgs<M, Name>
  ): Deferred<EventReply<M, Name>> | Promise<Deferred<EventReply<M, Name>>> {
    if (this.#handling) {
      throw new NoContextError(
        `event(${whatCame(name)}) was called while the machine handles another: insert one with the action next_event, or cast it to self()`,
      );
    }
    const from = this.defer<EventReply<M, Name>>();
    const event: { [Each in EventName<M>]: StateEvent<M> }[Name] = from.requested
      ? { type: "call", name, args, from }
      : { type: "cast", name, args };
    const handled = this.#arrived(event);
    return handled instanceof Promise ? handled.then(() => from) : from;
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (!(message instanceof Timeout)) return this.#arrived({ type: "info", content: message });
    const armed = this.#timers.get(message);
    this.#timers.delete(message);
    // Else it was cancelled when its message was already on the way.
    if (armed !== undefined && this.#running.fired(armed.timeout)) return this.#advance();
  }

  override handleDown(down: Down): void | Promise<void> {
    return this.#arrived({ type: "down", content: down });
  }

  override handleExit(exit: Exit): void | Promise<void> {
    return this.#arrived({ type: "exit", content: exit });
  }

  override handleContinue(term: unknown): void | Promise<void> {
    if (term === NEXT) {
      this.#continuing = false;
      return this.#advance();
    }
    if (term !== BEGIN) return super.handleContinue(term);
    this.#continuing = false;
    this.#handling = true;
    return this.#follow({ kind: "enter", from: this.#running.state });
  }

  override [startup](args: Args): unknown {
    const returned = this.init(args);
    return returned instanceof Promise ? returned.then((later) => this.#begin(later)) : this.#begin(returned);
  }

  /** State and data, for `sys.getState`. */
  override [readState](): MachineState<M> {
    const { state, data } = this.#running;
    return { state, data };
  }

  /** Puts a state and data in place, from `sys.replaceState`; that is no state change: nothing is called, and nothing ends. */
  override [writeState](replacement: unknown): void {
    if (!isMachineState<M>(replacement)) {
      throw new BadArgumentError(
        `Expected the state of ${this.constructor.name} as { state, data }, got ${whatCame(replacement)}`,
      );
    }
    this.#running.replace(replacement.state, replacement.data);
  }

  /** State, data, waiting and postponed events, and time-outs. Override it to hide or shorten: `{ ...super.formatStatus(), data: "…" }`. */
  override formatStatus(): StateMachineStatus {
    const engine = this.#running;
    const { states } = engine.module ?? this;
    return statusOf(engine, states === undefined ? "handle_event_function" : "state_functions");
  }

  /** The state the machine is in; for `terminate` and `formatStatus`. */
  protected get state(): M["state"] {
    return this.#running.state;
  }

  /** The machine's data; for `terminate` and `formatStatus`. */
  protected get data(): M["data"] {
    return this.#running.data;
  }

  get #running(): StateEngine<M> {
    if (this.#engine !== undefined) return this.#engine;
    throw new NoContextError(`${this.constructor.name} has no state yet: its init has not returned one`);
  }

  #begin(returned: StateInit<M>): InitResult {
    if (!isPlan(returned)) return refusal(returned, this.constructor.name);
    const limit: unknown = Reflect.get(this.constructor, "maxPostponed");
    const maxPostponed = typeof limit === "number" ? limit : DEFAULT_MAX_POSTPONED;
    const engine = new StateEngine<M>(returned.state, returned.data, maxPostponed);
    engine.begin(returned.actions);
    this.#engine = engine;
    this.#continuing = true;
    return { continue: BEGIN };
  }

  #arrived(event: StateEvent<M>): void | Promise<void> {
    this.#running.arrive(event);
    return this.#advance();
  }

  /** Handles the next event. What follows it is left to a continuation, so that other actors and system signals get their turn. */
  #advance(): void | Promise<void> {
    if (this.#continuing) return;
    const engine = this.#running;
    const event = engine.take();
    if (event === undefined) return;
    this.#handling = true;
    const result = callEvent<M>(engine.module ?? this, event, engine.state, engine.data);
    if (result instanceof Promise) return result.then((later) => this.#follow(engine.handled(later)));
    return this.#follow(engine.handled(result));
  }

  /** Does what follows from a result: enter calls, the end, or the timers. */
  #follow(first: Step<M["state"]>): void | Promise<void> {
    const engine = this.#running;
    let step = first;
    while (step.kind === "enter") {
      const result = callEnter<M>(engine.module ?? this, step.from, engine.state, engine.data);
      if (result instanceof Promise) return result.then((later) => this.#follow(engine.entered(later)));
      step = engine.entered(result);
    }
    this.#handling = false;
    if (step.kind === "stop") {
      this.stop(step.reason);
      return;
    }
    this.#setTimers();
    if (engine.takeHibernation()) this.hibernate();
    if (!engine.hasNext || this.#continuing) return;
    this.#continuing = true;
    this.continueWith(NEXT);
  }

  #setTimers(): void {
    const { arm, disarm } = this.#running.finish();
    for (const timeout of disarm) {
      const armed = this.#timers.get(timeout);
      this.#timers.delete(timeout);
      if (armed !== undefined) this.cancelTimer(armed.timer);
    }
    for (const { timeout, ...time } of arm) {
      const timer =
        "afterMs" in time ? this.sendAfter(time.afterMs, timeout) : this.sendAt(Math.max(0, time.atMs), timeout);
      this.#timers.set(timeout, { timeout, timer });
    }
  }
}

interface MachineState<M extends MachineTypes> {
  readonly state: M["state"];
  readonly data: M["data"];
}

// What sys.replaceState is given has been typed by its caller, who read it from this machine.
function isMachineState<M extends MachineTypes>(value: unknown): value is MachineState<M> {
  return typeof value === "object" && value !== null && "state" in value && "data" in value;
}

function isPlan<M extends MachineTypes>(returned: StateInit<M>): returned is Extract<StateInit<M>, { state: unknown }> {
  return typeof returned === "object" && returned !== null && "state" in returned;
}

function refusal(returned: unknown, behaviour: string): InitResult {
  if (typeof returned === "object" && returned !== null) {
    if ("ignore" in returned && returned.ignore === true) return { ignore: true };
    if ("stop" in returned) return { stop: returned.stop };
  }
  throw new BadReturnError(
    `${behaviour}.init returned ${whatCame(returned)}. A state machine's init may return { state, data, actions }, of which actions may be left out, ` +
      "{ ignore: true }, { stop: reason }, or a promise of one of these.",
  );
}
