import type { Actor, ActorClass } from "../kernel/actor.js";
import type { ActorSystem } from "../kernel/system.js";
import { ClusterNode } from "./cluster-node.js";
import type { Member } from "./engine.js";
import { ClusterGroups } from "./groups/cluster-groups.js";
import { GlobalNames } from "./names/global-names.js";
import type { NodeIdentity } from "./node-identity.js";
import type { Entities } from "./placement/entities.js";
import type { EntityOptions } from "./placement/entity-options.js";
import { Placement, type SingletonArgs } from "./placement/placement.js";
import type { Singleton } from "./placement/singleton.js";
import { SharedRecords } from "./register/shared-records.js";
import { SoloMembership } from "./solo.js";

/**
 * What a process is in its cluster. `alone`: there is no cluster. `node`: a member, through an engine that the program gave. `core`: one of the
 * cores of a machine. `host`: the process that keeps the cores running; the application's root does not run in it.
 */
export type ClusterRole = "alone" | "node" | "core" | "host";

/** A system's cluster, as seen from the system; {@link clusterOf} gives it. */
export interface Cluster {
  /** `"solo"`, `"memory"`, `"cores"`, or the name of the engine that the program gave. */
  readonly engineName: string;
  readonly role: ClusterRole;
  /** This node, in this life. */
  readonly self: NodeIdentity;
  /** Names of which the whole cluster has one holder each. */
  readonly names: GlobalNames;
  /** The other members that are not down. */
  members(): readonly Member[];
  /** Tells of each member that comes or whose state changes from now on, and of those that are there at once. Returns a function that ends it. */
  watch(listener: (member: Member) => void): () => void;
  /** Groups of actors over all nodes. */
  readonly groups: ClusterGroups;
  /** Small values that all nodes share: where a singleton remembers its fencing tokens. */
  readonly records: SharedRecords;
  /**
   * Declares a type of entities on this node: actors of which the whole cluster has one for each id. Every node declares the same.
   *
   * @throws {BadArgumentError} for options that cannot be used, or a type that was declared with another class
   */
  entities<A extends Actor<never>>(type: string, options: EntityOptions<A>): Entities<A>;
  /**
   * Declares an actor that the cluster runs once, under a global name, on one of the nodes that declare it.
   *
   * @throws {BadArgumentError} for a name or class that cannot be used, or a name that was declared with another class
   */
  singleton<A extends Actor<never>>(name: string, actorClass: ActorClass<A>, ...args: SingletonArgs<A>): Singleton<A>;
  /**
   * Tells the others that this node takes nothing new, and gives them the entities and singletons that run here; for at most 30,000 ms. Resolves
   * with how many are left here: 0 unless there was no node that took them, or they did not come to rest in time.
   */
  drain(): Promise<number>;
}

/** The cluster of a system that is a node. */
export class ClusterOfNode implements Cluster {
  readonly engineName: string;
  readonly role: ClusterRole;
  readonly names: GlobalNames;
  readonly groups: ClusterGroups;
  readonly records: SharedRecords;
  readonly #placement: Placement;
  readonly #node: ClusterNode;
  readonly #listeners = new Set<(member: Member) => void>();

  constructor(node: ClusterNode, { engineName, role }: Pick<Cluster, "engineName" | "role">) {
    this.#node = node;
    this.engineName = engineName;
    this.role = role;
    this.names = new GlobalNames(node);
    this.groups = new ClusterGroups(node);
    this.records = new SharedRecords(node);
    this.#placement = new Placement({ node, names: this.names, groups: this.groups });
    node.addService("members", {
      received: () => undefined,
      memberChanged: (member) => {
        for (const listener of this.#listeners) listener(member);
      },
      fenced: () => undefined,
      missed: () => undefined,
    });
  }

  get self(): NodeIdentity {
    return this.#node.self;
  }

  members(): readonly Member[] {
    return this.#node.membership.members;
  }

  watch(listener: (member: Member) => void): () => void {
    // Wrapped, so that one listener given twice is told twice.
    const own = (member: Member): void => listener(member);
    this.#listeners.add(own);
    for (const member of this.members()) own(member);
    return () => void this.#listeners.delete(own);
  }

  entities<A extends Actor<never>>(type: string, options: EntityOptions<A>): Entities<A> {
    return this.#placement.entities(type, options);
  }

  singleton<A extends Actor<never>>(name: string, actorClass: ActorClass<A>, ...args: SingletonArgs<A>): Singleton<A> {
    return this.#placement.singleton(name, actorClass, ...args);
  }

  async drain(): Promise<number> {
    await this.#node.membership.drain();
    return this.#placement.drain();
  }
}

const known = new WeakMap<ActorSystem, Cluster>();

/** Notes the cluster of a system that has joined one. */
export function noteCluster(system: ActorSystem, cluster: Cluster): void {
  known.set(system, cluster);
}

/**
 * The cluster that a system belongs to. A system without one is a cluster of its own, with one node: the same program runs alone and with others.
 *
 * ```ts
 * const { names } = clusterOf(this.system);
 * await names.register("world-1", this.self());
 * ```
 */
export function clusterOf(system: ActorSystem): Cluster {
  const cluster = known.get(system);
  if (cluster !== undefined) return cluster;
  const node = new ClusterNode(system.kernel);
  node.joined(new SoloMembership(system.name));
  const solo = new ClusterOfNode(node, { engineName: "solo", role: "alone" });
  known.set(system, solo);
  return solo;
}
