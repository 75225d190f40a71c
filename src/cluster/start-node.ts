import type { Actor } from "../kernel/actor.js";
import { type ActorSystem, createSystem, type SystemOptions } from "../kernel/system.js";
import type { ClusterNode } from "./cluster-node.js";
import type { Engine } from "./engine.js";
import { joinCluster } from "./join.js";

/** Where a system joins. */
export interface NodePlace {
  readonly engine: Engine;
  readonly name?: string;
}

/** Makes a system that joins its cluster before its root starts; `joined` is called between the two. A root that fails stops all of it. */
export async function startNode<Root extends Actor<never>>(
  options: SystemOptions<Root>,
  { engine, name }: NodePlace,
  joined: (system: ActorSystem, node: ClusterNode) => void,
): Promise<ActorSystem> {
  const { root, rootArgs, ...others } = options;
  const system = await createSystem<Root>(others);
  try {
    const node = await joinCluster(system, engine, name);
    joined(system, node);
    if (root !== undefined) await system.startRoot(root, rootArgs);
  } catch (thrown) {
    await system.stop();
    throw thrown;
  }
  return system;
}
