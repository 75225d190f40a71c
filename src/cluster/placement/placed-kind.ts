import type { ActorRef } from "../../kernel/actor-ref.js";
import { cellOf } from "../../kernel/cell.js";
import { CallError, NoContextError } from "../../kernel/errors.js";
import { exitSignal } from "../../kernel/termination.js";
import type { ActorSystem } from "../../kernel/system.js";
import type { ClusterNode } from "../cluster-node.js";
import type { ClusterGroups } from "../groups/cluster-groups.js";
import type { GlobalNames } from "../names/global-names.js";
import { EntityHost, type PlacedKindSpec } from "./entity-host.js";
import type { EntityLimits } from "./entity-options.js";
import { HostDirectory } from "./host-directory.js";
import { Locator } from "./locator.js";
import type { PlacedLife } from "./placed-life.js";

/** What of a node placement is built on. */
export interface PlacementBase {
  readonly node: ClusterNode;
  readonly names: GlobalNames;
  readonly groups: ClusterGroups;
}

/** One kind of placed actor on this node: its host here, what is known of the hosts elsewhere, and the way to its actors. */
export class PlacedKind {
  readonly locator: Locator;
  readonly limits: Required<EntityLimits>;
  readonly #spec: PlacedKindSpec;
  readonly #base: PlacementBase;
  readonly #group: string;
  readonly #directory: HostDirectory;
  readonly #lives = new Map<string, PlacedLife>();
  readonly #stopWatching: () => void;
  #host: ActorRef<EntityHost> | undefined;
  #isFenced = false;
  #isDraining = false;

  constructor(spec: PlacedKindSpec, limits: Required<EntityLimits>, base: PlacementBase) {
    const { node, names, groups } = base;
    this.#spec = spec;
    this.limits = limits;
    this.#base = base;
    this.#group = `hosts/${spec.key}`;
    this.#directory = new HostDirectory({ node, groups, group: this.#group, weightOf: limits.weightOf });
    this.locator = new Locator({
      system: this.#system,
      names,
      directory: this.#directory,
      lives: this.#lives,
      nameOf: spec.nameOf,
      maxWaiting: limits.maxWaiting,
    });
    this.#stopWatching = groups.watch(this.#group, () => this.changed());
    this.#startHost();
  }

  /** How many run on this node. */
  get count(): number {
    return this.#lives.size;
  }

  /** Members or hosts have changed. */
  changed(): void {
    this.#directory.changed();
    this.#host?.cast.reconsider();
    this.locator.changed();
  }

  /** Gives away what runs here; resolves with how many are left. */
  async drain(timeoutMs: number): Promise<number> {
    this.#isDraining = true;
    try {
      return (await this.#host?.callWithin(Number.POSITIVE_INFINITY).drain(timeoutMs)) ?? 0;
    } catch (thrown) {
      // The host has ended meanwhile, and all that it ran with it.
      if (thrown instanceof CallError) return 0;
      throw thrown;
    }
  }

  /** This node has lost its place: nothing that it ran may go on. */
  fenced(): void {
    this.#isFenced = true;
    this.#stopWatching();
    const cells = [...this.#lives.values()].flatMap(({ ref }) => (ref === undefined ? [] : [cellOf(ref)]));
    // First, so that none of them has time for last words.
    for (const cell of cells) exitSignal(null, cell, "kill", false);
    if (this.#host !== undefined) exitSignal(null, cellOf(this.#host), "kill", false);
    this.locator.fenced();
  }

  get #system(): ActorSystem {
    return this.#base.node.kernel.system;
  }

  #startHost(): void {
    const { node, names, groups } = this.#base;
    const leave = (): void => {
      if (this.#host !== undefined) groups.leave(this.#group, this.#host);
    };
    const { limits } = this;
    const args = { kind: this.#spec, node, names, directory: this.#directory, limits, lives: this.#lives, leave };
    const host = this.#system.spawn(EntityHost, args);
    this.#host = host;
    if (!this.#isDraining) groups.join(this.#group, host);
    this.#directory.changed();
    this.#system.onExit(host, () => queueMicrotask(() => this.#hostEnded()));
  }

  #hostEnded(): void {
    this.#host = undefined;
    this.#lives.clear();
    if (this.#isFenced) return;
    try {
      this.#startHost();
    } catch (thrown) {
      // The system stops, and everything here with it.
      if (!(thrown instanceof NoContextError)) throw thrown;
      this.#stopWatching();
    }
  }
}
