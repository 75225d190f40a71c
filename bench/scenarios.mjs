/**
 * All that can be measured, as data: scenarios, in groups, the programs each runs, and the rows that are read off them.
 *
 * @typedef {object} Program
 * @property {string} name what the table calls it
 * @property {"holdfast" | "comedy" | "nact" | "ws" | "beam" | "gproc"} needs what must be there for it to run
 * @property {(context: import("./harness/context.mjs").Context) => Promise<Record<string, number>>} run one run in fresh processes
 *
 * @typedef {object} Row
 * @property {string} name key of its goals in `targets.mjs`
 * @property {string} title
 * @property {import("./harness/table.mjs").Unit} unit
 * @property {"more" | "less"} better
 * @property {string} value which of a run's values it shows
 * @property {string} subject name of Holdfast's program
 * @property {readonly string[]} peers names of the programs beside it
 * @property {Readonly<Record<string, string>>} [labels] what peers are called in the table, where not by their program's name
 *
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} about one line for `--list`
 * @property {boolean} asked runs only when it is named, because it takes long
 * @property {readonly Program[]} programs Holdfast's first; they run in turn
 * @property {readonly Row[]} rows
 */
import { clusterScenarios } from "./cluster/scenarios.mjs";
import { leaseScenarios } from "./leases/scenarios.mjs";
import { microScenarios, storeScenarios } from "./micro/scenarios.mjs";
import { registryScenarios } from "./registry/scenarios.mjs";
import { savinaScenarios } from "./savina/scenarios.mjs";
import { connectionScenarios } from "./scenario/scenarios.mjs";
import { stormScenarios } from "./scenario/storm-scenarios.mjs";
import { supervisionScenarios } from "./supervision/scenarios.mjs";

/**
 * Names that stand for several scenarios.
 *
 * @type {Readonly<Record<string, { about: string, scenarios: readonly Scenario[] }>>}
 */
export const groups = {
  messages: { about: "actors, their messages and their memory", scenarios: microScenarios },
  supervision: {
    about: "crashes, restarts, starts and stops under supervisors",
    scenarios: supervisionScenarios,
  },
  registry: { about: "names, properties and groups", scenarios: registryScenarios },
  leases: { about: "leases beside other pools", scenarios: leaseScenarios },
  savina: { about: "micro programs of the Savina suite", scenarios: savinaScenarios },
  durability: { about: "durable sessions, and the store they are kept in", scenarios: storeScenarios },
  connections: { about: "servers with sockets", scenarios: connectionScenarios },
  faults: { about: "connections lost by the thousand, a server killed", scenarios: stormScenarios },
  cluster: {
    about: "several processes: what crosses between them, what a second core gives",
    scenarios: clusterScenarios,
  },
};

/** @type {readonly Scenario[]} */
export const scenarios = Object.values(groups).flatMap((group) => group.scenarios);
