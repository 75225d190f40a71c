import { Actor, type ExitReason, isNormalExit, messages, release } from "../../src/index.js";
import { KINDS } from "./kind.js";
import type { RegistryCore } from "./registry-core.js";
import { adoptRegistry, closeRegistry } from "./registry-directory.js";
import { checkRegistryOptions, type RegistryOptions } from "./registry-options.js";

/**
 * Runs a registry under a supervisor: names, properties, counters and resources of actors, found by `registryOf`.
 *
 * ```ts
 * child(Registry, { id: "names", args: { name: "names" } });
 *
 * registryOf(system, "names").register("name", ["room", 7], this.self());
 * ```
 *
 * The actor gives the registry its place in the tree and its life; it handles no messages. Registering and looking up happen at once, in the
 * caller's stack, so a registry is never busy, and what an actor has is out of it before anybody hears of that actor's end.
 *
 * What survives a crash of this actor: everything. The tables belong to the system, go on working while the actor is down, and are adopted by
 * the next. When it is stopped in order, with `normal` or `shutdown`, they are emptied, and those who wait are told.
 */
export class Registry extends Actor<RegistryOptions> {
  static readonly [messages] = [] as const;

  #core: RegistryCore | undefined;

  override init(options: RegistryOptions): void | { readonly stop: ExitReason } {
    const core = adoptRegistry(this.system, checkRegistryOptions(options));
    const { keeper } = core;
    if (keeper !== undefined && this.system.isAlive(keeper)) return { stop: { already_started: keeper } };
    core.keeper = this.self();
    this.#core = core;
  }

  override [release](reason: ExitReason): void {
    const core = this.#core;
    this.#core = undefined;
    if (core === undefined) return;
    core.keeper = undefined;
    if (isNormalExit(reason)) closeRegistry(core);
  }

  override formatStatus(): unknown {
    const core = this.#core;
    if (core === undefined) return undefined;
    const kinds = KINDS.map((kind) => [kind, core.table.store(kind).rows.size] as const).filter(([, size]) => size > 0);
    return {
      kind: "registry",
      name: core.name,
      partitions: core.options.partitions,
      entries: core.table.size,
      owners: core.table.owners,
      byKind: Object.fromEntries(kinds),
      watches: core.watches.size,
      waiting: core.waiting,
      locks: core.locks.size,
      pools: core.pools.size,
    };
  }
}
