/**
 * All that can be measured, as data: scenarios, the programs each runs, and the rows that are read off them.
 *
 * @typedef {object} Program
 * @property {string} name what the table calls it
 * @property {"holdfast" | "comedy" | "ws" | "beam"} needs what must be there for it to run
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
import { connectionScenarios } from "./scenario/scenarios.mjs";
import { runBeam, runMicro } from "./harness/context.mjs";

/**
 * A scenario with one figure for each program.
 *
 * @param {{ name: string, about: string, unit: import("./harness/table.mjs").Unit, better: "more" | "less", comedy?: boolean,
 *   beam?: Readonly<Record<string, string>>, nodeFlags?: readonly string[] }} micro `beam`: rows of bench_beam.erl by the name that the
 *   table gives them
 * @returns {Scenario}
 */
function micro({ name, about, unit, better, comedy = true, beam = {}, nodeFlags = [] }) {
  /** @type {Program[]} */
  const programs = [
    { name: "Holdfast", needs: "holdfast", run: (context) => runMicro(context, name, "holdfast", nodeFlags) },
  ];
  if (comedy)
    programs.push({ name: "comedy", needs: "comedy", run: (context) => runMicro(context, name, "comedy", nodeFlags) });
  for (const [label, row] of Object.entries(beam)) {
    programs.push({ name: label, needs: "beam", run: (context) => runBeam(context, row) });
  }
  const peers = programs.slice(1).map((program) => program.name);
  return {
    name,
    about,
    asked: false,
    programs,
    rows: [{ name, title: about, unit, better, value: "value", subject: "Holdfast", peers }],
  };
}

/** @type {readonly Scenario[]} */
export const scenarios = [
  micro({
    name: "cast",
    about: "casts, one to one",
    unit: "per second",
    better: "more",
    beam: { "BEAM gen_server": "cast" },
  }),
  micro({
    name: "send",
    about: "sends, one to one",
    unit: "per second",
    better: "more",
    comedy: false,
    beam: { "BEAM !": "send" },
  }),
  micro({
    name: "call",
    about: "calls, one client",
    unit: "per second",
    better: "more",
    beam: { "BEAM gen_server": "call" },
  }),
  micro({
    name: "call-100",
    about: "calls, 100 in flight",
    unit: "per second",
    better: "more",
    beam: { "BEAM gen_server": "call_100" },
  }),
  micro({
    name: "ping-pong",
    about: "ping-pong, round trips",
    unit: "per second",
    better: "more",
    beam: { "BEAM !": "ping_pong" },
  }),
  micro({ name: "ring", about: "ring of 1,000, hops", unit: "per second", better: "more", beam: { "BEAM !": "ring" } }),
  micro({
    name: "fan-out",
    about: "fan-out to 100,000, all handled",
    unit: "ms",
    better: "less",
    beam: { "BEAM pg": "fan_out", "BEAM list": "fan_out_list" },
  }),
  micro({
    name: "spawn",
    about: "start, idle actor with init",
    unit: "per second",
    better: "more",
    beam: { "BEAM gen_server": "spawn" },
  }),
  micro({
    name: "spawn-raw",
    about: "spawn, not waited for",
    unit: "per second",
    better: "more",
    comedy: false,
    beam: { "BEAM spawn": "spawn_raw" },
  }),
  micro({
    name: "spawn-supervised",
    about: "start under a dynamic supervisor",
    unit: "per second",
    better: "more",
    comedy: false,
    beam: { "BEAM simple_one_for_one": "spawn_supervised" },
  }),
  micro({
    name: "bytes",
    about: "memory of an idle actor",
    unit: "bytes",
    better: "less",
    beam: { "BEAM gen_server hibernated": "bytes", "BEAM process": "bytes_raw" },
    nodeFlags: ["--expose-gc"],
  }),
  micro({
    name: "bytes-supervised",
    about: "memory of an idle actor under a dynamic supervisor",
    unit: "bytes",
    better: "less",
    beam: { "BEAM simple_one_for_one, hibernated": "bytes_supervised" },
    nodeFlags: ["--expose-gc"],
  }),
  ...connectionScenarios,
];
