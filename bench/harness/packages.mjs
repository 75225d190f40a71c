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

/** @returns {Promise<typeof import("../../src/cluster/index.js")>} the cluster's public names */
export function loadCluster() {
  return load("src/cluster/index.js");
}

/** @returns {Promise<typeof import("../../src/testing/index.js")>} the test kit's public names */
export function loadTesting() {
  return load("src/testing/index.js");
}

/** @returns {Promise<typeof import("../../src/store/index.js")>} the stores' public names */
export function loadStore() {
  return load("src/store/index.js");
}

/** @returns {Promise<typeof import("../../src/client/index.js")>} the client's public names */
export function loadClient() {
  return load("src/client/index.js");
}

/**
 * What the benches use of comedy.
 *
 * @typedef {{
 *   createChild(definition: object | string, options?: object): Promise<ComedyActor>,
 *   send(topic: string, ...args: unknown[]): Promise<void>,
 *   sendAndReceive(topic: string, ...args: unknown[]): Promise<any>,
 *   getState(): string,
 *   destroy(): Promise<void>,
 * }} ComedyActor
 */

/**
 * Starts comedy in this process, without its log, and answers its root actor.
 *
 * @returns {Promise<ComedyActor>}
 */
export async function startComedy() {
  return (await comedySystem("Error")).rootActor();
}

/**
 * Starts comedy with an actor in a process of its own.
 *
 * @param {string} module path of the module that defines the actor
 * @returns {Promise<{ actor: ComedyActor, stop: () => Promise<void> }>}
 */
export async function startForkedComedy(module) {
  const system = await comedySystem("Silent");
  const root = await system.rootActor();
  // Two slashes begin a path that is absolute.
  const actor = await root.createChild(`/${module}`, { mode: "forked", name: "bench", onCrash: "respawn" });
  return { actor, stop: () => system.destroy() };
}

/** @param {string} logged the least that is written to its log */
async function comedySystem(logged) {
  // Named by a variable: the peers are installed on the first bench, type checks run without them.
  const name = "comedy";
  const { default: createActorSystem } = await import(name);
  return createActorSystem({ loggerConfig: { categories: { Default: logged } } });
}

/**
 * What the benches use of nact.
 *
 * @typedef {object} NactActor an actor's reference; nothing of it is read
 * @typedef {{
 *   system: NactActor,
 *   spawn: (parent: NactActor, receive: (state: any, message: any) => unknown, state?: unknown) => NactActor,
 *   dispatch: (actor: NactActor, message: unknown) => void,
 *   query: (actor: NactActor, message: (sender: NactActor) => unknown, timeoutMs: number) => Promise<any>,
 *   stop: (actor: NactActor) => void,
 * }} Nact
 */

/**
 * Starts nact in this process. An actor that throws ends the process: nact would stop it, or go on, and the bench would wait forever.
 *
 * @returns {Promise<Nact>}
 */
export async function startNact() {
  const name = "nact";
  const { default: nact } = await import(name);
  /** @param {unknown} _message @param {unknown} error */
  const onCrash = (_message, error) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  };
  let spawned = 0;
  return {
    system: nact.start(),
    // Named, because the names that nact makes up are random numbers below 2^31: 100,000 of them are hardly ever all different.
    spawn: (parent, receive, state) => nact.spawn(parent, receive, `a${spawned++}`, { initialState: state, onCrash }),
    dispatch: nact.dispatch,
    query: nact.query,
    stop: nact.stop,
  };
}

/** @param {string} path */
function load(path) {
  return import(pathToFileURL(resolve(DIST, path)).href);
}
