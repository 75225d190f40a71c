import { ClusterGroups } from "../../../src/cluster/groups/cluster-groups.js";
import { GlobalNames } from "../../../src/cluster/names/global-names.js";
import type { EntityArgs, EntityOptions } from "../../../src/cluster/placement/entity-options.js";
import type { Entities } from "../../../src/cluster/placement/entities.js";
import { Placement } from "../../../src/cluster/placement/placement.js";
import { ownerOf } from "../../../src/cluster/placement/rendezvous.js";
import { Actor, type ActorRef } from "../../../src/index.js";
import { createTestCluster, type TestCluster, type TestNode } from "../../../src/testing/test-cluster.js";

/** A world that counts its visits, and takes the count along when it moves. */
export class World extends Actor<EntityArgs<{ readonly greeting: string } | undefined, number>> {
  #visits = 0;
  #id = "";
  #token = 0;
  #greeting = "hello";

  override init({ id, token, args, handedOver }: EntityArgs<{ readonly greeting: string } | undefined, number>): void {
    this.#id = id;
    this.#token = token;
    this.#visits = handedOver ?? 0;
    this.#greeting = args?.greeting ?? this.#greeting;
    if (id.startsWith("broken")) throw new RangeError("no such world");
  }

  visit(): number {
    return ++this.#visits;
  }

  greet(): string {
    return `${this.#greeting} from ${this.#id}`;
  }

  token(): number {
    return this.#token;
  }

  leave(): void {
    this.stop();
  }

  handOff(): number {
    return this.#visits;
  }
}

/** One node with what placement is built on. */
export interface PlacedNode extends TestNode {
  readonly names: GlobalNames;
  readonly placement: Placement;
  readonly worlds: Entities<World>;
}

/** A test cluster each of whose nodes declares the same worlds. */
export class PlacedCluster {
  readonly cluster: TestCluster;
  readonly #options: EntityOptions<World>;
  readonly #nodes = new Map<string, PlacedNode>();

  private constructor(cluster: TestCluster, options: EntityOptions<World>) {
    this.cluster = cluster;
    this.#options = options;
  }

  static async create(
    names: readonly string[],
    limits: Partial<EntityOptions<World>> = {},
    seed = 1,
  ): Promise<PlacedCluster> {
    const placed = new PlacedCluster(await createTestCluster({ nodes: [], seed }), { actorClass: World, ...limits });
    for (const name of names) await placed.start(name);
    return placed;
  }

  node(name: string): PlacedNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new RangeError(`Expected the name of a running node, got ${name}`);
    return node;
  }

  get nodes(): readonly PlacedNode[] {
    return [...this.#nodes.values()];
  }

  async start(name: string): Promise<PlacedNode> {
    const node = await this.cluster.start(name);
    const names = new GlobalNames(node.cluster);
    const placement = new Placement({ node: node.cluster, names, groups: new ClusterGroups(node.cluster) });
    const placed = { ...node, names, placement, worlds: placement.entities("world", this.#options) };
    this.#nodes.set(name, placed);
    await this.cluster.clock.settle();
    return placed;
  }

  async kill(name: string, options?: { readonly known?: boolean }): Promise<void> {
    this.#nodes.delete(name);
    await this.cluster.kill(name, options);
  }

  /** Where a name belongs among these nodes. */
  homeOf(name: string, among: readonly string[] = this.nodes.map((node) => node.name)): string {
    const candidates = among.map((each) => ({ name: each }));
    return ownerOf(name, candidates)?.name ?? "";
  }

  /** Where a world belongs now. */
  home(id: string): string {
    return this.homeOf(`entity/world/${id}`);
  }

  /** Ids of worlds that belong to a node. */
  idsOf(name: string, count: number): string[] {
    const ids: string[] = [];
    for (let k = 0; ids.length < count; k++) if (this.home(`w${k}`) === name) ids.push(`w${k}`);
    return ids;
  }

  /** Lets the cluster work until something has come, or for at most so long. */
  async done<Value>(pending: Promise<Value>, withinMs = 10_000): Promise<Value> {
    let isDone = false;
    const end = (): void => {
      isDone = true;
    };
    pending.then(end, end);
    await this.cluster.clock.settle();
    for (let waited = 0; !isDone && waited < withinMs; waited += 50) await this.cluster.clock.advance(50);
    if (!isDone) throw new Error(`Nothing came within ${withinMs} ms`);
    return pending;
  }

  locate(from: string, id: string, timeoutMs?: number): Promise<ActorRef<World>> {
    return this.done(this.node(from).worlds.locate(id, timeoutMs === undefined ? {} : { timeoutMs }), 60_000);
  }

  async visit(from: string, id: string): Promise<number> {
    const ref = await this.locate(from, id);
    return this.done(ref.call.visit());
  }

  stop(): Promise<void> {
    return this.cluster.stop();
  }
}

/** The node that a ref is of, as seen from a node: refs of its own have no name. */
export function placeOf(ref: unknown, from: string): string {
  const [, place = ""] = /^<(\w+)\./.exec(String(ref)) ?? [];
  return place === "0" ? from : place;
}
