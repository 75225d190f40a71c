/** Makes scenarios of the programs that one process runs: a file with one function for each JavaScript peer, and rows of bench/peers. */
import { runBeam, runMicro } from "./context.mjs";

/** @typedef {import("../scenarios.mjs").Program} Program */
/** @typedef {import("../scenarios.mjs").Row} Row */
/** @typedef {import("../scenarios.mjs").Scenario} Scenario */

/**
 * What the programs of a scenario are.
 *
 * - `name`: the file's name, and that of the row, where there is but one.
 * - `peers`: the functions in the file besides `holdfast`, by the name that the table gives them.
 * - `beam`: rows of bench/peers by the name that the table gives them. One that ends in `gproc` runs where gproc is installed.
 * - `rows`: what is read off a run that answers several figures, by the figure's name; without it the row shows the only one.
 *
 * @typedef {object} Programs
 * @property {string} name
 * @property {string} about
 * @property {import("./table.mjs").Unit} unit
 * @property {"more" | "less"} better
 * @property {Readonly<Record<string, string>>} [peers]
 * @property {Readonly<Record<string, string>>} [beam]
 * @property {readonly string[]} [nodeFlags]
 * @property {Readonly<Record<string, Partial<Row> & { title: string }>>} [rows]
 */

/** The peers of a file that has all of them. */
export const BOTH = { comedy: "comedy", nact: "nact" };

/** @type {Readonly<Record<string, Program["needs"]>>} */
const NEEDS = { comedy: "comedy", nact: "nact" };

/**
 * @param {Programs} what
 * @returns {Scenario}
 */
export function programs({ name, about, unit, better, peers = {}, beam = {}, nodeFlags = [], rows }) {
  /** @type {Program[]} */
  const all = [
    { name: "Holdfast", needs: "holdfast", run: (context) => runMicro(context, name, "holdfast", nodeFlags) },
  ];
  for (const [label, peer] of Object.entries(peers)) {
    const needs = NEEDS[peer] ?? "holdfast";
    all.push({ name: label, needs, run: (context) => runMicro(context, name, peer, nodeFlags) });
  }
  for (const [label, row] of Object.entries(beam)) {
    all.push({ name: label, needs: row.endsWith("gproc") ? "gproc" : "beam", run: (context) => runBeam(context, row) });
  }
  const names = all.slice(1).map((program) => program.name);
  const shared = { unit, better, subject: "Holdfast", peers: names };
  return {
    name,
    about,
    asked: false,
    programs: all,
    rows:
      rows === undefined
        ? [{ ...shared, name, title: about, value: "value" }]
        : Object.entries(rows).map(([value, row]) => ({ ...shared, name: `${name}-${value}`, value, ...row })),
  };
}
