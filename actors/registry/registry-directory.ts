import type { ActorSystem } from "../../src/index.js";
import { RegistryCore } from "./registry-core.js";
import type { CheckedRegistryOptions } from "./registry-options.js";
import { unknownRegistry } from "./waiting.js";

// The tables belong to the system: they are there while their actor is being restarted, and go with the system.
const directories = new WeakMap<ActorSystem, Map<string, RegistryCore>>();

/** Finds the registry of a name. @throws {RegistryError} `unknown_registry` */
export function findRegistry(system: ActorSystem, name: string): RegistryCore {
  const core = directories.get(system)?.get(name);
  if (core === undefined) throw unknownRegistry(name);
  return core;
}

/** The registry that an actor is to run: the one that a crashed actor left behind, or a new one. */
export function adoptRegistry(system: ActorSystem, options: CheckedRegistryOptions): RegistryCore {
  let directory = directories.get(system);
  if (directory === undefined) {
    directory = new Map();
    directories.set(system, directory);
  }
  const left = directory.get(options.name);
  if (left !== undefined && left.keeper !== undefined && system.isAlive(left.keeper)) return left;
  if (left !== undefined) {
    // The number of partitions stays: the keys are where they are.
    left.options = { ...options, partitions: left.options.partitions };
    return left;
  }
  const core = new RegistryCore(system, options);
  directory.set(options.name, core);
  return core;
}

/** Empties a registry and forgets it. */
export function closeRegistry(core: RegistryCore): void {
  const directory = directories.get(core.system);
  if (directory?.get(core.name) === core) directory.delete(core.name);
  core.close();
}
