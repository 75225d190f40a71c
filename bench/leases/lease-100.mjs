/**
 * Leases a second of 100 clients at once, for whom there are 100 resources.
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { genericPoolCycles, holdfastCycles, pgPoolCycles, tarnCycles } from "./pools.mjs";

const CLIENTS = 100;

/** @param {Durations} durations */
export function holdfast(durations) {
  return holdfastCycles(durations, CLIENTS);
}

/** @param {Durations} durations */
export function genericPool(durations) {
  return genericPoolCycles(durations, CLIENTS);
}

/** @param {Durations} durations */
export function tarn(durations) {
  return tarnCycles(durations, CLIENTS);
}

/** @param {Durations} durations */
export function pgPool(durations) {
  return pgPoolCycles(durations, CLIENTS);
}
