import type { Reply } from "../../src/index.js";

/**
 * What a state machine is made of, as one interface: the type argument of `StateMachine`.
 *
 * ```ts
 * interface Lock {
 *   state: "locked" | "open";
 *   data: { readonly code: string; readonly entered: string };
 *   events: { button(digit: string): void; length(): number };
 * }
 * ```
 *
 * `state`: strings for a method per state; anything, also objects, for `handleEvent`. `data`: what the machine keeps besides its state.
 * `events`: what others may send, as functions from the event's arguments to the reply. The rest may be left out: `internal` is what
 * internal events carry, `timeout` what time-outs carry (both `unknown` by default), `timeoutName` the names of generic time-outs (any
 * string, number or symbol by default).
 */
export interface MachineTypes {
  readonly state: unknown;
  readonly data: unknown;
  readonly events: object;
  readonly internal?: unknown;
  readonly timeout?: unknown;
  readonly timeoutName?: PropertyKey;
}

/** The names of a machine's events. */
export type EventName<M extends MachineTypes> = keyof M["events"] & string;

/** The arguments of one event. */
export type EventArgs<M extends MachineTypes, Name extends EventName<M>> = M["events"][Name] extends (
  ...args: infer Args
) => unknown
  ? Args
  : never;

/** What a call of one event is answered with. */
export type EventReply<M extends MachineTypes, Name extends EventName<M>> = M["events"][Name] extends (
  ...args: never[]
) => infer Returned
  ? Reply<Returned>
  : never;

/** One event with its arguments, as it is sent: `["button", "1"]`. */
export type Sent<M extends MachineTypes> = {
  [Name in EventName<M>]: [name: Name, ...args: EventArgs<M, Name>];
}[EventName<M>];

/** What internal events carry. */
export type InternalContent<M extends MachineTypes> = M extends { readonly internal: infer Content }
  ? Content
  : unknown;

/** What time-outs carry. */
export type TimeoutContent<M extends MachineTypes> = M extends { readonly timeout: infer Content } ? Content : unknown;

/** The names of generic time-outs. */
export type TimeoutName<M extends MachineTypes> = M extends { readonly timeoutName: infer Name }
  ? Name & PropertyKey
  : PropertyKey;
