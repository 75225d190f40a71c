import { Actor, type AnyRef, type ExitReason, isNormalExit, messages, release } from "../../src/index.js";
import { adoptRouter, closeRouter, type RouterCore } from "./router-core.js";
import { RouterError } from "./router-error.js";
import { checkRouterOptions, DEFAULT_ROUTER, type RouterOptions } from "./router-options.js";
import type { LoginResult, RouterSendOptions } from "./router-results.js";

/**
 * Brings messages to whoever is logged in under an id: all devices of one person, for instance.
 *
 * ```ts
 * child(Router, { id: "people" });
 *
 * routerOf(system).login("ada", this.self());
 * routerOf(system).send("ada", { text: "You have mail" });
 * ```
 *
 * An actor may have many ids, and an id many actors. Whoever ends is logged out, before anybody hears of the end. With `routerOf` everything
 * happens at once, in the caller's stack; the same is there as messages of this actor.
 *
 * What survives a crash of this actor: everything. The table belongs to the system, goes on working while the actor is down, and is adopted by
 * the next. When it is stopped in order, with `normal` or `shutdown`, it is emptied.
 */
export class Router extends Actor<RouterOptions | undefined> {
  static readonly [messages] = ["login", "logout", "send"] as const;

  #core: RouterCore | undefined;

  override init(options: RouterOptions | undefined): void | { readonly stop: ExitReason } {
    const core = adoptRouter(this.system, checkRouterOptions(options));
    const { keeper } = core;
    if (keeper !== undefined && this.system.isAlive(keeper)) return { stop: { already_started: keeper } };
    core.keeper = this.self();
    this.#core = core;
  }

  /** Logs an actor in under an id. */
  login(id: string, actor: AnyRef): LoginResult {
    return this.#running.login(id, actor);
  }

  /** Logs an actor out, of one id or of all; answers of how many. */
  logout(actor: AnyRef, id?: string): number {
    return this.#running.logout(actor, id);
  }

  /** Sends a message to every actor under an id; answers to how many. */
  send(id: string, message: unknown, options?: RouterSendOptions): number {
    return this.#running.send(id, message, options?.except);
  }

  override [release](reason: ExitReason): void {
    const core = this.#core;
    this.#core = undefined;
    if (core === undefined) return;
    core.keeper = undefined;
    if (isNormalExit(reason)) closeRouter(core);
  }

  override formatStatus(): unknown {
    const core = this.#core;
    return core === undefined ? undefined : { kind: "router", name: core.options.name, ...core.counts };
  }

  get #running(): RouterCore {
    if (this.#core === undefined) throw new RouterError(DEFAULT_ROUTER);
    return this.#core;
  }
}
