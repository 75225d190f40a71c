import type { ExitReason } from "../../src/index.js";
import type { MachineTypes } from "./machine-types.js";
import type { EnterAction, ReplyAction, StateAction } from "./state-action.js";

/** Ends the machine: `stop`, and with `replies` `stop_and_reply`, of `gen_statem`. The replies are sent, in order, before `terminate` runs. */
export interface StopResult<M extends MachineTypes> {
  readonly stop: ExitReason;
  readonly data?: M["data"];
  readonly replies?: readonly ReplyAction<M>[];
  readonly next?: never;
  readonly repeat?: never;
  readonly actions?: never;
  readonly postpone?: never;
}

interface Outcome<M extends MachineTypes, Action> {
  /** The new data; left out, the data stays. */
  readonly data?: M["data"];
  /** Carried out in this order. */
  readonly actions?: readonly Action[];
  readonly stop?: never;
  readonly replies?: never;
}

/** Keeps the state, or goes to the next one. */
interface NextResult<M extends MachineTypes> extends Outcome<M, StateAction<M>> {
  /** The next state; left out, the state stays. */
  readonly next?: M["state"];
  /** Sets the event aside until the state changes. */
  readonly postpone?: boolean;
  readonly repeat?: never;
}

/** Keeps the state, and runs its enter call again. */
interface RepeatResult<M extends MachineTypes> extends Outcome<M, StateAction<M>> {
  readonly repeat: true;
  /** Sets the event aside until the state changes. */
  readonly postpone?: boolean;
  readonly next?: never;
}

/**
 * What comes of an event.
 *
 * Nothing, or `{}`, keeps state and data. `next` names the next state; if it differs, postponed events come again, the state time-out ends
 * and the state's enter call runs. `repeat` keeps the state and runs its enter call again. `stop` ends the machine. These are `keep_state`,
 * `next_state`, `repeat_state`, `stop` and `stop_and_reply` of `gen_statem`.
 */
export type StateResult<M extends MachineTypes> = undefined | void | NextResult<M> | RepeatResult<M> | StopResult<M>;

interface Entered<M extends MachineTypes> extends Outcome<M, EnterAction<M>> {
  /** Runs the enter call again. */
  readonly repeat?: boolean;
  readonly next?: never;
  readonly postpone?: never;
}

/** What comes of an enter call: all but another state, a postponed event or an inserted one. */
export type EnterResult<M extends MachineTypes> = undefined | void | Entered<M> | StopResult<M>;

/** What the `init` of a machine returns: its first state and data, and what to do first; or that it does not start. */
export type StateInit<M extends MachineTypes> =
  | {
      readonly state: M["state"];
      readonly data: M["data"];
      readonly actions?: readonly StateAction<M>[];
      /** Never there: it tells this plan from a supervisor's. */
      readonly children?: never;
    }
  | { readonly ignore: true }
  | { readonly stop: ExitReason };
