/** What a bench has found, as data and as a table. Pure. */
import { judge, median, spread } from "./statistics.mjs";
import { figure, goalText, table } from "./table.mjs";

/** @typedef {import("../scenarios.mjs").Row} Row */

/**
 * All values of a scenario's programs, run by run; a program that did not run says why.
 *
 * @typedef {Map<string, { runs: Record<string, number>[] } | { missing: string }>} Found
 */

/**
 * @typedef {object} PeerResult
 * @property {string} peer
 * @property {number | undefined} value median; `undefined` when it did not run
 * @property {string | undefined} missing why it did not run
 * @property {number | undefined} history its figure where the targets were set, for when it did not run
 * @property {number | undefined} ratio the row's figure divided by this one
 * @property {number} spread of its runs
 * @property {import("./statistics.mjs").Goal | undefined} goal
 * @property {"met" | "missed" | "open" | undefined} verdict
 *
 * @typedef {object} RowResult
 * @property {string} row
 * @property {string} title
 * @property {import("./table.mjs").Unit} unit
 * @property {"more" | "less"} better
 * @property {number | undefined} value Holdfast's median
 * @property {string | undefined} missing why there is none
 * @property {readonly number[]} runs
 * @property {number} spread
 * @property {import("./statistics.mjs").Goal | undefined} goal the goal that needs no peer
 * @property {"met" | "missed" | "open" | undefined} verdict on that
 * @property {readonly PeerResult[]} peers
 */

/**
 * Reads a row off what its scenario's programs have found.
 *
 * @param {Row} row
 * @param {Found} found
 * @param {readonly (import("./statistics.mjs").Goal & { peer?: string })[]} goals
 * @param {Readonly<Record<string, number>>} history the peers' figures where the targets were set
 * @returns {RowResult}
 */
export function readRow(row, found, goals, history) {
  const { name, title, unit, better } = row;
  const subject = valuesOf(found, row.subject, row.value);
  const value = subject.runs.length === 0 ? undefined : median(subject.runs);
  const own = goals.find((goal) => goal.peer === undefined);
  const peers = row.peers.map((program) => {
    const { runs, missing } = valuesOf(found, program, row.value);
    const peer = row.labels?.[program] ?? program;
    const theirs = runs.length === 0 ? undefined : median(runs);
    const goal = goals.find((one) => one.peer === peer);
    return {
      peer,
      value: theirs,
      missing,
      history: theirs === undefined ? history[peer] : undefined,
      ratio: value === undefined || theirs === undefined ? undefined : value / theirs,
      spread: runs.length === 0 ? 0 : spread(runs),
      goal,
      verdict: goal === undefined || value === undefined ? undefined : judge(goal, better, value, theirs),
    };
  });
  return {
    row: name,
    title,
    unit,
    better,
    value,
    missing: subject.missing,
    runs: subject.runs,
    spread: subject.runs.length === 0 ? 0 : spread(subject.runs),
    goal: own,
    verdict: own === undefined || value === undefined ? undefined : judge(own, better, value, undefined),
    peers,
  };
}

/** Runs that lie farther apart than this are marked: their median is worth less. */
const WIDE = 0.15;

/**
 * Lays out rows as a table, one line for each peer.
 *
 * @param {readonly RowResult[]} rows
 * @returns {string}
 */
export function rowTable(rows) {
  const lines = rows.flatMap((row) => {
    const own = row.value === undefined ? `- (${row.missing})` : shown(row.value, row);
    const first = [row.title, own, ...goalCells(row)];
    const peers = row.peers.map((peer) => [peer.peer, ...peerCells(peer, row)]);
    if (row.goal !== undefined || peers.length === 0)
      return [[...first.slice(0, 2), "", "", "", ...first.slice(2)], ...peers.map((cells) => ["", "", ...cells])];
    return peers.map((cells, i) => [...(i === 0 ? first.slice(0, 2) : ["", ""]), ...cells]);
  });
  return table(["row", "Holdfast", "peer", "its figure", "ratio", "target", "verdict"], lines, [1, 3, 4]);
}

/**
 * @param {PeerResult} peer
 * @param {RowResult} row
 */
function peerCells(peer, row) {
  const { unit, better } = row;
  const history = peer.history === undefined ? "" : `, was ${figure(peer.history, unit)}`;
  const value =
    peer.value === undefined ? `- (${peer.missing}${history})` : shown(peer.value, { unit, spread: peer.spread });
  const ratio = peer.ratio === undefined ? "-" : `${peer.ratio.toFixed(peer.ratio >= 10 ? 1 : 2)} x`;
  return [value, ratio, peer.goal === undefined ? "" : goalText(peer.goal, better, unit), peer.verdict ?? ""];
}

/** @param {RowResult} row */
function goalCells({ goal, better, unit, verdict }) {
  return goal === undefined ? [] : [goalText(goal, better, unit), verdict ?? ""];
}

/**
 * @param {number} value
 * @param {{ unit: import("./table.mjs").Unit, spread: number }} row
 */
function shown(value, { unit, spread: apart }) {
  return `${apart > WIDE ? `(+-${Math.round(apart * 50)} %) ` : ""}${figure(value, unit)}`;
}

/**
 * @param {Found} found
 * @param {string} program
 * @param {string} value
 * @returns {{ runs: number[], missing: string | undefined }}
 */
function valuesOf(found, program, value) {
  const result = found.get(program);
  if (result === undefined) return { runs: [], missing: "not run" };
  if ("missing" in result) return { runs: [], missing: result.missing };
  const runs = result.runs.map((values) => values[value]).filter((one) => one !== undefined);
  return { runs, missing: runs.length === 0 ? "no figure" : undefined };
}
