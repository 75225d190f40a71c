/** The fault scenarios: many clients lose their connection at once, in four ways, while broadcasts go on. */
import { runStorm } from "./measure-storm.mjs";

/** @typedef {import("../scenarios.mjs").Scenario} Scenario */
/** @typedef {import("../scenarios.mjs").Program} Program */
/** @typedef {import("../scenarios.mjs").Row} Row */
/** @typedef {import("./measure-storm.mjs").StormCase} StormCase */
/** @typedef {import("./measure-storm.mjs").StormSubject} StormSubject */

const HOLDFAST = "Holdfast";
const WS = "ws";
const WS_NEWS = "ws with the broadcasts";
const SOCKET_IO = "Socket.IO with recovery";

/** Clients of the storms in which all depends on what is lost, and little on how many they are. */
const SOME = 200;

/** A run of less than a second that counts is a quick one: it has short windows, too. */
const QUICK_RUN_MS = 1_000;

/**
 * @param {string} name
 * @param {StormSubject} subject
 * @param {StormCase} kind
 * @param {number} most clients; not more than the connections of the run
 * @returns {Program}
 */
function program(name, subject, kind, most) {
  return {
    name,
    needs: subject === "holdfast" ? "holdfast" : "ws",
    run(context) {
      const quick = context.runMs < QUICK_RUN_MS;
      const clients = Math.min(most, quick ? 500 : context.connections);
      const settleMs = quick ? 1_000 : 3_000;
      const windowMs = quick ? 1_000 : kind === "drop" ? 10_000 : 2_000;
      return runStorm(context, { subject, kind, clients, windowMs, settleMs });
    },
  };
}

/**
 * @param {string} name
 * @param {string} title
 * @param {string} value
 * @param {import("../harness/table.mjs").Unit} unit
 * @param {readonly string[]} [peers]
 * @returns {Row}
 */
function row(name, title, value, unit, peers = [SOCKET_IO]) {
  return { name, title, unit, better: "less", value, subject: HOLDFAST, peers };
}

/**
 * What is lost and what comes twice, and who has not got its session back.
 *
 * @param {string} name
 * @param {string} lost value of what counts as lost
 * @returns {Row[]}
 */
function losses(name, lost) {
  return [
    row(`${name}-not-recovered`, `${name}: clients that did not get their session back`, "notRecovered", "count"),
    row(`${name}-lost`, `${name}: broadcasts lost`, lost, "count"),
    row(`${name}-twice`, `${name}: broadcasts that came twice`, "twice", "count"),
    row(`${name}-pushes-lost`, `${name}: pushes lost`, "pushesLost", "count"),
    row(`${name}-pushes-twice`, `${name}: pushes that had their effect twice`, "pushesTwice", "count"),
  ];
}

/**
 * @param {string} name
 * @param {StormCase} kind
 * @param {string} about
 * @param {Row[]} rows
 * @returns {Scenario}
 */
function small(name, kind, about, rows) {
  const programs = [program(HOLDFAST, "holdfast", kind, SOME), program(SOCKET_IO, "socket.io", kind, SOME)];
  return { name, about, asked: false, programs, rows };
}

/** @type {readonly Scenario[]} */
export const stormScenarios = [
  {
    name: "dropped",
    about: "all connections dropped at once under 100 broadcasts a second: until all are back, and what others feel",
    asked: false,
    programs: [
      program(HOLDFAST, "holdfast", "drop", Infinity),
      program(WS, "ws", "drop", Infinity),
      program(WS_NEWS, "ws-news", "drop", Infinity),
      program(SOCKET_IO, "socket.io", "drop", Infinity),
    ],
    rows: [
      row("dropped-back", "dropped: until all are back", "backMs", "ms", [WS, WS_NEWS, SOCKET_IO]),
      row("dropped-cpu", "dropped: server CPU until then", "backCpuMs", "ms", [WS, WS_NEWS, SOCKET_IO]),
      row("dropped-p99-before", "p99 of a broadcast to the others, before", "p99Before", "ms", [WS_NEWS, SOCKET_IO]),
      row("dropped-p99-during", "the same until all are back", "p99During", "ms", [WS_NEWS, SOCKET_IO]),
      row("dropped-p99-after", "the same afterwards", "p99After", "ms", [WS_NEWS, SOCKET_IO]),
      ...losses("dropped", "lost"),
    ],
  },
  small("half-open", "half_open", "clients come back while the server takes their old sockets for open", [
    ...losses("half-open", "lost"),
  ]),
  small("black-hole", "black_hole", "for three seconds all frames vanish, pushes among them; then clients reconnect", [
    ...losses("black-hole", "lost"),
  ]),
  small("restart", "restart", "the server is killed under traffic and started again; Holdfast's has its store", [
    row("restart-back", "restart: from the kill until all are back", "backMs", "ms"),
    ...losses("restart", "lostOfSeen"),
    row("restart-unseen", "restart: broadcasts missing, those too that nobody got before the kill", "lost", "count"),
  ]),
];
