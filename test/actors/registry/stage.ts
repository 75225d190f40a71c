import { expect } from "vitest";
import { type LocalRegistry, registryOf } from "../../../actors/registry/local-registry.js";
import { Registry } from "../../../actors/registry/registry.js";
import { findRegistry } from "../../../actors/registry/registry-directory.js";
import type { RegistryOptions } from "../../../actors/registry/registry-options.js";
import type { ActorSystem, AnyRef } from "../../../src/index.js";
import { child, Supervisor } from "../../../supervisors/index.js";
import { type ActorsOnStage, stageActors } from "../stage-actors.js";

class Tree extends Supervisor<Omit<RegistryOptions, "name">> {
  override init(options: Omit<RegistryOptions, "name">) {
    return {
      intensity: 10,
      children: [child(Registry, { id: "names", name: "names.keeper", args: { name: "names", ...options } })],
    };
  }
}

/** A supervised registry `names`, and actors that end with the test. */
export interface RegistryStage extends Omit<ActorsOnStage, "end"> {
  readonly registry: LocalRegistry;
  /** The actor that runs the registry now. */
  keeper(): AnyRef;
  /** Ends all actors, checks that the registry is empty, and stops the system. */
  end(): Promise<void>;
}

/** Checks that a registry holds nothing at all. */
export function expectEmpty(system: ActorSystem, name = "names"): void {
  const { table, watches, locks, waiting, starting, closing } = findRegistry(system, name);
  const held = { size: table.size, owners: table.owners, watches: watches.size, locks: locks.size };
  expect({ ...held, queue: locks.waiting, waiting, starting: starting.size, closing: closing.size }).toEqual({
    size: 0,
    owners: 0,
    watches: 0,
    locks: 0,
    queue: 0,
    waiting: 0,
    starting: 0,
    closing: 0,
  });
}

/** Makes a {@link RegistryStage}. */
export async function stageRegistry(given: Omit<RegistryOptions, "name"> = {}): Promise<RegistryStage> {
  const stage = await stageActors({ root: Tree, rootArgs: given });
  const { system } = stage;
  return {
    ...stage,
    registry: registryOf(system, "names"),
    keeper() {
      const keeper = system.whereis("names.keeper");
      if (keeper === undefined) throw new Error("the registry is not running");
      return keeper;
    },
    end: () => stage.end(() => expectEmpty(system)),
  };
}
