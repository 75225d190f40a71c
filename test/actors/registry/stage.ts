import { expect } from "vitest";
import { type LocalRegistry, registryOf } from "../../../actors/registry/local-registry.js";
import { Registry } from "../../../actors/registry/registry.js";
import { findRegistry } from "../../../actors/registry/registry-directory.js";
import type { RegistryOptions } from "../../../actors/registry/registry-options.js";
import type { ActorRef, ActorSystem, AnyRef } from "../../../src/index.js";
import { createTestSystem } from "../../../src/testing/index.js";
import type { VirtualClock } from "../../../src/testing/virtual-clock.js";
import { child, Supervisor } from "../../../supervisors/index.js";
import { Doer, seenBy } from "../../kernel/doer.js";

class Tree extends Supervisor<Omit<RegistryOptions, "name">> {
  override init(options: Omit<RegistryOptions, "name">) {
    return {
      intensity: 10,
      children: [child(Registry, { id: "names", name: "names.keeper", args: { name: "names", ...options } })],
    };
  }
}

/** A system with a supervised registry `names` on virtual time, and actors that end with the test. */
export interface RegistryStage {
  readonly system: ActorSystem;
  readonly clock: VirtualClock;
  readonly registry: LocalRegistry;
  /** The actor that runs the registry now. */
  keeper(): AnyRef;
  actor(): ActorRef<Doer>;
  kill(...refs: readonly AnyRef[]): Promise<void>;
  /** What an actor got, as far as all has come to rest. */
  seen(ref: ActorRef<Doer>): Promise<readonly unknown[]>;
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
  const { system, clock, stop } = await createTestSystem({ root: Tree, rootArgs: given });
  const actors: ActorRef<Doer>[] = [];
  const kill = async (...refs: readonly AnyRef[]): Promise<void> => {
    for (const ref of refs) system.exit(ref, "kill");
    await clock.settle();
  };
  return {
    system,
    clock,
    registry: registryOf(system, "names"),
    kill,
    keeper() {
      const keeper = system.whereis("names.keeper");
      if (keeper === undefined) throw new Error("the registry is not running");
      return keeper;
    },
    actor() {
      const ref = system.spawn(Doer, undefined);
      actors.push(ref);
      return ref;
    },
    async seen(ref) {
      await clock.settle();
      return seenBy(ref);
    },
    async end() {
      await kill(...actors);
      expectEmpty(system);
      await stop();
    },
  };
}
