/**
 * The names of a `Registry`: each has an entry with a value, which can be watched, given away and selected.
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { loadActors } from "../harness/packages.mjs";
import { takeNames } from "./take-names.mjs";

export { map } from "./take-names.mjs";

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Registry, registryOf } = await loadActors();
  return takeNames(durations, async (system) => {
    await system.start(Registry, { name: "rooms" });
    const rooms = registryOf(system, "rooms");
    return {
      take: (actor, name) => {
        if (!rooms.register("name", name, actor).ok) throw new Error(`Expected ${name} to be free`);
      },
      find: (name) => rooms.whereis(name),
    };
  });
}
