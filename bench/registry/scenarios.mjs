/** Names, properties and groups beside what Erlang has for them. */
import { programs } from "../harness/programs.mjs";

const perSecond = /** @type {const} */ ({ unit: "per second", better: "more" });

/**
 * @param {string} name
 * @param {string} about
 * @param {string} what
 */
function names(name, about, what) {
  return programs({
    name,
    about,
    ...perSecond,
    peers: { "JS Map": "map" },
    beam: {
      "BEAM register": "reg_names_register",
      "BEAM pg": "reg_names_pg",
      "BEAM ets": "reg_names_ets",
      "BEAM gproc": "reg_names_gproc",
    },
    rows: {
      register: { title: `${what}: take one` },
      lookup: { title: `${what}: look one up` },
      lives: { title: `${what}: a new actor for each, from start to end` },
    },
  });
}

/** @type {readonly import("../scenarios.mjs").Scenario[]} */
export const registryScenarios = [
  names("names", "unique names of the system", "names of the system"),
  names("registry-names", "unique names of a registry", "names of a registry"),
  programs({
    name: "registry-scan",
    about: "a scan of 1,000,000 properties with a filter",
    unit: "ms",
    better: "less",
    peers: { "JS Map": "map" },
    beam: { "BEAM ets set": "reg_scan_set", "BEAM ets ordered_set": "reg_scan_ordered_set" },
    rows: {
      select: { title: "1,000,000 properties: 1,000 that fit a pattern" },
      count: { title: "1,000,000 properties: count by a condition" },
    },
  }),
  programs({
    name: "registry-groups",
    about: "a group of 100,000, and an actor in 100,000 groups",
    ...perSecond,
    // A group of pg is a list, which each end goes through: 100,000 take minutes.
    beam: { "BEAM pg, 10,000": "reg_groups" },
    rows: {
      join: { title: "100,000 actors join one group" },
      end: { title: "100,000 actors of one group end" },
      slope: { title: "rate of these ends by that of 10,000", unit: "times", peers: [] },
      one: { title: "an actor in 100,000 groups ends", unit: "ms", better: "less" },
    },
  }),
];
