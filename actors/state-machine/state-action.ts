import type { Deferred } from "../../src/index.js";
import type { EventName, EventReply, MachineTypes, TimeoutContent, TimeoutName } from "./machine-types.js";
import type { StateEvent } from "./state-event.js";
import type { StateModule } from "./state-functions.js";

/** Which time-out an action is about; there is one state time-out, one event time-out, and one generic time-out per name. */
export type TimeoutKind<Name> =
  | { readonly type: "state_timeout" }
  | { readonly type: "timeout" }
  | { readonly type: "generic_timeout"; readonly name: Name };

/** When a time-out is due: after so many milliseconds, or at a time of the system's monotonic clock. `Infinity` cancels. */
type TimeoutTime = { readonly afterMs: number } | { readonly atMs: number };

/**
 * Starts, cancels or updates a time-out.
 *
 * Starting one that runs replaces it. One of 0 ms needs no timer: it comes behind the events that the machine itself has queued, before any
 * that comes from outside. `update` gives a running one another content and leaves its time; if none runs it comes at once.
 */
export type TimeoutAction<Name = PropertyKey, Content = unknown> =
  | (TimeoutKind<Name> & TimeoutTime & { readonly content?: Content })
  | (TimeoutKind<Name> & { readonly cancel: true })
  | (TimeoutKind<Name> & { readonly update: Content });

/** Answers a call, that of the event at hand or one that was kept. */
export type ReplyAction<M extends MachineTypes> = {
  [Name in EventName<M>]: {
    readonly type: "reply";
    readonly from: Deferred<EventReply<M, Name>>;
    readonly value: EventReply<M, Name>;
  };
}[EventName<M>];

/** Puts an event, of any type, in front of all that wait; several keep their order. */
interface NextEventAction<Event> {
  readonly type: "next_event";
  readonly event: Event;
}

/** Says that the machine expects to be idle for long: it hibernates, unless an event waits already. */
interface HibernateAction {
  readonly type: "hibernate";
}

/**
 * Gives the machine other callbacks, for all that is called from here on, the enter call of this very transition included.
 *
 * State, data, time-outs and waiting events stay. `change` replaces the module in force, `push` keeps it for a later `pop`, which brings it
 * back. To pop more often than was pushed crashes the machine, and so does pushing more than 1,000.
 */
export type ModuleAction<M extends MachineTypes> =
  | { readonly type: "change_callback_module" | "push_callback_module"; readonly module: StateModule<M> }
  | { readonly type: "pop_callback_module" };

/** What an enter call may ask for: replies, time-outs and hibernation. */
export type EnterAction<M extends MachineTypes> =
  | ReplyAction<M>
  | TimeoutAction<TimeoutName<M>, TimeoutContent<M>>
  | HibernateAction;

/** What a state function may ask for besides its result. */
export type StateAction<M extends MachineTypes> = EnterAction<M> | NextEventAction<StateEvent<M>> | ModuleAction<M>;
