import type { Deferred, Down, Exit } from "../../src/index.js";
import type {
  EventArgs,
  EventName,
  EventReply,
  InternalContent,
  MachineTypes,
  TimeoutContent,
  TimeoutName,
} from "./machine-types.js";

/** An event somebody waits for an answer to; `from` takes it, now or from any later event. */
interface CallEvent<M extends MachineTypes, Name extends EventName<M>> {
  readonly type: "call";
  readonly name: Name;
  readonly args: EventArgs<M, Name>;
  readonly from: Deferred<EventReply<M, Name>>;
}

/** An event that nobody waits for. */
interface CastEvent<M extends MachineTypes, Name extends EventName<M>> {
  readonly type: "cast";
  readonly name: Name;
  readonly args: EventArgs<M, Name>;
}

/** A time-out that has run out: `{timeout, Name}` of `gen_statem` is `generic_timeout` here. */
export type TimeoutEvent<Name = PropertyKey, Content = unknown> =
  | { readonly type: "state_timeout"; readonly content: Content }
  | { readonly type: "timeout"; readonly content: Content }
  | { readonly type: "generic_timeout"; readonly name: Name; readonly content: Content };

/**
 * All that can happen to a machine; `type` tells which, in OTP's words.
 *
 * `call` and `cast` are the events of {@link MachineTypes}, told apart by `name`; `info` is what was sent by `ref.send`; `down` and `exit`
 * come from monitors and links; `internal` only from the machine itself; `timeout` is the event time-out.
 */
export type StateEvent<M extends MachineTypes> =
  | { [Name in EventName<M>]: CallEvent<M, Name> }[EventName<M>]
  | { [Name in EventName<M>]: CastEvent<M, Name> }[EventName<M>]
  | { readonly type: "info"; readonly content: unknown }
  | { readonly type: "down"; readonly content: Down }
  | { readonly type: "exit"; readonly content: Exit }
  | { readonly type: "internal"; readonly content: InternalContent<M> }
  | TimeoutEvent<TimeoutName<M>, TimeoutContent<M> | undefined>;
