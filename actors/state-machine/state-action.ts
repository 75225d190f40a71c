import type { Deferred } from "../../src/index.js";
import type { EventName, EventReply, MachineTypes, TimeoutContent, TimeoutName } from "./machine-types.js";
import type { StateEvent } from "./state-event.js";

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

/** What an enter call may ask for: replies and time-outs. */
export type EnterAction<M extends MachineTypes> = ReplyAction<M> | TimeoutAction<TimeoutName<M>, TimeoutContent<M>>;

/** What a state function may ask for besides its result. */
export type StateAction<M extends MachineTypes> = EnterAction<M> | NextEventAction<StateEvent<M>>;
