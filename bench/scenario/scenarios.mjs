/** The connection scenarios: what a server with a session and a joined channel per socket costs beside a bare `ws`. */
import { measureServer } from "./measure-server.mjs";

/** @typedef {import("../scenarios.mjs").Scenario} Scenario */
/** @typedef {import("../scenarios.mjs").Program} Program */

/** Broadcasts before the reading of used connections, as the targets have it. */
const BROADCASTS_BEFORE_USED = 6;
const TIMED_BROADCASTS = 10;
const ECHO_CLIENTS = 100;

/**
 * One program: a server, with Node's defaults or with the flags of `npm start`.
 *
 * @param {string} name
 * @param {string} server key of the servers in measure-server.mjs
 * @param {boolean} shipped
 * @param {Partial<import("./measure-server.mjs").Load>} load
 * @returns {Program}
 */
function program(name, server, shipped, load) {
  return {
    name,
    needs: server === "ws" ? "ws" : "holdfast",
    run: (context) =>
      measureServer(context, {
        server,
        flags: shipped ? context.shippedFlags : [],
        connections: context.connections,
        ...load,
      }),
  };
}

const HOLDFAST = "Holdfast, flags of npm start";
const WS = "ws, flags of npm start";
const HOLDFAST_DEFAULTS = "Holdfast, Node's defaults";
const WS_DEFAULTS = "ws, Node's defaults";
const RAW = "Holdfast, raw Connection";
const SESSION = "Holdfast, session without channel";
const labels = { [WS]: "ws", [WS_DEFAULTS]: "ws" };
const shipped = { subject: HOLDFAST, peers: [WS], labels };
const defaults = { subject: HOLDFAST_DEFAULTS, peers: [WS_DEFAULTS], labels };

/** @type {readonly Scenario[]} */
export const connectionScenarios = [
  {
    name: "idle-connections",
    about: "memory of an idle connection with its session and one joined channel",
    asked: false,
    programs: [
      program(HOLDFAST, "holdfast", true, { heap: true }),
      program(WS, "ws", true, { heap: true }),
      program(HOLDFAST_DEFAULTS, "holdfast", false, { heap: true }),
      program(WS_DEFAULTS, "ws", false, { heap: true }),
    ],
    rows: [
      {
        name: "idle-rss-shipped",
        title: "RSS per idle connection, flags of npm start",
        unit: "bytes",
        better: "less",
        value: "rssBytes",
        ...shipped,
      },
      {
        name: "idle-rss-defaults",
        title: "RSS per idle connection, Node's defaults",
        unit: "bytes",
        better: "less",
        value: "rssBytes",
        ...defaults,
      },
      {
        name: "idle-heap-shipped",
        title: "live heap per idle connection, flags of npm start",
        unit: "bytes",
        better: "less",
        value: "heapBytes",
        ...shipped,
      },
      {
        name: "idle-heap-defaults",
        title: "live heap per idle connection, Node's defaults",
        unit: "bytes",
        better: "less",
        value: "heapBytes",
        ...defaults,
      },
    ],
  },
  {
    name: "accept",
    about: "server CPU to accept a connection, to create its session, to join a channel",
    asked: false,
    programs: [
      program(SESSION, "holdfast", true, { join: false }),
      program(HOLDFAST, "holdfast", true, {}),
      program(WS, "ws", true, {}),
    ],
    rows: [
      {
        name: "accept-session",
        title: "server CPU per connection with its session",
        unit: "us",
        better: "less",
        value: "acceptUs",
        ...shipped,
        subject: SESSION,
      },
      {
        name: "accept-joined",
        title: "the same with one channel joined",
        unit: "us",
        better: "less",
        value: "acceptUs",
        ...shipped,
      },
    ],
  },
  {
    name: "used-connections",
    about: "RSS of a connection after six broadcasts and an echo",
    asked: false,
    programs: [
      program(HOLDFAST, "holdfast", true, { broadcasts: BROADCASTS_BEFORE_USED, used: true }),
      program(WS, "ws", true, { broadcasts: BROADCASTS_BEFORE_USED, used: true }),
    ],
    rows: [
      {
        name: "idle-rss-used-shipped",
        title: "RSS per connection after six broadcasts and an echo",
        unit: "bytes",
        better: "less",
        value: "usedRssBytes",
        ...shipped,
      },
    ],
  },
  {
    name: "broadcast",
    about: "broadcast of 100 bytes to all connections, until the last client has it",
    asked: false,
    programs: [
      program(HOLDFAST, "holdfast", true, { broadcasts: TIMED_BROADCASTS }),
      program(WS, "ws", true, { broadcasts: TIMED_BROADCASTS }),
    ],
    rows: [
      {
        name: "broadcast",
        title: "broadcast to all, last client",
        unit: "ms",
        better: "less",
        value: "broadcastMs",
        ...shipped,
      },
      {
        name: "broadcast-cpu",
        title: "server CPU per client and broadcast",
        unit: "us",
        better: "less",
        value: "broadcastUs",
        ...shipped,
      },
    ],
  },
  ...[1, 16].map((inFlight) => echoScenario(inFlight)),
];

/**
 * @param {number} inFlight
 * @returns {Scenario}
 */
function echoScenario(inFlight) {
  const load = { connections: ECHO_CLIENTS, echo: { clients: ECHO_CLIENTS, inFlight } };
  const text = inFlight === 1 ? "one in flight" : `${inFlight} in flight`;
  const row = /** @type {const} */ ({
    unit: "per second",
    better: "more",
    value: "echoesPerSecond",
    peers: [WS],
    labels,
  });
  return {
    name: `echo-${inFlight}`,
    about: `echoes of 100 bytes, ${ECHO_CLIENTS} connections, ${text}`,
    asked: false,
    programs: [
      program(HOLDFAST, "holdfast", true, load),
      program(RAW, "holdfast-raw", true, load),
      program(WS, "ws", true, load),
    ],
    rows: [
      { name: `echo-${inFlight}`, title: `echo through session and channel, ${text}`, subject: HOLDFAST, ...row },
      { name: `echo-raw-${inFlight}`, title: `echo through a raw Connection, ${text}`, subject: RAW, ...row },
    ],
  };
}
