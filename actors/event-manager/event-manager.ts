import {
  Actor,
  type AnyRef,
  BadArgumentError,
  BadReturnError,
  type Exit,
  type ExitReason,
  errorOfReason,
  formatReason,
  messages,
  readState,
  reasonOfThrown,
  startup,
  teardown,
  whatCame,
  writeState,
} from "../../src/index.js";
import {
  type AnyHandler,
  constructHandler,
  type HandlerClass,
  type HandlerKey,
  type HandlerPlace,
  type HandlerSpec,
  type HandlerStop,
  type Swapped,
  UnhandledCall,
} from "./event-handler.js";
import {
  type AddHandlerResult,
  type CallHandlerResult,
  type DeleteHandlerResult,
  type EventManagerStatus,
  type HandlerEntry,
  HandlerExit,
  type HandlerState,
} from "./event-results.js";
import { entryOf, HandlerList, type Installed, titleOf } from "./handler-list.js";

const MOST_LISTED = 100;
const OK = { ok: true } as const;

/** How something that a handler was asked to do went. */
type Attempt = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: ExitReason };

/**
 * An actor that hands each event to all its handlers: OTP's `gen_event`.
 *
 * ```ts
 * const events = await system.start(EventManager<ShopEvent>, undefined, { name: "shop.events" });
 * await events.call.addHandler(handler(Audit, { args: { path: "audit.log" } }));
 * events.cast.notify({ sold: 7 });
 * ```
 *
 * Handlers hear an event one after another, the newest first. `cast.notify` does not wait for them, `call.syncNotify` resolves when all have
 * handled the event. A handler that fails is removed with a report, and only that one. One that was added by `addSupHandler` is supervised: its
 * owner is told of its removal by a {@link HandlerExit} and linked to the manager, and when the owner ends the handler goes.
 *
 * The handlers are the manager's state: they do not survive its crash. Whoever must have a handler there adds it again when the manager has been
 * restarted, for instance as its owner, which hears of it.
 */
export class EventManager<Event = unknown> extends Actor {
  static readonly [messages] = [
    "notify",
    "syncNotify",
    "addHandler",
    "addSupHandler",
    "deleteHandler",
    "swapHandler",
    "swapSupHandler",
    "callHandler",
    "whichHandlers",
    "getHandlerStates",
    "replaceHandlerStates",
  ] as const;

  readonly #handlers = new HandlerList();
  #events = 0;
  #failed = 0;

  /** Hands an event to all handlers: `ref.cast.notify(event)`. */
  notify(event: Event): void | Promise<void> {
    this.#events++;
    const handlers = this.#handlers.all;
    for (const [index, installed] of handlers.entries()) {
      let returned: unknown;
      try {
        returned = installed.instance.handleEvent(event);
      } catch (thrown) {
        return this.#goOn(event, handlers.slice(index + 1), installed, { ok: false, reason: reasonOfThrown(thrown) });
      }
      // No promise while all handlers are done at once and stay: that is how most events pass.
      if (returned !== undefined || installed.place.wish !== undefined) {
        return this.#goOn(
          event,
          handlers.slice(index + 1),
          installed,
          attempt(() => returned),
        );
      }
    }
  }

  /** The same, to be called: it is answered when all handlers have handled the event. */
  syncNotify(event: Event): void | Promise<void> {
    return this.notify(event);
  }

  /** Installs a handler in front of the others. The same class may be installed several times, also without ids. */
  async addHandler(spec: HandlerSpec<Event>): Promise<AddHandlerResult> {
    return this.#add(spec, undefined, undefined, undefined);
  }

  /**
   * Installs a handler that is supervised by its owner: the actor that calls, or the one given, where the call is made after the first `await` of a
   * handler. Owner and manager are linked.
   */
  async addSupHandler(spec: HandlerSpec<Event>, owner: AnyRef | undefined = this.caller): Promise<AddHandlerResult> {
    if (owner === undefined) return { ok: false, reason: "owner_required" };
    return this.#add(spec, owner, undefined, undefined);
  }

  /** Removes a handler; `args` go to its `terminate`, whose result is the answer. */
  async deleteHandler(key: HandlerKey, args?: unknown): Promise<DeleteHandlerResult> {
    const installed = this.#handlers.find(key);
    if (installed === undefined) return { ok: false, reason: "module_not_found" };
    const ended = await this.#terminate(installed, { args }, "normal");
    return ended.ok ? { ok: true, result: ended.value } : { ok: false, reason: "exit", error: ended.reason };
  }

  /**
   * Puts a handler in the place of another, in one step: no event is missed and none is handled twice.
   *
   * The old one's `terminate({ args })` runs first; what it returns goes to the new one's `init`. Where there is no old one the new one is
   * installed all the same, and told so. A supervised handler stays supervised by its owner.
   */
  async swapHandler(key: HandlerKey, args: unknown, spec: HandlerSpec<Event>): Promise<AddHandlerResult> {
    const old = this.#handlers.find(key);
    return this.#swap(old, args, spec, old?.owner);
  }

  /** The same, with a new handler that is supervised by the actor that calls, or the one given. */
  async swapSupHandler(
    key: HandlerKey,
    args: unknown,
    spec: HandlerSpec<Event>,
    owner: AnyRef | undefined = this.caller,
  ): Promise<AddHandlerResult> {
    if (owner === undefined) return { ok: false, reason: "owner_required" };
    return this.#swap(this.#handlers.find(key), args, spec, owner);
  }

  /** Calls one handler. Use the function `callHandler`, which knows the types of request and reply. */
  async callHandler(key: HandlerKey, request: unknown): Promise<CallHandlerResult> {
    const installed = this.#handlers.find(key);
    if (installed === undefined) return { ok: false, reason: "bad_module" };
    const answered = await attempt(() => installed.instance.handleCall(request));
    if (answered.ok) {
      await this.#grantWish(installed);
      return { ok: true, reply: answered.value };
    }
    if (errorOfReason(answered.reason) instanceof UnhandledCall) return { ok: false, reason: "bad_call" };
    await this.#removeFailed(installed, "handleCall", answered.reason);
    return { ok: false, reason: "exit", error: answered.reason };
  }

  /** The handlers, the newest first. */
  whichHandlers(): HandlerEntry[] {
    return this.#handlers.all.map(entryOf);
  }

  /** The handlers with their states, the newest first; `sys.getState` answers the same. */
  getHandlerStates(): HandlerState[] {
    return this.#handlers.all.map((each) => ({ ...entryOf(each), state: each.instance[readState]() }));
  }

  /**
   * Replaces the states of the handlers by what `change` makes of them. For debugging.
   *
   * Where `change` throws, or the handler cannot take the state, the state of that handler stays; the others' are replaced. Answers the states after it.
   */
  replaceHandlerStates(change: (state: HandlerState) => unknown): HandlerState[] {
    for (const each of this.#handlers.all) this.#replaceState(each, change);
    return this.getHandlerStates();
  }

  override [readState](): HandlerState[] {
    return this.getHandlerStates();
  }

  /** Takes the states as {@link EventManager.getHandlerStates} gives them out, in that order. */
  override [writeState](states: unknown): void {
    const { all } = this.#handlers;
    if (!Array.isArray(states) || states.length !== all.length) {
      throw new BadArgumentError(`Expected the states of ${all.length} handlers, got ${whatCame(states)}`);
    }
    const given: readonly unknown[] = states;
    for (const [index, each] of all.entries()) {
      const entry = given[index];
      if (typeof entry === "object" && entry !== null && "state" in entry) this.#replaceState(each, () => entry.state);
    }
  }

  /**
   * Runs the `codeChange` of each handler, the newest first. When one fails, the change fails, and all handlers have the state again that they
   * had before, as far as `[readState]` and `[writeState]` hand it over.
   */
  override async codeChange(oldVersion: unknown, extra: unknown): Promise<void> {
    const changed: (readonly [Installed, unknown])[] = [];
    try {
      for (const each of this.#handlers.all) {
        changed.push([each, each.instance[readState]()]);
        await each.instance.codeChange(oldVersion, extra);
      }
    } catch (thrown) {
      for (const [each, before] of changed) this.#replaceState(each, () => before);
      throw thrown;
    }
  }

  override [startup](): unknown {
    this.trapExit();
    return super[startup]();
  }

  override async handleInfo(message: unknown): Promise<void> {
    await this.#tellAll(this.#handlers.all, "handleInfo", (handler) => handler.handleInfo(message));
  }

  /** Removes the handlers of an owner that has ended, then tells the others. */
  override async handleExit(exit: Exit): Promise<void> {
    for (const installed of this.#handlers.ownedBy(exit.ref)) {
      await this.#terminate(installed, { stop: exit.reason }, undefined);
    }
    await this.#tellAll(this.#handlers.all, "handleExit", (handler) => handler.handleExit(exit));
  }

  override async [teardown](reason: ExitReason): Promise<void> {
    for (const installed of this.#handlers.all) await this.#terminate(installed, "stop", "shutdown");
    await super[teardown](reason);
  }

  override formatStatus(): EventManagerStatus {
    return {
      kind: "event-manager",
      size: this.#handlers.all.length,
      events: this.#events,
      failed: this.#failed,
      handlers: this.#handlers.all.slice(0, MOST_LISTED).map((each) => {
        return { ...entryOf(each), owner: each.owner?.toString(), state: shownState(each.instance) };
      }),
    };
  }

  async #goOn(
    event: Event,
    others: readonly Installed[],
    installed: Installed,
    told: Attempt | Promise<Attempt>,
  ): Promise<void> {
    await this.#afterwards(installed, "handleEvent", await told);
    await this.#tellAll(others, "handleEvent", (handler) => handler.handleEvent(event));
  }

  async #tellAll(
    handlers: readonly Installed[],
    hook: string,
    tell: (handler: AnyHandler) => void | Promise<void>,
  ): Promise<void> {
    for (const installed of handlers) {
      await this.#afterwards(installed, hook, await attempt(() => tell(installed.instance)));
    }
  }

  async #afterwards(installed: Installed, hook: string, told: Attempt): Promise<void> {
    if (!told.ok) await this.#removeFailed(installed, hook, told.reason);
    else if (told.value === undefined) await this.#grantWish(installed);
    else await this.#removeFailed(installed, hook, badReturn(installed, hook, told.value));
  }

  async #grantWish(installed: Installed): Promise<void> {
    const { place } = installed;
    const { wish } = place;
    if (wish === undefined) return;
    place.wish = undefined;
    if (wish.kind === "swap") await this.#swap(installed, wish.args, wish.next, installed.owner);
    else if (wish.kind === "remove") await this.#terminate(installed, "remove_handler", "normal");
    else this.hibernate();
  }

  async #add(
    spec: HandlerSpec<Event>,
    owner: AnyRef | undefined,
    replaced: Installed | undefined,
    swapped: Swapped | undefined,
  ): Promise<AddHandlerResult> {
    const place: HandlerPlace = { system: this.system, manager: this.self(), wish: undefined };
    let instance: AnyHandler | undefined;
    const begun = await attempt(() => {
      instance = constructHandler(erased(spec.handler), place);
      return instance.init(spec.args, swapped);
    });
    const error = begun.ok ? refusal(spec, begun.value) : { why: begun.reason };
    if (error !== undefined || instance === undefined) {
      if (replaced !== undefined) this.#handlers.remove(replaced);
      return { ok: false, reason: "init_failed", error: error?.why };
    }
    place.wish = undefined;
    const installed = { handlerClass: spec.handler, id: spec.id, instance, place, owner };
    if (replaced === undefined) this.#handlers.add(installed);
    else this.#handlers.replace(replaced, installed);
    // Last: an owner that is dead already is heard of as an exit, which removes the handler again.
    if (owner !== undefined) this.link(owner);
    return OK;
  }

  async #swap(
    old: Installed | undefined,
    args: unknown,
    spec: HandlerSpec<Event>,
    owner: AnyRef | undefined,
  ): Promise<AddHandlerResult> {
    if (old === undefined) return this.#add(spec, owner, undefined, { ok: false, reason: "module_not_found" });
    const ended = await attempt(() => old.instance.terminate({ args }));
    const result = ended.ok ? ended.value : ended.reason;
    const added = await this.#add(spec, owner, old, { ok: true, result });
    const next = { handler: spec.handler.name, id: spec.id };
    this.#tellOwner(old, added.ok ? { swapped: next } : "normal", old.owner !== owner);
    return added;
  }

  #replaceState(installed: Installed, change: (state: HandlerState) => unknown): void {
    const { instance } = installed;
    const before = instance[readState]();
    try {
      instance[writeState](change({ ...entryOf(installed), state: before }));
    } catch (thrown) {
      this.#report("warning", installed, "replaceState", reasonOfThrown(thrown));
    }
  }

  async #removeFailed(installed: Installed, hook: string, reason: ExitReason): Promise<void> {
    if (!this.#handlers.has(installed)) return;
    this.#failed++;
    this.#report("error", installed, hook, reason);
    await this.#terminate(installed, { error: reason }, reason);
  }

  /** Removes a handler after its last words. `told` is what its owner hears; `undefined` when that is dead. */
  async #terminate(installed: Installed, why: HandlerStop, told: ExitReason): Promise<Attempt> {
    this.#handlers.remove(installed);
    const ended = await attempt(() => installed.instance.terminate(why));
    if (!ended.ok) this.#report("error", installed, "terminate", ended.reason);
    this.#tellOwner(installed, told, true);
    return ended;
  }

  #tellOwner(installed: Installed, reason: ExitReason, unlink: boolean): void {
    const { owner } = installed;
    if (owner === undefined || reason === undefined) return;
    if (unlink && this.#handlers.ownedBy(owner).length === 0) this.unlink(owner);
    owner.send(new HandlerExit(this.self(), entryOf(installed), reason));
  }

  #report(level: "error" | "warning", installed: Installed, hook: string, reason: ExitReason): void {
    const entry = entryOf(installed);
    const what = level === "error" ? "failed and is removed" : "kept its state";
    this.system.report({
      type: "event_handler",
      level,
      text: `Handler ${titleOf(entry)} of ${this.constructor.name} ${this.self()} ${what}, ${hook}: ${formatReason(reason)}`,
      details: { ref: this.self().toString(), ...entry, hook, reason, state: shownState(installed.instance) },
    });
  }
}

async function attempt(run: () => unknown): Promise<Attempt> {
  try {
    return { ok: true, value: await run() };
  } catch (thrown) {
    return { ok: false, reason: reasonOfThrown(thrown) };
  }
}

/** Handlers differ in what they take; a manager passes that on without looking at it. */
function erased(handlerClass: HandlerClass<unknown>): HandlerClass {
  return handlerClass as HandlerClass;
}

function refusal({ handler }: HandlerSpec<never>, returned: unknown): { readonly why: ExitReason } | undefined {
  if (returned === undefined) return undefined;
  if (typeof returned === "object" && returned !== null && "stop" in returned) return { why: returned.stop };
  const text = `${handler.name}.init returned ${whatCame(returned)}. It may return nothing, { stop: reason }, or a promise of one of these.`;
  return { why: { error: new BadReturnError(text) } };
}

function badReturn({ handlerClass }: Installed, hook: string, returned: unknown): ExitReason {
  const text =
    `${handlerClass.name}.${hook} returned ${whatCame(returned)}. It may return nothing, or a promise of nothing; to be removed or ` +
    "swapped it calls this.remove() or this.swap(args, handler(Next)).";
  return { error: new BadReturnError(text) };
}

/** What may be shown of a handler: a failure to tell must not hide the handler, nor a report. */
function shownState(instance: AnyHandler): unknown {
  try {
    return instance.formatStatus();
  } catch (thrown) {
    return `formatStatus failed: ${formatReason(reasonOfThrown(thrown))}`;
  }
}
