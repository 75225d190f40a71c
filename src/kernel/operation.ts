/** A function that handles one message of an actor, with the actor as `this`. */
export type Handler = (this: unknown, ...args: unknown[]) => unknown;

/** `INIT` runs the first turn of a spawned actor; the others say how the payload becomes arguments. */
export const ARITY_ZERO = 0;
export const ARITY_ONE = 1;
export const ARITY_MANY = 2;
export const INIT = 3;

/**
 * What a message asks its receiver to do; one shared object per method, way of calling and number of arguments.
 *
 * A message in a mailbox is this object, one payload and the sender: nothing is allocated for it, and no name is looked up when it arrives.
 */
export class Operation {
  readonly handler: Handler;
  readonly arity: number;
  /** Whether somebody waits for the reply; then the sender slot holds the pending call. */
  readonly isCall: boolean;
  readonly name: string;

  constructor(name: string, handler: Handler, arity: number, isCall: boolean) {
    this.name = name;
    this.handler = handler;
    this.arity = arity;
    this.isCall = isCall;
  }
}
