/**
 * Loads what the programs of a bench measure: the built package and its peers. Each program loads only what it needs.
 *
 * `HOLDFAST_DIST` names another build than this checkout's `dist/`, so that two revisions can be compared.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const DIST = process.env["HOLDFAST_DIST"] ?? resolve(import.meta.dirname, "../../dist");

/** @returns {Promise<typeof import("../../src/index.js")>} the kernel's public names */
export function loadKernel() {
  return load("src/index.js");
}

/** @returns {Promise<typeof import("../../supervisors/index.js")>} the supervisors' public names */
export function loadSupervisors() {
  return load("supervisors/index.js");
}

/** @returns {Promise<typeof import("../../actors/index.js")>} the ready-made actors' public names */
export function loadActors() {
  return load("actors/index.js");
}

/**
 * What the benches use of comedy.
 *
 * @typedef {{
 *   createChild(definition: object): Promise<ComedyActor>,
 *   send(topic: string, ...args: unknown[]): Promise<void>,
 *   sendAndReceive(topic: string, ...args: unknown[]): Promise<unknown>,
 *   destroy(): Promise<void>,
 * }} ComedyActor
 */

/**
 * Starts comedy in this process, without its log, and answers its root actor.
 *
 * @returns {Promise<ComedyActor>}
 */
export async function startComedy() {
  // Named by a variable: the peers are installed on the first bench, type checks run without them.
  const name = "comedy";
  const { default: createActorSystem } = await import(name);
  return createActorSystem({ loggerConfig: { categories: { Default: "Error" } } }).rootActor();
}

/** @param {string} path */
function load(path) {
  return import(pathToFileURL(resolve(DIST, path)).href);
}
