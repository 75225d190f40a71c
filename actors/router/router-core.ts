import { nodeOf } from "../../src/cluster/node-port.js";
import { type ActorSystem, type AnyRef, BadArgumentError, whatCame } from "../../src/index.js";
import { isRun, SystemTables } from "../system-tables.js";
import { RouterError } from "./router-error.js";
import { RouterNodes, type RouterOfNode } from "./router-nodes.js";
import { type CheckedRouterOptions, DEFAULT_ROUTER } from "./router-options.js";
import type { LoginResult, ReplacedMessage, RouterCounts } from "./router-results.js";
import { type LoginPlan, RouterTable } from "./router-table.js";

const DONE: LoginResult = { ok: true };
const LONGEST_ID = 1_024;

/**
 * A router's state and rules.
 *
 * It belongs to the system, not to the actor that runs it, so that it survives that actor. Everything happens at once, in the caller's stack.
 */
export class RouterCore implements RouterOfNode {
  readonly system: ActorSystem;
  readonly table = new RouterTable<AnyRef>();
  options: CheckedRouterOptions;
  /** The actor that runs it; `undefined` while it is being restarted. */
  keeper: AnyRef | undefined;
  /** False when the router was stopped in order: then it is empty, and stays so. */
  open = true;
  /** The routers of the same name on the other nodes of its cluster; `undefined` without one. */
  readonly #nodes: RouterNodes | undefined;
  readonly #watched = new Map<AnyRef, () => void>();
  readonly #totals = { logins: 0, refusedLogins: 0, replaced: 0, delivered: 0, sentToNobody: 0 };

  constructor(system: ActorSystem, options: CheckedRouterOptions) {
    this.system = system;
    this.options = options;
    const port = nodeOf(system);
    this.#nodes = port === undefined ? undefined : new RouterNodes(port, this);
  }

  get name(): string {
    return this.options.name;
  }

  get counts(): RouterCounts {
    return { ids: this.table.idCount, actors: this.table.ownerCount, ...this.#totals };
  }

  login(id: string, actor: AnyRef): LoginResult {
    // A caller may have found it before it was stopped: nothing would ever take out what is put in now.
    if (!this.open) throw new RouterError(this.options.name);
    checkId(id);
    const { system, table, options } = this;
    if (!system.isAlive(actor)) return this.#refuse("noproc");
    const plan = this.#plan(id, actor);
    if (!plan.ok) return this.#refuse(plan.reason);
    if (plan.known) return DONE;
    this.#totals.logins++;
    const { replaces } = plan;
    if (replaces !== undefined) this.#remove(id, replaces);
    this.#watch(actor);
    table.add(id, actor);
    this.#countChanged(id);
    if (replaces === undefined) return DONE;
    this.#totals.replaced++;
    replaces.send({ router: options.name, event: "replaced", id } satisfies ReplacedMessage);
    return { ok: true, replaced: replaces };
  }

  /** Logs an actor out, of one id or of all; returns of how many. */
  logout(actor: AnyRef, id?: string): number {
    if (id !== undefined) return this.#remove(id, actor) ? 1 : 0;
    const ids = [...(this.table.idsOf(actor) ?? [])];
    for (const each of ids) this.#remove(each, actor);
    return ids.length;
  }

  /** Sends to all actors under an id, and returns to how many. @throws {CodecError} when some are on other nodes, and it cannot be carried */
  send(id: string, message: unknown, except: AnyRef | undefined): number {
    const elsewhere = this.#nodes?.send(id, message, except) ?? 0;
    const here = this.#sendHere(id, message, except);
    this.#totals.delivered += here;
    if (here + elsewhere === 0) this.#totals.sentToNobody++;
    return here + elsewhere;
  }

  arrived(id: string, message: unknown, except: unknown): void {
    const here = this.#sendHere(id, message, except);
    this.#totals.delivered += here;
    if (here === 0) this.#totals.sentToNobody++;
  }

  /** How many actors are logged in under an id, on all nodes. */
  count(id: string): number {
    return (this.table.ownersOf(id)?.size ?? 0) + (this.#nodes?.count(id) ?? 0);
  }

  /** Empties it for good. */
  close(): void {
    this.open = false;
    this.#nodes?.close();
    for (const actor of [...this.table.owners()]) this.logout(actor);
  }

  /** What a login does. Code that runs in the middle of an actor's end may come before it is logged out: then it goes now. */
  #plan(id: string, actor: AnyRef): LoginPlan<AnyRef> {
    const { table, options } = this;
    const plan = table.plan(id, actor, options);
    if (plan.ok && plan.replaces === undefined) return plan;
    const ended = [...(table.ownersOf(id) ?? [])].filter((owner) => !this.system.isAlive(owner));
    if (ended.length === 0) return plan;
    for (const owner of ended) this.logout(owner);
    return table.plan(id, actor, options);
  }

  #refuse(reason: Extract<LoginResult, { ok: false }>["reason"]): LoginResult {
    this.#totals.refusedLogins++;
    return { ok: false, reason };
  }

  #watch(actor: AnyRef): void {
    if (this.#watched.has(actor)) return;
    // Called in the middle of the actor's end, before anybody handles a message about it.
    const unwatch = this.system.onExit(actor, () => this.logout(actor));
    this.#watched.set(actor, unwatch);
  }

  #sendHere(id: string, message: unknown, except: unknown): number {
    let delivered = 0;
    for (const actor of this.table.ownersOf(id) ?? []) {
      // Code that runs in the middle of an actor's end may come before it is logged out.
      if (actor === except || !this.system.isAlive(actor)) continue;
      actor.send(message);
      delivered++;
    }
    return delivered;
  }

  #countChanged(id: string): void {
    this.#nodes?.setCount(id, this.table.ownersOf(id)?.size ?? 0);
  }

  #remove(id: string, actor: AnyRef): boolean {
    if (!this.table.remove(id, actor)) return false;
    this.#countChanged(id);
    if (this.table.idsOf(actor) === undefined) {
      this.#watched.get(actor)?.();
      this.#watched.delete(actor);
    }
    return true;
  }
}

function checkId(id: string): void {
  if (typeof id === "string" && id !== "" && id.length <= LONGEST_ID) return;
  throw new BadArgumentError(`Expected an id of 1 to ${LONGEST_ID} characters, got ${whatCame(id)}`);
}

const routers = new SystemTables<RouterCore>();

/** Finds the router of a name. @throws {RouterError} when none runs */
export function findRouter(system: ActorSystem, name: string = DEFAULT_ROUTER): RouterCore {
  const core = routers.find(system, name);
  if (core === undefined) throw new RouterError(name);
  return core;
}

/** The router that an actor is to run: the one that a crashed actor left behind, or a new one. */
export function adoptRouter(system: ActorSystem, options: CheckedRouterOptions): RouterCore {
  const make = (): RouterCore => new RouterCore(system, options);
  return routers.adopt(system, options.name, make, (left) => {
    if (!isRun(left)) left.options = options;
  });
}

/** Empties a router and forgets it. */
export function closeRouter(core: RouterCore): void {
  routers.forget(core.system, core.options.name, core);
  core.close();
}
