import type { Actor } from "../kernel/actor.js";
import { BadArgumentError, whatCame } from "../kernel/errors.js";
import {
  type ActorSystem,
  createSystem as createLocalSystem,
  type SystemOptions as LocalOptions,
} from "../kernel/system.js";
import type { ClusterOptions } from "./cluster-options.js";

/** Options of {@link createSystem}. */
export interface SystemOptions<Root> extends LocalOptions<Root> {
  /** Runs the application on several cores, or joins a cluster through an engine; by default the system is alone. */
  readonly cluster?: ClusterOptions;
}

/**
 * Makes a system of actors, and starts its root.
 *
 * ```ts
 * const system = await createSystem({ root: Shop });
 * ```
 *
 * With `cluster: { cores: 4 }` the same program runs on four cores: this process becomes their host, whose tree shows the cores, and each core
 * loads the program's main module again, in which this very call makes the system that runs the root.
 *
 * @throws {StartError} when the root does not start; then nothing is left running
 * @throws {CoresError} `comedy_missing` or `core_failed`
 */
export async function createSystem<Root extends Actor<never>>(options: SystemOptions<Root> = {}): Promise<ActorSystem> {
  const { cluster, ...local } = options;
  if (cluster === undefined) return createLocalSystem(local);
  // What a program without a cluster never loads.
  if (typeof cluster === "object" && cluster !== null && "cores" in cluster) {
    const { startOnCores } = await import("./cores/start-on-cores.js");
    return startOnCores(local, cluster);
  }
  if (typeof cluster !== "object" || cluster === null || typeof cluster.engine?.join !== "function") {
    throw new BadArgumentError(`Expected cluster to be { cores } or { engine, name }, got ${whatCame(cluster)}`);
  }
  const { startEngine } = await import("./start-engine.js");
  return startEngine(local, cluster);
}
