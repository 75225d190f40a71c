import type { ActorSystem } from "../../src/index.js";
import { isRun, SystemTables } from "../system-tables.js";
import { RegistryCore } from "./registry-core.js";
import type { CheckedRegistryOptions } from "./registry-options.js";
import { unknownRegistry } from "./waiting.js";

const registries = new SystemTables<RegistryCore>();

/** Finds the registry of a name. @throws {RegistryError} `unknown_registry` */
export function findRegistry(system: ActorSystem, name: string): RegistryCore {
  const core = registries.find(system, name);
  if (core === undefined) throw unknownRegistry(name);
  return core;
}

/** The registry that an actor is to run: the one that a crashed actor left behind, or a new one. */
export function adoptRegistry(system: ActorSystem, options: CheckedRegistryOptions): RegistryCore {
  const make = (): RegistryCore => new RegistryCore(system, options);
  return registries.adopt(system, options.name, make, (left) => {
    // The number of partitions stays: the keys are where they are.
    if (!isRun(left)) left.options = { ...options, partitions: left.options.partitions };
  });
}

/** Empties a registry and forgets it. */
export function closeRegistry(core: RegistryCore): void {
  registries.forget(core.system, core.name, core);
  core.close();
}
