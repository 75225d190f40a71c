import { type Cluster, clusterOf } from "../../../src/cluster/index.js";
import type { ProcessGate } from "../../../src/cluster/memory/process-gate.js";
import type { ActorSystem, AnyRef } from "../../../src/index.js";
import type { TestNode } from "../../../src/testing/test-cluster.js";

/** One process of a node, from its start to its end. */
export class NodeProcess {
  readonly name: string;
  /** The node's name and which of its lives this is: like that of no other process. */
  readonly life: string;
  readonly node: TestNode;
  readonly cluster: Cluster;
  readonly gate: ProcessGate;
  isKilled = false;
  /** Whether it was told that it has lost its place. */
  wasFenced = false;

  constructor(node: TestNode, life: string, gate: ProcessGate) {
    this.name = node.name;
    this.life = life;
    this.node = node;
    this.gate = gate;
    this.cluster = clusterOf(node.system);
    node.cluster.addService("simulation", {
      received: () => undefined,
      memberChanged: () => undefined,
      missed: () => undefined,
      fenced: () => {
        this.wasFenced = true;
      },
    });
  }

  get system(): ActorSystem {
    return this.node.system;
  }

  /** Whether something can run in it now. */
  get isAwake(): boolean {
    return !this.isKilled && !this.gate.isShut;
  }

  /** Whether it is a member by its own clock. */
  get holdsPlace(): boolean {
    return !this.isKilled && this.node.cluster.holdsPlace;
  }

  /** Whether an actor of it lives. */
  has(ref: AnyRef): boolean {
    return !this.isKilled && this.system.isAlive(ref);
  }
}
