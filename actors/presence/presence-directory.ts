import type { ActorSystem } from "../../src/index.js";
import { PresenceCore } from "./presence-core.js";
import { PresenceError } from "./presence-error.js";
import type { CheckedPresenceOptions } from "./presence-options.js";

// The tables belong to the system: they are there while their actor is being restarted, and go with the system.
const directories = new WeakMap<ActorSystem, Map<string, PresenceCore>>();
// One that is stopped and started again within a millisecond is another replica all the same.
const incarnations = new WeakMap<ActorSystem, number>();

/** Finds the presence of a name. @throws {PresenceError} when none runs */
export function findPresence(system: ActorSystem, name: string): PresenceCore {
  const core = directories.get(system)?.get(name);
  if (core === undefined) throw new PresenceError(name);
  return core;
}

/** The presence that an actor is to run: the one that a crashed actor left behind, or a new one. */
export function adoptPresence(system: ActorSystem, options: CheckedPresenceOptions): PresenceCore {
  let directory = directories.get(system);
  if (directory === undefined) {
    directory = new Map();
    directories.set(system, directory);
  }
  const left = directory.get(options.name);
  if (left !== undefined) {
    // The node stays: it is known to others by its name.
    if (left.keeper === undefined || !system.isAlive(left.keeper))
      left.options = { ...options, peers: left.options.peers };
    return left;
  }
  const core = new PresenceCore(system, options, nextIncarnation(system));
  directory.set(options.name, core);
  return core;
}

/** Empties a presence and forgets it. */
export function closePresence(core: PresenceCore): void {
  const directory = directories.get(core.system);
  if (directory?.get(core.options.name) === core) directory.delete(core.options.name);
  core.close();
}

/** An incarnation for a replica of this system, higher than all before it. */
export function nextIncarnation(system: ActorSystem): number {
  const incarnation = Math.max((incarnations.get(system) ?? 0) + 1, Math.floor(system.clock.wallTime()));
  incarnations.set(system, incarnation);
  return incarnation;
}
