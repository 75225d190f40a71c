import { BadReturnError, whatCame } from "../../src/index.js";
import type { MachineTypes } from "./machine-types.js";
import type { StateEvent } from "./state-event.js";
import type { EnterResult, StateResult } from "./state-result.js";

/** Handles the events of one state. */
export type StateFunction<M extends MachineTypes> = (
  event: StateEvent<M>,
  data: M["data"],
) => StateResult<M> | Promise<StateResult<M>>;

/** The enter call of one state: called when the machine has come into it, with the state it was in before. */
type EnterFunction<M extends MachineTypes> = (
  data: M["data"],
  from: M["state"],
) => EnterResult<M> | Promise<EnterResult<M>>;

/** What a machine does in one state: a function, or with an enter call an object of two. */
type StateEntry<M extends MachineTypes> =
  | StateFunction<M>
  | { readonly enter: EnterFunction<M>; readonly handle: StateFunction<M> };

/** One entry per state: the callback mode `state_functions`. */
export type StateFunctions<M extends MachineTypes> = Readonly<Record<M["state"] & string, StateEntry<M>>>;

/**
 * What is called when something happens: state functions, or one function for all states, the callback mode `handle_event_function`.
 *
 * A machine is one itself; the action `push_callback_module` puts another in its place. `terminate`, `formatStatus` and `codeChange` are
 * always those of the machine's class.
 */
export interface StateModule<M extends MachineTypes> {
  readonly states?: StateFunctions<M>;
  handleEvent?(event: StateEvent<M>, state: M["state"], data: M["data"]): StateResult<M> | Promise<StateResult<M>>;
  handleEnter?(from: M["state"], state: M["state"], data: M["data"]): EnterResult<M> | Promise<EnterResult<M>>;
}

/** Calls what handles an event in a state. State functions, where there are any, come before `handleEvent`. */
export function callEvent<M extends MachineTypes>(
  callbacks: StateModule<M>,
  event: StateEvent<M>,
  state: M["state"],
  data: M["data"],
): StateResult<M> | Promise<StateResult<M>> {
  const { states } = callbacks;
  if (states !== undefined) {
    const entry = entryOf(states, state);
    return typeof entry === "function" ? entry(event, data) : entry.handle(event, data);
  }
  if (callbacks.handleEvent !== undefined) return callbacks.handleEvent(event, state, data);
  throw new BadReturnError(
    "A state machine needs `states`, with a function per state, or `handleEvent`; it has neither",
  );
}

/** Calls the enter call of a state, if it has one. */
export function callEnter<M extends MachineTypes>(
  callbacks: StateModule<M>,
  from: M["state"],
  state: M["state"],
  data: M["data"],
): EnterResult<M> | Promise<EnterResult<M>> {
  const { states } = callbacks;
  if (states === undefined) return callbacks.handleEnter?.(from, state, data);
  const entry = entryOf(states, state);
  return typeof entry === "function" ? undefined : entry.enter(data, from);
}

function entryOf<State extends string, Entry>(states: Readonly<Record<State, Entry>>, state: unknown): Entry {
  if (isStateOf(states, state)) return states[state];
  throw new BadReturnError(
    `There is no state function for the state ${whatCame(state)}. There is one for each of: ${Object.keys(states).join(", ")}.`,
  );
}

function isStateOf<State extends string>(states: Readonly<Record<State, unknown>>, state: unknown): state is State {
  return typeof state === "string" && Object.hasOwn(states, state);
}
