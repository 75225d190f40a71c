import type { ActorSystem } from "../../src/index.js";
import { SystemTables } from "../system-tables.js";
import { TopicsCore } from "./topics-core.js";
import { unknownTopics } from "./topics-error.js";
import type { CheckedTopicsOptions } from "./topics-options.js";

const topics = new SystemTables<TopicsCore>();

/** Finds the topics of a name. @throws {TopicsError} `unknown_topics` when nobody runs them */
export function findTopics(system: ActorSystem, name: string): TopicsCore {
  const core = topics.find(system, name);
  if (core === undefined || !core.open) throw unknownTopics(name);
  return core;
}

/** The topics that an actor is to run: those that another one runs or has left behind, or new ones. */
export function adoptTopics(system: ActorSystem, options: CheckedTopicsOptions): TopicsCore {
  const make = (): TopicsCore => new TopicsCore(system, options);
  return topics.adopt(system, options.name, make, () => undefined);
}

/** Lets go of topics that are run no more; of all of them, when nobody listens. */
export function closeTopics(core: TopicsCore): void {
  core.close();
  if (core.listeners.size === 0) topics.forget(core.system, core.name, core);
}
