import type { Deferred, ExitReason } from "../../src/index.js";
import { CallbackModules } from "./callback-modules.js";
import { checkActions, checkEnterResult, checkStateResult } from "./check-result.js";
import { EventQueue } from "./event-queue.js";
import { PostponedFullError } from "./machine-errors.js";
import type { MachineTypes, TimeoutContent, TimeoutName } from "./machine-types.js";
import { sameState } from "./same-state.js";
import type { StateAction, TimeoutAction } from "./state-action.js";
import type { StateEvent } from "./state-event.js";
import type { StateModule } from "./state-functions.js";
import type { EnterResult, StateResult, StopResult } from "./state-result.js";
import { type Timeout, timeoutEvent, TimeoutTable, type TimerChanges } from "./timeout-table.js";

/** The time-outs of a machine. */
export type MachineTimeout<M extends MachineTypes> = Timeout<TimeoutName<M>, TimeoutContent<M>>;

/** What must be done after a callback: run the enter call of the state, end the machine, or finish the transition. */
export type Step<State> =
  | { readonly kind: "enter"; readonly from: State }
  | { readonly kind: "stop"; readonly reason: ExitReason }
  | { readonly kind: "finish" };

const FINISH = { kind: "finish" } as const;

/**
 * The rules of `gen_statem`, without clock, timer or actor: which event is next, and what a callback's result does.
 *
 * One event at a time: {@link StateEngine.take} it, call its callback, give the result to {@link StateEngine.handled}; as long as the answer
 * is `enter`, run the enter call and give its result to {@link StateEngine.entered}; then {@link StateEngine.finish}.
 *
 * The order, which is OTP's: replies are sent as the results come; the event is postponed if that was asked; if the state's value has
 * changed, postponed events come back in front, the oldest first; inserted events go in front of those, in the order given; at last time-outs
 * are started, cancelled and updated.
 */
export class StateEngine<M extends MachineTypes> {
  #state: M["state"];
  #data: M["data"];
  readonly #maxPostponed: number;
  readonly #queue = new EventQueue<StateEvent<M>>();
  readonly #timeouts = new TimeoutTable<TimeoutName<M>, TimeoutContent<M>>();
  readonly #modules = new CallbackModules<M>();
  // The transition at hand.
  #event: StateEvent<M> | undefined;
  #postpone = false;
  #changed = false;
  #hibernate = false;
  #inserted: StateEvent<M>[] = [];
  #timeoutActions: TimeoutAction<TimeoutName<M>, TimeoutContent<M>>[] = [];

  constructor(state: M["state"], data: M["data"], maxPostponed: number) {
    this.#state = state;
    this.#data = data;
    this.#maxPostponed = maxPostponed;
  }

  get state(): M["state"] {
    return this.#state;
  }

  get data(): M["data"] {
    return this.#data;
  }

  /** The event that is handled now, or was the last. */
  get event(): StateEvent<M> | undefined {
    return this.#event;
  }

  get waiting(): StateEvent<M>[] {
    return this.#queue.waiting;
  }

  get postponed(): readonly StateEvent<M>[] {
    return this.#queue.postponed;
  }

  /** The active time-outs. */
  get timeouts(): MachineTimeout<M>[] {
    return this.#timeouts.list();
  }

  /** Whose callbacks are to be called; `undefined` for those of the machine itself. */
  get module(): StateModule<M> | undefined {
    return this.#modules.present;
  }

  /** Whether there is something to {@link StateEngine.take}. */
  get hasNext(): boolean {
    return this.#queue.hasReady || this.#timeouts.hasDue || this.#queue.hasArrived;
  }

  /** What `init` asked for. The enter call of the first state comes next, with that state as the one before. */
  begin(actions: readonly StateAction<M>[] | undefined): Step<M["state"]> {
    checkActions(actions);
    this.#record(actions);
    return { kind: "enter", from: this.#state };
  }

  /** Something has come from outside. */
  arrive(event: StateEvent<M>): void {
    this.#queue.arrive(event);
  }

  /** The timer of a time-out has fired; false when the time-out was cancelled or replaced, and nothing comes of it. */
  fired(timeout: MachineTimeout<M>): boolean {
    if (!this.#timeouts.fired(timeout)) return false;
    this.#queue.arrive(timeoutEvent(timeout));
    return true;
  }

  /** Takes the next event: the machine's own ones first, then time-outs that are due at once, then what came from outside. */
  take(): StateEvent<M> | undefined {
    const due = this.#queue.hasReady ? undefined : this.#timeouts.takeDue();
    this.#event = due === undefined ? (this.#queue.takeReady() ?? this.#queue.takeArrived()) : timeoutEvent(due);
    return this.#event;
  }

  /** Takes the result of the event's callback. @throws {BadReturnError} for what it may not return */
  handled(result: StateResult<M>): Step<M["state"]> {
    checkStateResult(result);
    if (typeof result !== "object") return FINISH;
    if (isStop(result)) return this.#stop(result);
    if ("data" in result) this.#data = result.data;
    this.#record(result.actions);
    this.#postpone = result.postpone === true;
    if (result.repeat === true) return { kind: "enter", from: this.#state };
    const { next } = result;
    if (next === undefined || sameState(next, this.#state)) return FINISH;
    const from = this.#state;
    this.#state = next;
    this.#changed = true;
    return { kind: "enter", from };
  }

  /** Takes the result of an enter call. @throws {BadStateEnterReturnError} for what it may not return */
  entered(result: EnterResult<M>): Step<M["state"]> {
    checkEnterResult(result, (state) => sameState(state, this.#state));
    if (typeof result !== "object") return FINISH;
    if (isStop(result)) return this.#stop(result);
    if ("data" in result) this.#data = result.data;
    this.#record(result.actions);
    return result.repeat === true ? { kind: "enter", from: this.#state } : FINISH;
  }

  /** Ends the transition, and tells what it means for the timers. @throws {PostponedFullError} */
  finish(): TimerChanges<TimeoutName<M>, TimeoutContent<M>> {
    this.#timeouts.eventHandled();
    if (this.#postpone && this.#event !== undefined) this.#setAside(this.#event);
    if (this.#changed) {
      this.#timeouts.stateChanged();
      this.#queue.retryPostponed();
    }
    this.#queue.insert(this.#inserted);
    for (const action of this.#timeoutActions) this.#timeouts.apply(action);
    this.#postpone = false;
    this.#changed = false;
    if (this.#inserted.length > 0) this.#inserted = [];
    if (this.#timeoutActions.length > 0) this.#timeoutActions = [];
    return this.#timeouts.takeChanges();
  }

  /** Whether the machine may hibernate after this transition: that was asked for, and nothing waits. To be asked once. */
  takeHibernation(): boolean {
    const asked = this.#hibernate;
    this.#hibernate = false;
    return asked && !this.hasNext;
  }

  /** Puts other values in place of state and data, without a transition. */
  replace(state: M["state"], data: M["data"]): void {
    this.#state = state;
    this.#data = data;
  }

  #record(actions: readonly StateAction<M>[] | undefined): void {
    for (const action of actions ?? []) {
      switch (action.type) {
        case "reply":
          answer(action);
          break;
        case "next_event":
          this.#inserted.push(action.event);
          break;
        case "hibernate":
          this.#hibernate = true;
          break;
        case "change_callback_module":
        case "push_callback_module":
        case "pop_callback_module":
          this.#modules.apply(action);
          break;
        default:
          this.#timeoutActions.push(action);
      }
    }
  }

  #stop(result: StopResult<M>): Step<M["state"]> {
    if ("data" in result) this.#data = result.data;
    for (const reply of result.replies ?? []) answer(reply);
    return { kind: "stop", reason: result.stop };
  }

  #setAside(event: StateEvent<M>): void {
    if (this.#queue.postponedCount >= this.#maxPostponed) {
      throw new PostponedFullError(
        `Cannot postpone another event: ${this.#maxPostponed} wait for the next state already. Leave the state, answer or drop events, or raise maxPostponed.`,
      );
    }
    this.#queue.postpone(event);
  }
}

// Its other members are never there, so only the key tells it from the rest.
function isStop<M extends MachineTypes>(result: object): result is StopResult<M> {
  return Object.hasOwn(result, "stop");
}

function answer({ from, value }: { readonly from: Deferred<unknown>; readonly value: unknown }): void {
  from.reply(value);
}
