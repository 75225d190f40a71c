import { Actor } from "./actor.js";
import type { ActorClass } from "./actor.js";
import { checkedHandler, readArgumentSchemas } from "./argument-schemas.js";
import { type CallerContext, runTracked } from "./caller-context.js";
import type { Cell } from "./cell.js";
import { checkTimeout, post, request } from "./delivery.js";
import { BadArgumentError, whatCame } from "./errors.js";
import { adoptsOrphans, hooks, messages } from "./hook-keys.js";
import type { Kernel } from "./kernel.js";
import { ARITY_MANY, ARITY_ONE, ARITY_ZERO, type Handler, Operation } from "./operation.js";

/** What a full mailbox does: refuse the newest message, or drop the oldest. Both are counted as dead letters; calls reject `mailbox_full`. */
export type Overflow = "drop_newest" | "drop_oldest";

/** The bound of a mailbox. */
export interface MailboxOptions {
  /** Most messages that wait; 1,048,576 by default. */
  readonly limit?: number;
  /** `"drop_newest"` by default. */
  readonly overflow?: Overflow;
}

const DEFAULT_MAILBOX_LIMIT = 1_048_576;
const FIRST_TURN_LENGTH = 4;
/** Awaited calls after which a class that no actor has ever called is taken for one that nobody waits for. */
const PROBATION = 10_000;

class Calls {
  readonly cell: Cell | null;
  readonly timeoutMs: number;

  constructor(cell: Cell | null, timeoutMs: number) {
    this.cell = cell;
    this.timeoutMs = timeoutMs;
  }
}

class Casts {
  readonly cell: Cell | null;

  constructor(cell: Cell | null) {
    this.cell = cell;
  }
}

/**
 * What the runtime knows of one actor class in one system: its messages and how they are sent.
 *
 * Made once per class, from the methods on its prototype chain. A view (`ref.call`, `ref.cast`) is an instance of a class made here whose
 * methods are the messages: no proxy, and a name that is not a message does not exist.
 */
export class Behaviour {
  readonly kernel: Kernel;
  readonly name: string;
  readonly actorClass: ActorClass<Actor<unknown>>;
  readonly info: Operation;
  readonly mailboxLimit: number;
  readonly overflow: Overflow;
  /** Whether its actors take in orphans among their descendants; see {@link adoptsOrphans}. */
  readonly adopts: boolean;
  /** How many messages an actor of this class may handle in a row; the scheduler adapts it. */
  turnLength = FIRST_TURN_LENGTH;
  /** Whether an actor's handler has called an actor of this class: only then can one of them be part of a cycle of calls. */
  calledByActors = false;
  lastCallView: Calls;
  lastCastView: Casts;
  #awaitedCalls = 0;
  readonly #callTimeoutMs: number;
  readonly #callClass: typeof Calls;
  readonly #castClass: typeof Casts;

  constructor(kernel: Kernel, actorClass: ActorClass<Actor<unknown>>) {
    const options = actorClass.mailbox ?? {};
    this.kernel = kernel;
    this.actorClass = actorClass;
    this.name = actorClass.name === "" ? "(anonymous class)" : actorClass.name;
    this.mailboxLimit = checkLimit(options.limit ?? DEFAULT_MAILBOX_LIMIT, this.name);
    this.overflow = checkOverflow(options.overflow ?? "drop_newest", this.name);
    const handleInfo = tracked(kernel.callerContext, methodOf(actorClass.prototype, "handleInfo"));
    this.info = new Operation("handleInfo", handleInfo, ARITY_ONE, false);
    this.adopts = Reflect.get(actorClass, adoptsOrphans) === true;
    this.#callTimeoutMs = actorClass.callTimeoutMs ?? Actor.callTimeoutMs;
    checkTimeout(this.#callTimeoutMs);
    this.#callClass = class extends Calls {};
    this.#castClass = class extends Casts {};
    const handlers = messageHandlers(actorClass.prototype);
    const declared = actorClass.argumentSchemas ?? {};
    const schemas = readArgumentSchemas(declared, (name) => handlers.has(name), this.name);
    const checks = { clock: kernel.clock, timeoutMs: this.#callTimeoutMs };
    for (const [name, method] of handlers) {
      const declaredHere = schemas.get(name);
      const handler = tracked(
        kernel.callerContext,
        declaredHere === undefined ? method : checkedHandler(name, declaredHere, method, checks),
      );
      define(this.#callClass.prototype, name, callMethod(name, handler));
      define(this.#castClass.prototype, name, castMethod(name, handler));
    }
    this.lastCallView = new this.#callClass(null, this.#callTimeoutMs);
    this.lastCastView = new this.#castClass(null);
  }

  /** The names of its messages. */
  get messageNames(): readonly string[] {
    return Object.keys(this.#castClass.prototype);
  }

  viewForCalls(cell: Cell): Calls {
    this.lastCallView = new this.#callClass(cell, this.#callTimeoutMs);
    return this.lastCallView;
  }

  viewForCallsWithin(cell: Cell, timeoutMs: number): Calls {
    return new this.#callClass(cell, timeoutMs);
  }

  viewForCasts(cell: Cell): Casts {
    this.lastCastView = new this.#castClass(cell);
    return this.lastCastView;
  }

  /**
   * Whether the handlers of this class are followed to where they go on after the reply to a call: not when many have, and none was ever called
   * by an actor. From the first such call on they are followed again.
   */
  get followed(): boolean {
    if (this.calledByActors) return true;
    if (this.#awaitedCalls === PROBATION) return false;
    this.#awaitedCalls++;
    return true;
  }

  /** Lets go of the views of an actor that has ended. */
  forget(cell: Cell): void {
    if (this.lastCallView.cell === cell) this.lastCallView = new this.#callClass(null, this.#callTimeoutMs);
    if (this.lastCastView.cell === cell) this.lastCastView = new this.#castClass(null);
  }
}

/** Wraps a handler so that its context follows it, where the system wants that; else it stays what it is. */
function tracked(context: CallerContext | null, handler: Handler): Handler {
  if (context === null) return handler;
  return function run(...args) {
    return runTracked(context, () => handler.apply(this, args));
  };
}

function callMethod(name: string, handler: Handler): (this: Calls, ...args: unknown[]) => Promise<unknown> {
  const zero = new Operation(name, handler, ARITY_ZERO, true);
  const one = new Operation(name, handler, ARITY_ONE, true);
  const many = new Operation(name, handler, ARITY_MANY, true);
  return function call(...args) {
    const { cell, timeoutMs } = this;
    if (cell === null) throw detached(name);
    if (args.length === 1) return request(cell, one, args[0], timeoutMs);
    return args.length === 0 ? request(cell, zero, undefined, timeoutMs) : request(cell, many, args, timeoutMs);
  };
}

function castMethod(name: string, handler: Handler): (this: Casts, ...args: unknown[]) => void {
  const zero = new Operation(name, handler, ARITY_ZERO, false);
  const one = new Operation(name, handler, ARITY_ONE, false);
  const many = new Operation(name, handler, ARITY_MANY, false);
  return function cast(...args) {
    const { cell } = this;
    if (cell === null) throw detached(name);
    if (args.length === 1) post(cell, one, args[0]);
    else if (args.length === 0) post(cell, zero, undefined);
    else post(cell, many, args);
  };
}

function detached(name: string): BadArgumentError {
  return new BadArgumentError(
    `Cannot send ${name}: the method was taken off its view. Call it as ref.call.${name}(…) or ref.cast.${name}(…).`,
  );
}

function define(prototype: object, name: string, value: unknown): void {
  Object.defineProperty(prototype, name, { value, enumerable: true, configurable: false, writable: false });
}

/** The messages of a class: methods of its prototype chain up to `Actor`, without hooks and what behaviours keep to themselves. */
function messageHandlers(prototype: object): Map<string, Handler> {
  const found = new Map<string, Handler>();
  const reserved = new Set<string>(Object.getOwnPropertyNames(Actor.prototype));
  for (const level of prototypeChain(prototype)) {
    const { constructor } = level;
    const listed: unknown = Object.hasOwn(constructor, messages) ? Reflect.get(constructor, messages) : undefined;
    const listedHooks: unknown = Object.hasOwn(constructor, hooks) ? Reflect.get(constructor, hooks) : undefined;
    for (const name of namesIn(listedHooks)) reserved.add(name);
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof descriptor.value !== "function" || name === "constructor") continue;
      // A behaviour that lists its messages keeps its other new methods to itself, also where a subclass overrides them.
      if (listed !== undefined && !found.has(name) && !namesIn(listed).includes(name)) reserved.add(name);
      else found.set(name, descriptor.value as Handler);
    }
  }
  for (const name of reserved) found.delete(name);
  return found;
}

function namesIn(listed: unknown): readonly string[] {
  return Array.isArray(listed) ? listed.filter((name): name is string => typeof name === "string") : [];
}

/** From the class next to `Actor` to the class itself, so that overrides come last. */
function prototypeChain(prototype: object): object[] {
  const chain: object[] = [];
  for (
    let level: object | null = prototype;
    level !== null && level !== Actor.prototype;
    level = Reflect.getPrototypeOf(level)
  ) {
    chain.unshift(level);
  }
  return chain;
}

function methodOf(prototype: object, name: string): Handler {
  const method: unknown = Reflect.get(prototype, name);
  if (typeof method !== "function")
    throw new BadArgumentError(`Expected ${name} to be a method, got ${whatCame(method)}`);
  return method as Handler;
}

function checkLimit(limit: number, name: string): number {
  if (limit === Number.POSITIVE_INFINITY || (Number.isInteger(limit) && limit >= 1)) return limit;
  throw new BadArgumentError(
    `Expected the mailbox limit of ${name} to be a whole number from 1, or Infinity; got ${whatCame(limit)}`,
  );
}

function checkOverflow(overflow: Overflow, name: string): Overflow {
  if (overflow === "drop_newest" || overflow === "drop_oldest") return overflow;
  throw new BadArgumentError(
    `Expected the mailbox overflow of ${name} to be "drop_newest" or "drop_oldest"; got ${whatCame(overflow)}`,
  );
}
