/**
 * Leases a second of one client that never has to wait, each by a call and a cast to the manager.
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { messageCycles } from "./pools.mjs";

/** @param {Durations} durations */
export function holdfast(durations) {
  return messageCycles(durations, 1);
}
