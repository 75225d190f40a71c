import type { ActorSystem, AnyRef } from "../../src/index.js";
import { findRouter, type RouterCore } from "./router-core.js";
import { DEFAULT_ROUTER } from "./router-options.js";
import type { LoginResult, RouterCounts, RouterSendOptions } from "./router-results.js";

/**
 * A router of this process: who is logged in under which id. Found with {@link routerOf}.
 *
 * Every method has done its work when it returns. An actor is logged out when its end is told to anybody.
 *
 * @throws {RouterError} `unknown_router` from every method, while no router of this name runs
 */
export class LocalRouter {
  readonly system: ActorSystem;
  readonly name: string;
  #core: RouterCore | undefined;

  /** @internal */
  constructor(system: ActorSystem, name: string) {
    this.system = system;
    this.name = name;
  }

  /** Logs an actor in under an id: it gets what is sent there from now on. A second login does nothing. */
  login(id: string, actor: AnyRef): LoginResult {
    return this.#open().login(id, actor);
  }

  /** Logs an actor out, of one id or of all; returns of how many. */
  logout(actor: AnyRef, id?: string): number {
    return this.#open().logout(actor, id);
  }

  /**
   * Sends a message to every actor under an id, to its `handleInfo`; returns to how many. With 0 the message is gone, and counted.
   *
   * Those that are logged in on other nodes are among them, as far as this node knows.
   *
   * @throws {CodecError} `cannot_carry` when some are on other nodes, and the message cannot cross; the text names the field
   */
  send(id: string, message: unknown, options?: RouterSendOptions): number {
    return this.#open().send(id, message, options?.except);
  }

  /** The actors of this node under an id, the one that logged in first at the front. */
  actorsOf(id: string): AnyRef[] {
    return [...(this.#open().table.ownersOf(id) ?? [])];
  }

  /** How many actors there are under an id, those on other nodes included. */
  count(id: string): number {
    return this.#open().count(id);
  }

  /** The ids under which an actor is logged in. */
  idsOf(actor: AnyRef): string[] {
    return [...(this.#open().table.idsOf(actor) ?? [])];
  }

  /** What was counted since the router was started. */
  counts(): RouterCounts {
    return this.#open().counts;
  }

  #open(): RouterCore {
    if (this.#core?.open !== true) this.#core = findRouter(this.system, this.name);
    return this.#core;
  }
}

/** The router of a name in a system. It need not run yet: only its use fails with `unknown_router` then. */
export function routerOf(system: ActorSystem, name: string = DEFAULT_ROUTER): LocalRouter {
  return new LocalRouter(system, name);
}
