/**
 * Calls per second with 100 in flight: 100 client actors call one server, one call each at a time.
 *
 * @import { Durations } from "./meter.mjs"
 */
import { comedyClients, holdfastClients, nactClients } from "./call.mjs";

const CLIENTS = 100;

/** @param {Durations} durations */
export function holdfast(durations) {
  return holdfastClients(durations, CLIENTS);
}

/** @param {Durations} durations */
export function comedy(durations) {
  return comedyClients(durations, CLIENTS);
}

/** @param {Durations} durations */
export function nact(durations) {
  return nactClients(durations, CLIENTS);
}
