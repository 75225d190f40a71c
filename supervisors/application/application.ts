import type {
  Actor,
  ActorClass,
  ActorRef,
  ActorSystem,
  AnyRef,
  SpawnOptions,
  StartOptions,
  StartParameters,
  StartResult,
} from "../../src/index.js";
import type { AnyActorClass } from "../child-spec.js";

/** How an application comes to be started; there is one way. The argument has its place because it has one in OTP. */
export type StartType = "normal";

/** How `start` of an application ended: with the top supervisor, and the state for `prepStop` and `stop`, or without one. */
export type ApplicationStart<State> =
  | ({ readonly ok: true; readonly ref: AnyRef } & StateOption<State>)
  | Exclude<StartResult<unknown>, { readonly ok: true }>;

/** The state of an application without one may be left out, and so may one of which nothing is known. */
type StateOption<State> = unknown extends State
  ? { readonly state?: unknown }
  : [State] extends [void]
    ? { readonly state?: undefined }
    : { readonly state: State };

/** What the runtime lends to an {@link Application}. */
export interface ApplicationContext {
  readonly name: string;
  readonly system: ActorSystem;
  startSupervisor(
    start: AnyActorClass,
    args: unknown,
    options: StartOptions,
  ): StartResult<unknown> | Promise<StartResult<unknown>>;
  spawn(start: AnyActorClass, args: unknown, options: SpawnOptions): AnyRef;
}

/** The class of any application, whatever its `start` takes. */
export interface AnyApplicationClass {
  new (context: ApplicationContext): Application<unknown, unknown>;
  readonly prototype: object;
  readonly name: string;
}

/**
 * What an application does when it starts and stops, for one that does more than run its top supervisor: OTP's `application` behaviour.
 *
 * ```ts
 * class Shop extends Application<{ port: number }, { openedAt: number }> {
 *   override async start(_type: StartType, { port }: { port: number }) {
 *     return { ...(await this.startSupervisor(ShopTree, { port })), state: { openedAt: this.system.clock.wallTime() } };
 *   }
 *   override stop({ openedAt }: { openedAt: number }) { log(`open since ${openedAt}`); }
 * }
 * ```
 *
 * Its methods run in an actor of the application's own, above the top supervisor, one at a time. They may be async. None of them may start or
 * stop an application and wait for that: starts and stops are done one after another, so it would wait for itself.
 */
export abstract class Application<Args = void, State = void> {
  readonly #context: ApplicationContext;

  /** Called by the runtime. */
  constructor(context: ApplicationContext) {
    this.#context = context;
  }

  /** Starts the top supervisor with {@link Application.startSupervisor}, and returns what that returned, with a state if there is one. */
  abstract start(type: StartType, args: Args): ApplicationStart<State> | Promise<ApplicationStart<State>>;

  /** Does one of the definition's `startPhases`, when the top supervisor runs. Throwing, or returning `{ stop: reason }`, fails the start. */
  startPhase(
    phase: string,
    _type: StartType,
    _args: unknown,
  ): void | { readonly stop: unknown } | Promise<void | { readonly stop: unknown }> {
    throw new Error(`${this.constructor.name} has the start phase ${JSON.stringify(phase)}, but no method startPhase`);
  }

  /** Called first when the application is stopped, while all of it runs; what it returns is the state that `stop` gets. */
  prepStop(state: State): State | Promise<State> {
    return state;
  }

  /** Called when the top supervisor has ended, stopped or by itself. */
  stop(_state: State): void | Promise<void> {}

  /** Called when the environment of the running application was changed as a whole, and really differs. */
  configChange(
    _changed: Readonly<Record<string, unknown>>,
    _added: Readonly<Record<string, unknown>>,
    _removed: readonly string[],
  ): void | Promise<void> {}

  /** The name in the application's definition. */
  protected get name(): string {
    return this.#context.name;
  }

  /** The system it runs in. */
  protected get system(): ActorSystem {
    return this.#context.system;
  }

  /** Starts the top supervisor, labelled with the application's name. Never throws for a failed start: return the result. */
  protected startSupervisor<A extends Actor<never>>(
    start: ActorClass<A>,
    ...rest: StartParameters<A, StartOptions>
  ): Promise<StartResult<A>>;
  // Which class was started is written down in the type of the result alone.
  protected async startSupervisor(
    start: AnyActorClass,
    args?: unknown,
    options: StartOptions = {},
  ): Promise<StartResult<unknown>> {
    return this.#context.startSupervisor(start, args, options);
  }

  /** Makes an actor outside of the tree. It belongs to the application: when that has stopped, it is killed. */
  protected spawn<A extends Actor<never>>(start: ActorClass<A>, ...rest: StartParameters<A, SpawnOptions>): ActorRef<A>;
  // As above.
  protected spawn(start: AnyActorClass, args?: unknown, options: SpawnOptions = {}): AnyRef {
    return this.#context.spawn(start, args, options);
  }
}

/** Tells the class of an application from that of an actor. */
export function isApplicationClass(start: unknown): start is AnyApplicationClass {
  return typeof start === "function" && start.prototype instanceof Application;
}
