import type { Actor } from "./actor.js";
import type { Deferred } from "./deferred.js";
import type { lastSignatures, reservedNames } from "./hook-keys.js";

type Undeferred<Value> = Value extends Deferred<infer Later> ? Later : Value;

/** What a method of an actor answers to a caller: its return value, without promise or deferred around it. */
export type Reply<Returned> = Undeferred<Awaited<Returned>>;

type ReservedNamesOf<A> = typeof reservedNames extends keyof A ? A[typeof reservedNames] : never;

type LastSignatureNamesOf<A> = typeof lastSignatures extends keyof A
  ? keyof NonNullable<A[typeof lastSignatures]>
  : never;

/**
 * Names of what an actor does for itself, and of what a view keeps for itself (`cell`, `timeoutMs`).
 *
 * Being protected they are in no `keyof`, but a subclass or an interface may name a member so.
 */
export type OwnName =
  | "cell"
  | "timeoutMs"
  | "constructor"
  | "self"
  | "system"
  | "parent"
  | "caller"
  | "signal"
  | "trapExit"
  | "link"
  | "unlink"
  | "monitor"
  | "demonitor"
  | "alias"
  | "unalias"
  | "suspend"
  | "resume"
  | "spawn"
  | "start"
  | "exit"
  | "stop"
  | "continueWith"
  | "defer"
  | "sendAfter"
  | "sendAt"
  | "startTimer"
  | "sendEvery"
  | "cancelTimer"
  | "readTimer"
  | "idleTimeout"
  | "hibernate"
  | "register"
  | "setLabel"
  | "joinGroup"
  | "leaveGroup";

type AnyFunction = (...args: never[]) => unknown;

// `-?` in the views is more than the removal of a question mark: with it the compiler compares two views member by member, as functions.
// Without it it may compare `A` instead, whose methods it lets differ in their parameters in either direction.
type ViewedName<A> = {
  [Name in keyof A]-?: Name extends keyof Actor<never> | ReservedNamesOf<A>
    ? never
    : Name extends string
      ? NonNullable<A[Name]> extends AnyFunction
        ? Name
        : never
      : never;
}[keyof A];

/**
 * What stands in a view for a member that cannot be a message: not callable, and its type says why not.
 *
 * It never exists at run time.
 */
export interface NotAMessage<Why extends string> {
  readonly notAMessage: Why;
}

/** The first and the last of a method's signatures, which are one and the same without overloads. */
interface Signatures<First extends readonly unknown[], Args extends readonly unknown[], Returned> {
  (...args: First): unknown;
  (...args: Args): Returned;
}

// What is made of the last signature is the whole method only if it can be called like each of the others. The tests that few members fail
// come last: a program has thousands of methods, and each test costs.
type WhyNot<A, Name extends keyof A & string> = Name extends OwnName
  ? `"${Name}" is a name that Actor keeps for itself: choose another name`
  : A[Name] extends Signatures<infer First, infer Args, infer Returned>
    ? [First] extends [Args]
      ? ((...args: Args) => Returned) extends A[Name]
        ? never
        : WhyNotWhole<A, Name, First, Args>
      : WhyNotWhole<A, Name, First, Args>
    : 0 extends 1 & A[Name]
      ? `"${Name}" is of type any: declare its parameters and what it returns`
      : undefined extends A[Name]
        ? `"${Name}" is optional: an actor has a method or has it not`
        : `"${Name}" is not a method`;

type WhyNotWhole<A, Name extends string, First, Args> =
  Name extends LastSignatureNamesOf<A>
    ? never
    : [First, Args] extends [Args, First]
      ? `"${Name}" has type parameters, which a ref cannot carry: give it a signature without them`
      : `"${Name}" has overloads, of which a ref could carry the last alone: give it one signature, or one name each`;

/**
 * The names of an actor's messages: its public methods, without lifecycle hooks and other members it inherits from {@link Actor}.
 *
 * Works for a class and for an interface. A method with overloads or type parameters, or one with a name that {@link Actor} keeps for itself,
 * is no message; see {@link NotAMessage}.
 */
export type MessageName<A> = {
  [Name in ViewedName<A>]: [WhyNot<A, Name>] extends [never] ? Name : never;
}[ViewedName<A>];

/** The messages of an actor as functions that return a promise of the reply. */
export type CallView<A> = {
  readonly [Name in ViewedName<A>]-?: [WhyNot<A, Name>] extends [never]
    ? A[Name] extends (...args: infer Args extends readonly unknown[]) => infer Returned
      ? (...args: Args) => Promise<Reply<Returned>>
      : never
    : NotAMessage<WhyNot<A, Name>>;
};

/** The messages of an actor as functions that send and return nothing. */
export type CastView<A> = {
  readonly [Name in ViewedName<A>]-?: [WhyNot<A, Name>] extends [never]
    ? A[Name] extends (...args: infer Args extends readonly unknown[]) => unknown
      ? (...args: Args) => void
      : never
    : NotAMessage<WhyNot<A, Name>>;
};

/**
 * The methods of a class that serves a protocol, which is an interface of its messages: `class Till extends Actor implements Handlers<TillProtocol>`.
 *
 * The interface says what callers get; the class may return that, a promise of it, or a {@link Deferred}. An interface refers to no class, so
 * actors that send to each other by their protocols make no cycle of types.
 */
export type Handlers<Protocol> = {
  [Name in keyof Protocol]: Protocol[Name] extends (...args: infer Args extends readonly unknown[]) => infer Returned
    ? (...args: Args) => Later<Reply<Returned>> | Promise<Later<Reply<Returned>>>
    : Protocol[Name];
};

type Later<Value> = Value | Deferred<Value>;

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
