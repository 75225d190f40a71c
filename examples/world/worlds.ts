import { type ActorRef, type ActorSystem, HoldfastError } from "holdfast";
import { registryOf } from "holdfast/actors";
import { childTemplate, type DynamicSupervisor, startChild } from "holdfast/supervisors";
import { World, WORLDS, worldKey } from "./world.js";

/** The name of the supervisor of worlds. */
export const KEEPER = "world-keeper";
/** Most worlds at a time. */
export const MOST_WORLDS = 100;

/** A world could not be had: there are too many, or their supervisor is being restarted. It may be tried again. */
export class NoWorldError extends HoldfastError {
  override readonly name = "NoWorldError";
  readonly code = "no_world";
}

// Transient: a world that crashes comes back, one that ends because nobody is in it does not.
const template = childTemplate(World, { restart: "transient" });

/**
 * The world of that name, started if there is none: one, however many ask at the same time.
 *
 * @throws {NoWorldError}
 */
export function findWorld(system: ActorSystem, name: string): Promise<ActorRef<World>> {
  const worlds = registryOf(system, WORLDS);
  return worlds.getOrStart(worldKey(name), async () => {
    const keeper = system.whereis<DynamicSupervisor>(KEEPER);
    if (keeper === undefined) throw new NoWorldError("Worlds are being restarted");
    const started = await startChild(keeper, template, { name, memory: { map: undefined } });
    // Refused also where the supervisor has restarted the world meanwhile.
    const ref = started.ok ? started.ref : worlds.whereis<World>(worldKey(name));
    if (ref === undefined) throw new NoWorldError(`There are ${MOST_WORLDS} worlds already`);
    return ref;
  });
}
