/** What it costs to be a node, what crosses between processes, and what a second core gives. */
import { resolve } from "node:path";
import { runProgram } from "../harness/child.mjs";
import { BENCH } from "../harness/context.mjs";
import { measureServer } from "../scenario/measure-server.mjs";

/** @typedef {import("../scenarios.mjs").Program} Program */
/** @typedef {import("../scenarios.mjs").Row} Row */
/** @typedef {import("../scenarios.mjs").Scenario} Scenario */

const ECHO_CLIENTS = 100;
const TIMED_BROADCASTS = 10;
/** Several processes have several times as much to compile as one: their CPU time is not that of the warm-up. */
const BEFOREHAND_MS = 1_500;
const RAW = "raw socket framed alike";

/**
 * A program of this folder. It and what it starts may run on any core: it is more than one process.
 *
 * @param {string} file
 * @param {string} name
 * @param {"holdfast" | "comedy" | "raw"} peer name of the function in it
 * @returns {Program}
 */
function program(file, name, peer) {
  return {
    name,
    needs: peer === "comedy" ? "comedy" : "holdfast",
    run: ({ warmMs, runMs }) =>
      runProgram([
        process.execPath,
        ...[resolve(BENCH, "micro/main.mjs"), file, peer],
        ...["--warm-ms", String(warmMs), "--run-ms", String(runMs)],
      ]),
  };
}

/**
 * @param {string} kind
 * @param {string} what
 * @returns {Row[]}
 */
function portRows(kind, what) {
  const own = /** @type {const} */ ({ better: "more", subject: "Holdfast", peers: [] });
  const times = /** @type {const} */ ({ unit: "times", ...own });
  const [node, solo] = [`port-${kind}-node`, `port-${kind}-solo`];
  return [
    { name: node, title: `local ${what}, as a node by without a cluster`, value: `${kind}-node-ratio`, ...times },
    { name: solo, title: `local ${what}, solo by without a cluster`, value: `${kind}-solo-ratio`, ...times },
    {
      ...times,
      name: `port-${kind}-apart`,
      title: `local ${what}, half of the node's ratios lie within`,
      value: `${kind}-node-apart`,
      better: "less",
    },
    {
      ...own,
      name: `port-${kind}`,
      title: `local ${what} as a node, per second of CPU time`,
      value: `${kind}-node`,
      unit: "per second",
    },
  ];
}

const perSecond = /** @type {const} */ ({ unit: "per second", better: "more", subject: "Holdfast" });
const us = /** @type {const} */ ({ unit: "us", better: "less", subject: "Holdfast" });
const BOTH = [RAW, "comedy"];

/** @type {readonly Row[]} */
const betweenRows = [
  { ...perSecond, name: "remote-cast-1", value: "cast-1", title: "casts to another core, one at a time", peers: BOTH },
  { ...perSecond, name: "remote-cast-10", value: "cast-10", title: "the same, ten together", peers: [RAW] },
  { ...perSecond, name: "remote-cast-100", value: "cast-100", title: "the same, 100 together", peers: [RAW] },
  { ...perSecond, name: "remote-cast-1000", value: "cast-1000", title: "the same, 1,000 together", peers: BOTH },
  {
    ...us,
    name: "remote-cast-1-cpu",
    value: "cast-1-cpu",
    title: "CPU of both per cast, one at a time",
    peers: BOTH,
  },
  {
    ...us,
    name: "remote-cast-1000-cpu",
    value: "cast-1000-cpu",
    title: "CPU of both per cast, 1,000 together",
    peers: BOTH,
  },
  { ...perSecond, name: "remote-call-1", value: "call-1", title: "calls to another core, one in flight", peers: BOTH },
  { ...us, name: "remote-call-p50", value: "call-p50", title: "time of such a call, p50", peers: BOTH },
  { ...us, name: "remote-call-p99", value: "call-p99", title: "time of such a call, p99", peers: BOTH },
  { ...perSecond, name: "remote-call-256", value: "call-256", title: "calls, 256 in flight", peers: BOTH },
  { ...us, name: "remote-call-256-cpu", value: "call-256-cpu", title: "CPU of both per call", peers: BOTH },
  {
    ...perSecond,
    name: "remote-broadcast",
    value: "broadcast",
    title: "broadcasts to 100 subscribers on another core",
    peers: ["comedy"],
  },
  {
    ...us,
    name: "remote-broadcast-cpu",
    value: "broadcast-cpu",
    title: "CPU of both per broadcast",
    peers: ["comedy"],
  },
];

const TWO = "Holdfast, two cores";
const ONE = "Holdfast, one core";
const ALONE = "Holdfast, no cluster";

/**
 * @param {Partial<import("../scenario/measure-server.mjs").Load>} load
 * @returns {readonly Program[]}
 */
function servers(load) {
  /** @param {string} name @param {string} server @returns {Program} */
  const on = (name, server) => ({
    name,
    needs: "holdfast",
    run: (context) =>
      measureServer(context, {
        server,
        flags: context.shippedFlags,
        connections: context.connections,
        unpinned: true,
        ...load,
      }),
  });
  return [on(TWO, "holdfast-2-cores"), on(ONE, "holdfast-1-core"), on(ALONE, "holdfast")];
}

/**
 * @param {number} inFlight
 * @returns {Scenario}
 */
function echoScenario(inFlight) {
  const text = inFlight === 1 ? "one in flight" : `${inFlight} in flight`;
  const beside = { subject: TWO, peers: [ONE, ALONE] };
  return {
    name: `cores-echo-${inFlight}`,
    about: `echoes on two cores beside one, ${ECHO_CLIENTS} connections, ${text}`,
    asked: false,
    programs: servers({
      connections: ECHO_CLIENTS,
      echo: { clients: ECHO_CLIENTS, inFlight, beforehandMs: BEFOREHAND_MS },
    }),
    rows: [
      {
        name: `cores-echo-${inFlight}`,
        title: `echo on two cores, ${text}; the load shares them`,
        unit: "per second",
        better: "more",
        value: "echoesPerSecond",
        ...beside,
      },
      {
        name: `cores-echo-${inFlight}-cpu`,
        title: `CPU of all servers per echo, ${text}`,
        unit: "us",
        better: "less",
        value: "echoUs",
        ...beside,
      },
    ],
  };
}

/** @type {readonly Scenario[]} */
export const clusterScenarios = [
  {
    name: "port",
    about: "what it costs local messages that their system is a node",
    asked: false,
    programs: [program("port", "Holdfast", "holdfast")],
    rows: [...portRows("cast", "casts"), ...portRows("send", "sends"), ...portRows("call", "calls")],
  },
  {
    name: "between-cores",
    about: "casts, calls and broadcasts between two processes",
    asked: false,
    programs: [
      program("between-cores", "Holdfast", "holdfast"),
      program("between-cores", RAW, "raw"),
      program("between-cores", "comedy", "comedy"),
    ],
    rows: betweenRows,
  },
  ...[1, 16].map((inFlight) => echoScenario(inFlight)),
  {
    name: "cores-broadcast",
    about: "broadcast of 100 bytes to all connections of two cores beside one, until the last client has it",
    asked: false,
    programs: servers({ broadcasts: TIMED_BROADCASTS }),
    rows: [
      {
        name: "cores-broadcast",
        title: "broadcast to all on two cores, last client; the load shares them",
        unit: "ms",
        better: "less",
        value: "broadcastMs",
        subject: TWO,
        peers: [ONE, ALONE],
      },
      {
        name: "cores-broadcast-cpu",
        title: "CPU of all servers per client and broadcast",
        unit: "us",
        better: "less",
        value: "broadcastUs",
        subject: TWO,
        peers: [ONE, ALONE],
      },
    ],
  },
  {
    name: "cores-kill",
    about: "a core is killed with SIGKILL: until that is known, and until it is back",
    asked: false,
    programs: [program("cores-kill", "Holdfast", "holdfast"), program("cores-kill", "comedy", "comedy")],
    rows: [
      {
        name: "cores-kill-known",
        title: "a killed core is DOWN for an actor of another",
        unit: "ms",
        better: "less",
        value: "known",
        subject: "Holdfast",
        peers: ["comedy"],
      },
      {
        name: "cores-kill-back",
        title: "it answers again",
        unit: "ms",
        better: "less",
        value: "back",
        subject: "Holdfast",
        peers: ["comedy"],
      },
    ],
  },
];
