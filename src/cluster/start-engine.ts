import type { Actor } from "../kernel/actor.js";
import type { ActorSystem, SystemOptions } from "../kernel/system.js";
import { ClusterOfNode, noteCluster } from "./cluster.js";
import type { EngineOptions } from "./cluster-options.js";
import { startNode } from "./start-node.js";

/** Makes a system that joins a cluster through an engine that the program gave. */
export function startEngine<Root extends Actor<never>>(
  options: SystemOptions<Root>,
  { engine, name }: EngineOptions,
): Promise<ActorSystem> {
  return startNode(options, name === undefined ? { engine } : { engine, name }, (system, node) => {
    noteCluster(system, new ClusterOfNode(node, { engineName: engine.name, role: "node" }));
  });
}
