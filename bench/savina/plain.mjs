/**
 * comedy and nact behind one face, so that each program is written once for both: an actor is a function that gets one message at a time.
 * What a message costs is theirs; the face adds one call.
 */
import { startComedy, startNact } from "../harness/packages.mjs";

/**
 * @typedef {object} Plain
 * @property {(receive: (message: any) => void) => unknown} spawn answers the actor, or a promise of it
 * @property {(actor: any, message: unknown) => void} send
 * @property {(actor: any) => unknown} stop
 */

/** @returns {Promise<Plain>} */
export async function plainComedy() {
  const root = await startComedy();
  return {
    spawn: (receive) => root.createChild({ receive }),
    send: (actor, message) => void actor.send("receive", message),
    stop: (actor) => actor.destroy(),
  };
}

/** @returns {Promise<Plain>} */
export async function plainNact() {
  const { system, spawn, dispatch, stop } = await startNact();
  return {
    spawn: (receive) => spawn(system, (_state, message) => receive(message)),
    send: (actor, message) => dispatch(actor, message),
    stop,
  };
}
