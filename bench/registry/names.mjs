/**
 * The names of the system: `register` and `whereis`.
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { takeNames } from "./take-names.mjs";

export { map } from "./take-names.mjs";

/** @param {Durations} durations */
export function holdfast(durations) {
  return takeNames(durations, async (system) => ({
    take: (_actor, name, register) => register(name),
    find: (name) => system.whereis(name),
  }));
}
