import type { ClusterNode } from "../cluster/cluster-node.js";
import { ClusterOfNode, noteCluster } from "../cluster/cluster.js";
import { joinCluster } from "../cluster/join.js";
import { MemoryNetwork } from "../cluster/memory/memory-network.js";
import { GatedClock, gatedExecutor } from "../cluster/memory/process-gate.js";
import type { LeaseTimes } from "../cluster/membership/lease-membership.js";
import { seededRandom } from "../kernel/random.js";
import type { Report } from "../kernel/report.js";
import { nodeExecutor } from "../kernel/scheduler.js";
import { type ActorSystem, createScheduledSystem } from "../kernel/system.js";
import { assertNoLeaks } from "./leak-check.js";
import { SeededScheduler } from "./seeded-scheduler.js";
import { createVirtualClock, type VirtualClock } from "./virtual-clock.js";

const LONGEST_WAIT_MS = 3_600_000;

/** One node of a {@link TestCluster}, in one of its lives. */
export interface TestNode {
  readonly name: string;
  readonly system: ActorSystem;
  readonly cluster: ClusterNode;
  /** Every report of its system so far, oldest first. */
  readonly reports: Report[];
}

/** Options of {@link createTestCluster}. */
export interface TestClusterOptions {
  /** The nodes that are there at first. */
  readonly nodes: readonly string[];
  /** Draws the order in which actors run, the ways of frames and all other chance; 1 by default. */
  readonly seed?: number;
  /** The times of leases and heartbeats. */
  readonly times?: LeaseTimes;
}

/**
 * Several systems in one process that form a cluster, on one virtual clock and over wires that fail as the test says.
 *
 * A node can be stopped and continued (`network.pause`, `network.resume`), killed, started again, and cut off (`network.partition`).
 */
export class TestCluster {
  readonly clock: VirtualClock = createVirtualClock();
  readonly network: MemoryNetwork;
  readonly #seed: number;
  readonly #nodes = new Map<string, TestNode>();
  #started = 0;

  constructor({ seed = 1, times }: Omit<TestClusterOptions, "nodes">) {
    this.#seed = seed;
    const setup = { clock: this.clock, random: seededRandom(seed) };
    this.network = new MemoryNetwork(times === undefined ? setup : { ...setup, times });
  }

  /** The node of this name in its present life. @throws {RangeError} when there is none */
  node(name: string): TestNode {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new RangeError(`Expected the name of a running node, got ${name}`);
    return node;
  }

  /** Starts a node, or the next life of one that has ended. */
  async start(name: string): Promise<TestNode> {
    const gate = this.network.gate(name);
    const reports: Report[] = [];
    const seed = this.#seed + ++this.#started;
    const system = await createScheduledSystem(
      {
        name,
        clock: new GatedClock(this.clock, gate),
        random: seededRandom(seed),
        reporter: (report) => void reports.push(report),
      },
      (setup) => new SeededScheduler(setup, seed, gatedExecutor(nodeExecutor, gate)),
    );
    this.clock.attach({ idle: () => (gate.isShut || gate.hasEnded ? Promise.resolve() : system.idle()) });
    // The way to the register may take time, which only goes by here.
    const cluster = await this.#until(joinCluster(system, this.network.engine(name), name));
    noteCluster(system, new ClusterOfNode(cluster, { engineName: "memory", role: "node" }));
    const node: TestNode = { name, system, cluster, reports };
    this.#nodes.set(name, node);
    await this.clock.settle();
    return node;
  }

  /** Ends a node's process without a word; with `known` its parent sees it. */
  async kill(name: string, options?: { readonly known?: boolean }): Promise<void> {
    this.network.kill(name, options);
    this.#nodes.delete(name);
    await this.clock.settle();
  }

  /** Stops what still runs, and checks that nothing is left in it. */
  async stop(): Promise<void> {
    this.network.heal();
    for (const { name, system } of this.#nodes.values()) {
      this.network.resume(name);
      await this.#until(system.stop());
      assertNoLeaks(system);
    }
  }

  /** Lets time go by until something is done: no longer than it needs, and at most an hour. */
  async #until<Value>(pending: Promise<Value>): Promise<Value> {
    let isOpen = true;
    const close = (): void => {
      isOpen = false;
    };
    void pending.then(close, close);
    await this.clock.settle();
    for (let stepMs = 1, waitedMs = 0; isOpen && waitedMs < LONGEST_WAIT_MS; stepMs = Math.min(1_000, stepMs * 2)) {
      await this.clock.advance(stepMs);
      waitedMs += stepMs;
    }
    return pending;
  }
}

/** Starts a {@link TestCluster}. */
export async function createTestCluster({ nodes, ...options }: TestClusterOptions): Promise<TestCluster> {
  const cluster = new TestCluster(options);
  for (const name of nodes) await cluster.start(name);
  return cluster;
}
