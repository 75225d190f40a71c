import type { Actor } from "../../kernel/actor.js";
import type { ActorSystem, SystemOptions } from "../../kernel/system.js";
import { type CoresOptions, resolveCores } from "../cluster-options.js";
import { corePlace } from "./core-place.js";

/** Makes the system of this process, in a program that runs on several cores: as one of them, or as their host. */
export async function startOnCores<Root extends Actor<never>>(
  options: SystemOptions<Root>,
  cluster: CoresOptions,
): Promise<ActorSystem> {
  const settings = resolveCores(cluster);
  const place = corePlace();
  if (place !== undefined) {
    const { startCore } = await import("./core-program.js");
    return startCore(options, place);
  }
  const { startHost } = await import("./host/start-host.js");
  return startHost(options, settings);
}
