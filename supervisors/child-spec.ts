import type { Actor, ActorClass, ArgsOf, NameFor } from "../src/index.js";
import type { BackoffOptions, BackoffRule } from "./strategy/backoff.js";
import type { ChildId, ChildType, RestartType, Shutdown } from "./strategy/terms.js";

/** The class of any actor, whatever its `init` takes. */
export type AnyActorClass = ActorClass<Actor<unknown>>;

/** How a supervisor treats a child: the part of a specification that says nothing of who it is. */
export interface ChildPolicy {
  /** When the child is started again after it ended; `"permanent"` by default. */
  readonly restart?: RestartType;
  /** How it is stopped; 5,000 ms for a worker, `"infinity"` for a supervisor by default. */
  readonly shutdown?: Shutdown;
  /** Whether it counts as a supervisor; found out from the class by default. */
  readonly type?: ChildType;
  /**
   * How long to wait before a restart, longer each time; at once by default. Not for temporary children.
   *
   * Such restarts do not count for the supervisor's `intensity`: `maxAttempts` is the child's own budget.
   */
  readonly backoff?: BackoffOptions;
}

/** What a supervisor must know to start a child and to treat it; made with {@link child}. */
export interface ChildSpec extends ChildPolicy {
  /** Its name among its siblings, unique there. */
  readonly id: ChildId;
  /** The class of the actor. */
  readonly start: AnyActorClass;
  /** What its `init` gets, at every start. */
  readonly args?: unknown;
  /** The name that it holds in the system while it runs. */
  readonly name?: string;
  /** What people see instead of a name. */
  readonly label?: string;
  /** Whether its end counts for the supervisor's `autoShutdown`; false by default. Not for permanent children. */
  readonly significant?: boolean;
}

/** A child specification with every default filled in. */
export interface CheckedChildSpec extends ChildSpec {
  readonly restart: RestartType;
  readonly shutdown: Shutdown;
  readonly type: ChildType;
  readonly significant: boolean;
  readonly backoff?: BackoffRule;
}

/** What {@link child} takes: a specification without its class; `args` may be left out when `init` takes none. */
export type ChildOptions<A> = Omit<ChildSpec, "start" | "args" | "name"> & ArgsOption<ArgsOf<A>> & NameOption<A>;

/** The option `name` of a class: a typed name must fit it. */
export interface NameOption<A> {
  readonly name?: NameFor<NoInfer<A>>;
}

/** The option `args` of a class whose `init` takes `Args`. */
export type ArgsOption<Args> = [Args] extends [void]
  ? { readonly args?: undefined }
  : undefined extends Args
    ? { readonly args?: Args }
    : { readonly args: Args };

/**
 * Key of a static member, `true` on classes whose actors are supervisors: it decides their defaults as children, and how they are counted.
 *
 * For authors of supervising behaviours of their own.
 */
export const supervising: unique symbol = Symbol("holdfast.supervising");

/**
 * Makes a child specification. The compiler checks the arguments against the class; the supervisor checks the values.
 *
 * ```ts
 * child(Counter, { id: "counter", args: { from: 1 }, name: "counter", restart: "transient" });
 * ```
 */
export function child<A extends Actor<never>>(start: ActorClass<A>, options: ChildOptions<A>): ChildSpec {
  return { ...options, start };
}
