/**
 * Restarts per second of a child that throws an `Error`: 1,000, 10,000 and 50,000 in a row.
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { crashesInARow } from "./crash.mjs";

/** @param {Durations} durations */
export function holdfast(durations) {
  return crashesInARow(durations, "throw");
}
