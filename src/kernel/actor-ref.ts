import type { Actor } from "./actor.js";
import type { Deferred } from "./deferred.js";
import type { reservedNames } from "./hook-keys.js";

type Undeferred<Value> = Value extends Deferred<infer Later> ? Later : Value;

/** What a method of an actor answers to a caller: its return value, without promise or deferred around it. */
export type Reply<Returned> = Undeferred<Awaited<Returned>>;

type ReservedNamesOf<A> = typeof reservedNames extends keyof A ? A[typeof reservedNames] : never;

/**
 * The names of an actor's messages: its public methods, without lifecycle hooks and other members it inherits from {@link Actor}.
 *
 * Works for a class and for an interface.
 */
export type MessageName<A> = {
  [Name in keyof A]: Name extends keyof Actor<never> | ReservedNamesOf<A>
    ? never
    : Name extends string
      ? A[Name] extends (...args: never[]) => unknown
        ? Name
        : never
      : never;
}[keyof A];

/** The messages of an actor as functions that return a promise of the reply. */
export type CallView<A> = {
  readonly [Name in MessageName<A>]: A[Name] extends (...args: infer Args) => infer Returned
    ? (...args: Args) => Promise<Reply<Returned>>
    : never;
};

/** The messages of an actor as functions that send and return nothing. */
export type CastView<A> = {
  readonly [Name in MessageName<A>]: A[Name] extends (...args: infer Args) => unknown ? (...args: Args) => void : never;
};

/**
 * The address of one actor, for as long as it lives: OTP's pid.
 *
 * A ref names one incarnation. When the actor has ended, casts and sends become dead letters and calls reject with `noproc`; a restarted
 * actor has a new ref, so an actor that must survive restarts is addressed by its name (`system.whereis`). A ref may be kept, compared with
 * `===`, sent in messages and used as a key. `A` is the actor's class, or an interface with some of its methods.
 */
export interface ActorRef<A = unknown> {
  /** A number unique in this process. */
  readonly id: number;
  /**
   * Sends a request and waits for the reply, for 5,000 ms unless {@link ActorRef.callWithin} says otherwise.
   *
   * @throws {CallError} `timeout`, `noproc`, `exit`, `calling_self` or `mailbox_full`
   */
  readonly call: CallView<A>;
  /** Sends a message and does not wait; never fails. What cannot be delivered is a counted dead letter. */
  readonly cast: CastView<A>;
  /** Like {@link ActorRef.call}, with another time-out in milliseconds; `Infinity` waits until the actor replies or ends. */
  callWithin(timeoutMs: number): CallView<A>;
  /** Sends any value to the actor's `handleInfo`. */
  send(message: unknown): void;
  /** The ref as people see it: `<0.42>`. */
  toString(): string;
}

/** A ref whose messages are not known: enough to link, monitor, stop or `send`. */
export type AnyRef = ActorRef<unknown>;
