import type { ActorSystem } from "../../src/index.js";
import { isRun, SystemTables } from "../system-tables.js";
import { PresenceCore } from "./presence-core.js";
import { PresenceError } from "./presence-error.js";
import type { CheckedPresenceOptions } from "./presence-options.js";

const presences = new SystemTables<PresenceCore>();
// One that is stopped and started again within a millisecond is another replica all the same.
const incarnations = new WeakMap<ActorSystem, number>();

/** Finds the presence of a name. @throws {PresenceError} when none runs */
export function findPresence(system: ActorSystem, name: string): PresenceCore {
  const core = presences.find(system, name);
  if (core === undefined) throw new PresenceError(name);
  return core;
}

/** The presence that an actor is to run: the one that a crashed actor left behind, or a new one. */
export function adoptPresence(system: ActorSystem, options: CheckedPresenceOptions): PresenceCore {
  const make = (): PresenceCore => new PresenceCore(system, options, nextIncarnation(system));
  return presences.adopt(system, options.name, make, (left) => {
    // The node stays: it is known to others by its name.
    if (!isRun(left)) left.options = { ...options, peers: left.options.peers };
  });
}

/** Empties a presence and forgets it. */
export function closePresence(core: PresenceCore): void {
  presences.forget(core.system, core.options.name, core);
  core.close();
}

/** An incarnation for a replica of this system, higher than all before it. */
export function nextIncarnation(system: ActorSystem): number {
  const incarnation = Math.max((incarnations.get(system) ?? 0) + 1, Math.floor(system.clock.wallTime()));
  incarnations.set(system, incarnation);
  return incarnation;
}
