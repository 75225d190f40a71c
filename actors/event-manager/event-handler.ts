import {
  type ActorSystem,
  type AnyRef,
  BadArgumentError,
  type Exit,
  type ExitReason,
  NoContextError,
  readState,
  whatCame,
  writeState,
} from "../../src/index.js";

/**
 * Why a handler is asked for its last words.
 *
 * `args`: it is deleted, or swapped for another, by one who gives these. `"remove_handler"`: by its own wish. `"stop"`: its manager ends.
 * `stop`: its owner ended. `error`: it failed.
 */
export type HandlerStop =
  | "remove_handler"
  | "stop"
  | { readonly args: unknown }
  | { readonly stop: ExitReason }
  | { readonly error: ExitReason };

/** What a handler that takes the place of another finds: what the `terminate` of that one returned, or that there was none. */
export type Swapped =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly reason: "module_not_found" };

/** What the `init` of a handler may return: nothing, or why it must not be installed. */
export type HandlerInit = void | { readonly stop: ExitReason } | Promise<void | { readonly stop: ExitReason }>;

/** What a handler asks its manager for, while it handles something. */
export type HandlerWish =
  | { readonly kind: "remove" | "hibernate" }
  | { readonly kind: "swap"; readonly args: unknown; readonly next: HandlerSpec };

/** Where a handler runs. Made by its manager. */
export interface HandlerPlace {
  readonly system: ActorSystem;
  readonly manager: AnyRef;
  wish: HandlerWish | undefined;
}

let constructing: HandlerPlace | undefined;

/**
 * One of the parts of an {@link EventManager} that hear every event: `gen_event`'s callback module.
 *
 * ```ts
 * class Audit extends EventHandler<{ path: string }, ShopEvent> {
 *   override init({ path }: { path: string }) { … }
 *   override handleEvent(event: ShopEvent) { … }
 * }
 * ```
 *
 * Handlers of one manager run in its actor, one after another, the newest first; a method may be async, and the next handler waits for it. A
 * handler that throws, or returns from `handleEvent` anything but nothing, is removed with a report; the manager and the others go on.
 * The type arguments are what `init` gets, the events, and what `handleCall` takes and answers.
 */
export abstract class EventHandler<Args = void, Event = unknown, Request = unknown, Reply = unknown> {
  readonly #place: HandlerPlace;

  constructor() {
    if (constructing === undefined) {
      throw new NoContextError(
        `Cannot construct ${new.target.name} with new: give handler(${new.target.name}) to an EventManager`,
      );
    }
    this.#place = constructing;
    constructing = undefined;
  }

  /** Sets the handler up. Throwing, or returning `{ stop }`, keeps it from being installed. `swapped` is there when it takes the place of another. */
  init(_args: Args, _swapped?: Swapped): HandlerInit {}

  /** Called with every event. */
  abstract handleEvent(event: Event): void | Promise<void>;

  /** Answers a call to this handler. Without an override the call fails with `bad_call` and the handler stays. */
  handleCall(_request: Request): Reply | Promise<Reply> {
    throw new UnhandledCall();
  }

  /** Called with what was sent to the manager by `ref.send`. Without an override it is reported and dropped. */
  handleInfo(message: unknown): void | Promise<void> {
    unexpectedInfo(this, this.#place, message);
  }

  /** Called with the exit of an actor linked to the manager, those of owners included. */
  handleExit(_exit: Exit): void | Promise<void> {}

  /** Called once when the handler goes; what it returns goes to who deleted it, or to the `init` of its successor. */
  terminate(_reason: HandlerStop): unknown {
    return undefined;
  }

  /**
   * Brings the state into the form that the code of today expects, when `sys.changeCode` is asked of the suspended manager.
   *
   * `oldVersion` and `extra` are what that was given. Without an override the state stays as it is.
   */
  codeChange(_oldVersion: unknown, _extra: unknown): void | Promise<void> {}

  /** What the inspector and reports may show of the state: plain data without secrets. Nothing by default. */
  formatStatus(): unknown {
    return undefined;
  }

  /** The state as `getHandlerStates` and `sys.getState` give it out; a copy of the instance's own fields by default, without `#private` ones. */
  [readState](): unknown {
    return Object.fromEntries(Object.entries(this));
  }

  /** Takes a state from `replaceHandlerStates` or `sys.replaceState`; by default the fields of an object are assigned. */
  [writeState](state: unknown): void {
    if (typeof state !== "object" || state === null) {
      throw new BadArgumentError(
        `Expected the state of ${this.constructor.name} to be an object, got ${whatCame(state)}`,
      );
    }
    Object.assign(this, state);
  }

  /** The system the manager runs in. */
  protected get system(): ActorSystem {
    return this.#place.system;
  }

  /** The manager. */
  protected get manager(): AnyRef {
    return this.#place.manager;
  }

  /** Has this handler removed when the present event or call is done: `terminate("remove_handler")` runs, then a caller gets its reply. */
  protected remove(): void {
    this.#place.wish = { kind: "remove" };
  }

  /** Says that the manager expects to be idle for long: it hibernates, until the next message. */
  protected hibernate(): void {
    this.#place.wish ??= { kind: "hibernate" };
  }

  /** Has another handler take the place of this one when the present event or call is done: `terminate({ args })` of this one, then its `init`. */
  protected swap(args: unknown, next: HandlerSpec<never>): void {
    this.#place.wish = { kind: "swap", args, next };
  }
}

/** The class of a handler. */
export interface HandlerClass<Handler = AnyHandler> {
  new (): Handler;
  readonly name: string;
}

/** A handler of any kind, as its manager knows it. */
export type AnyHandler = EventHandler<unknown, unknown, unknown, unknown>;

/** Which of several handlers of one class. */
export type HandlerId = string | number;

/** A handler that may be installed; made with {@link handler}. */
export interface HandlerSpec<Event = unknown> {
  readonly handler: HandlerClass<EventHandler<never, Event, never>>;
  readonly id: HandlerId | undefined;
  readonly args: unknown;
}

/** How an installed handler is named: by its class, or, where it was given an id, by both. */
export type HandlerKey<Handler = unknown> =
  | HandlerClass<Handler>
  | readonly [handler: HandlerClass<Handler>, id: HandlerId];

type ArgsOfHandler<Handler> = Handler extends EventHandler<infer Args, never, never> ? Args : never;
type EventOfHandler<Handler> = Handler extends { handleEvent(event: infer Event): unknown } ? Event : never;

/** Options of {@link handler}; `args` may be left out when `init` takes none. */
export type HandlerOptions<Handler> = { readonly id?: HandlerId } & ([ArgsOfHandler<Handler>] extends [void]
  ? { readonly args?: undefined }
  : undefined extends ArgsOfHandler<Handler>
    ? { readonly args?: ArgsOfHandler<Handler> }
    : { readonly args: ArgsOfHandler<Handler> });

/**
 * Says which handler to install. The compiler checks the arguments against its `init`.
 *
 * ```ts
 * await events.call.addHandler(handler(Audit, { id: "shop", args: { path: "audit.log" } }));
 * ```
 */
export function handler<Handler extends EventHandler<never, never, never>>(
  handlerClass: HandlerClass<Handler>,
  ...[options]: Record<never, never> extends HandlerOptions<Handler>
    ? [options?: HandlerOptions<Handler>]
    : [options: HandlerOptions<Handler>]
): HandlerSpec<EventOfHandler<Handler>>;
// What a class takes is known to the signature alone; the manager hands it on without looking.
export function handler(
  handlerClass: HandlerClass<EventHandler<never, unknown, never>>,
  options: { readonly id?: HandlerId; readonly args?: unknown } = {},
): HandlerSpec {
  return { handler: handlerClass, id: options.id, args: options.args };
}

/** Makes the instance of a handler, which finds its place here. */
export function constructHandler(handlerClass: HandlerClass, place: HandlerPlace): AnyHandler {
  const before = constructing;
  constructing = place;
  try {
    return new handlerClass();
  } finally {
    constructing = before;
  }
}

/** Thrown by a handler without `handleCall`. */
export class UnhandledCall extends Error {
  override readonly name = "UnhandledCall";
}

function unexpectedInfo(handler: object, { system, manager }: HandlerPlace, message: unknown): void {
  system.report({
    type: "unexpected_message",
    level: "warning",
    text: `Handler ${handler.constructor.name} of ${manager} got an unexpected message: ${whatCame(message)}`,
    details: { ref: manager.toString(), handler: handler.constructor.name, kind: "message" },
  });
}
