import type { Actor, ActorClass, ArgsOf } from "../../kernel/actor.js";
import type { AnyRef } from "../../kernel/actor-ref.js";
import { BadArgumentError, whatCame } from "../../kernel/errors.js";

/** What the `init` of an entity's class is given. */
export interface EntityArgs<Settings = undefined, State = unknown> {
  readonly id: string;
  /** The fencing token of this life: higher than that of every earlier life of this entity, on whatever node. Give it to what the entity writes to. */
  readonly token: number;
  /** What `args` says in the options, on the node where it runs. */
  readonly args: Settings;
  /** What the `handOff` of its life on another node gave; `undefined` for one that begins anew. */
  readonly handedOver: State | undefined;
}

/** The bounds of one type of entities on one node. */
export interface EntityLimits {
  /** How many of them may run on this node; 100,000 by default. What belongs here then is not started: `full`. */
  readonly maxEntities?: number;
  /** How many locates of this node may wait at a time; 10,000 by default. One more fails with `busy`. */
  readonly maxWaiting?: number;
  /** How many entities this node gives away at a time; 8 by default. */
  readonly maxMoves?: number;
  /** How long a locate waits, in milliseconds, unless it says otherwise; 5,000 by default. */
  readonly locateTimeoutMs?: number;
  /** How long an entity may take to start, in milliseconds, and how long one that moves may take to stop; 5,000 by default. */
  readonly moveTimeoutMs?: number;
  /** A node's share of the entities beside the others, by its name; 1 by default. Every node must say the same. */
  readonly weightOf?: (node: string) => number;
}

type SettingsOf<A> = ArgsOf<A> extends EntityArgs<infer Settings> ? Settings : undefined;

/** Options of a type of entities: the same class on every node. */
export type EntityOptions<A> = EntityLimits & { readonly actorClass: ActorClass<A> } & ([undefined] extends [
    SettingsOf<A>,
  ]
    ? { readonly args?: SettingsOf<A> }
    : { readonly args: SettingsOf<A> });

/** Options of one `locate`. */
export interface LocateOptions {
  /** How long to wait, in milliseconds; what the type's `locateTimeoutMs` says by default. */
  readonly timeoutMs?: number;
  /** A ref that a call has found to be of a life that is over: the next life is waited for, where this node has not heard of the end yet. */
  readonly after?: AnyRef;
}

const DEFAULTS: Required<EntityLimits> = {
  maxEntities: 100_000,
  maxWaiting: 10_000,
  maxMoves: 8,
  locateTimeoutMs: 5_000,
  moveTimeoutMs: 5_000,
  weightOf: () => 1,
};

/** Checks the bounds and fills in the defaults. @throws {BadArgumentError} */
export function resolveLimits(options: EntityLimits): Required<EntityLimits> {
  const {
    maxEntities = DEFAULTS.maxEntities,
    maxWaiting = DEFAULTS.maxWaiting,
    maxMoves = DEFAULTS.maxMoves,
    locateTimeoutMs = DEFAULTS.locateTimeoutMs,
    moveTimeoutMs = DEFAULTS.moveTimeoutMs,
    weightOf = DEFAULTS.weightOf,
  } = options;
  for (const [name, value] of Object.entries({ maxEntities, maxWaiting, maxMoves })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new BadArgumentError(`Expected ${name} to be a whole number from 1, got ${whatCame(value)}`);
  }
  checkWait("locateTimeoutMs", locateTimeoutMs);
  checkWait("moveTimeoutMs", moveTimeoutMs);
  if (typeof weightOf !== "function")
    throw new BadArgumentError(`Expected weightOf to be a function of a node's name, got ${whatCame(weightOf)}`);
  return { maxEntities, maxWaiting, maxMoves, locateTimeoutMs, moveTimeoutMs, weightOf };
}

/** Checks how long something is to be waited for. @throws {BadArgumentError} */
export function checkWait(name: string, waitMs: number): number {
  if (typeof waitMs === "number" && waitMs > 0 && waitMs < Number.POSITIVE_INFINITY) return waitMs;
  throw new BadArgumentError(`Expected ${name} to be a number of milliseconds above 0, got ${whatCame(waitMs)}`);
}

/** Checks that there is a class to make actors from. @throws {BadArgumentError} */
export function checkClass(what: string, actorClass: ActorClass<Actor<never>>): ActorClass<Actor<unknown>> {
  if (typeof actorClass === "function") return actorClass;
  throw new BadArgumentError(`Expected ${what} to have the class of an actor, got ${whatCame(actorClass)}`);
}
