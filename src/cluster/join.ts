import type { ActorSystem } from "../kernel/system.js";
import { ClusterNode } from "./cluster-node.js";
import type { Engine } from "./engine.js";

/** Joins a system to a cluster through an engine. It leaves by itself when the system has stopped. */
export async function joinCluster(system: ActorSystem, engine: Engine, name?: string): Promise<ClusterNode> {
  const node = new ClusterNode(system.kernel);
  const { clock, random } = system;
  const membership = await engine.join({ name, clock, random, report: (report) => system.report(report) }, node);
  node.joined(membership);
  void leaveAfter(system, node);
  return node;
}

async function leaveAfter(system: ActorSystem, node: ClusterNode): Promise<void> {
  await system.done;
  await node.membership.leave();
}
