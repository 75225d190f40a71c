/**
 * One run of a storm: a server, the clients that it hits, and a few whom it does not, each in a process of its own. Who is back when, at which
 * cost, what is lost, what comes twice, and what those feel who lost nothing.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { BENCH } from "../harness/context.mjs";
import { Controlled } from "../harness/child.mjs";

/** @typedef {"ws" | "ws-news" | "holdfast" | "socket.io"} StormSubject */
/** @typedef {"drop" | "half_open" | "black_hole" | "restart"} StormCase */

/** @type {Readonly<Record<StormSubject, string>>} */
const servers = {
  ws: "scenario/storm-ws.mjs",
  "ws-news": "scenario/storm-ws.mjs",
  holdfast: "scenario/storm-holdfast.mjs",
  "socket.io": "scenario/storm-socketio.mjs",
};

/** Broadcasts a second, over all rooms: each reaches the clients of one room. */
const PER_SECOND = 100;
const CLIENTS_PER_ROOM = 100;
/** Clients who lose nothing, and show how long a broadcast takes. */
const WATCHERS = 100;
const HOLE_MS = 3_000;
/** How long clients push around the end of the server that is killed. */
const KILL_MS = 1_000;
const KILL_AFTER_MS = 400;
const START_TIMEOUT_MS = 20_000;
const STORM_TIMEOUT_MS = 300_000;

/**
 * @typedef {object} Storm
 * @property {StormSubject} subject
 * @property {StormCase} kind
 * @property {number} clients all of whom lose their connection
 * @property {number} windowMs how long the time before and the time after are
 * @property {number} settleMs how long what is under way has until it is counted
 *
 * @typedef {{ pinning: import("../harness/cores.mjs").Pinning, shippedFlags: readonly string[], show: (text: string) => void }} StormContext
 */

/**
 * Runs one storm in fresh processes.
 *
 * @param {StormContext} context
 * @param {Storm} storm
 * @returns {Promise<Record<string, number>>} `acceptMs` of the first connect, `backMs` until all are back, `acceptCpuMs` and `backCpuMs` of the
 *   server's CPU for them; of `expected` broadcasts `lost`, `lostOfSeen` (others of the room have them) and `twice`; `pushesLost` and
 *   `pushesTwice` of `pushes`; `notRecovered` of those who `cameBack`; and the 99th percentile of what a broadcast takes to the others:
 *   `p99Before`, `p99During`, `p99After`
 */
export async function runStorm(context, storm) {
  const { subject, kind, clients, windowMs, settleMs } = storm;
  const { show } = context;
  const rooms = Math.max(1, Math.round(clients / CLIENTS_PER_ROOM));
  const watchers = kind === "restart" ? 0 : WATCHERS;
  const folder = kind === "restart" ? mkdtempSync(join(tmpdir(), "holdfast-storm-")) : undefined;
  const env = {
    ...process.env,
    ...(folder === undefined ? {} : { STORM_STORE: join(folder, "store"), STORM_JOURNAL: join(folder, "journal") }),
  };
  let server = startServer(context, subject, env);
  /** @type {Controlled[]} */ const loads = [];
  try {
    show(`${subject} starts`);
    const { port } = await server.next("listening", START_TIMEOUT_MS);
    loads.push(startLoad(context, { port, dialect: subject, clients, rooms, first: 0 }));
    if (watchers > 0)
      loads.push(startLoad(context, { port, dialect: subject, clients: watchers, rooms, first: clients }));
    const [hit, watch = hit] = loads;
    if (hit === undefined || watch === undefined) throw new Error("Expected a load process");
    for (const load of loads) await load.next("listening", START_TIMEOUT_MS);
    show(`${clients} clients connect to ${subject}`);
    const cpuAtStart = await cpuMs(server);
    if (watch !== hit) await watch.ask({ type: "connect" }, STORM_TIMEOUT_MS);
    const { tookMs: acceptMs } = await hit.ask({ type: "connect" }, STORM_TIMEOUT_MS);
    const acceptCpuMs = (await cpuMs(server)) - cpuAtStart;
    const publish = { type: "publish", rooms, perSecond: subject === "ws" ? 0 : PER_SECOND };
    await server.ask(publish);
    show("before the storm");
    await pause(settleMs);
    await watch.ask({ type: "latencies" });
    await pause(windowMs);
    const before = await watch.ask({ type: "latencies" });
    show(`${clients} clients: ${kind}`);
    const cpuBefore = await cpuMs(server);
    const storming = hit.ask(
      { type: "storm", case: kind, holeMs: kind === "restart" ? KILL_MS : HOLE_MS },
      STORM_TIMEOUT_MS,
    );
    if (kind === "restart") {
      await pause(KILL_AFTER_MS);
      await server.kill();
      server = startServer(context, subject, { ...env, PORT: String(port) });
      await server.next("listening", START_TIMEOUT_MS);
      await server.ask(publish);
    }
    const { tookMs: backMs } = await storming;
    const backCpuMs = (await cpuMs(server)) - (kind === "restart" ? 0 : cpuBefore);
    const during = await watch.ask({ type: "latencies" });
    show("after the storm");
    await pause(windowMs);
    const after = await watch.ask({ type: "latencies" });
    const { published } = await server.ask({ type: "quiet" });
    const reports = await settled(loads, published, settleMs);
    const sum = (/** @type {string} */ name) => reports.reduce((total, report) => total + (report[name] ?? 0), 0);
    const totals = await server.ask({ type: "totals" });
    const of = Object.fromEntries(
      ["expected", "lost", "lostOfSeen", "twice", "pushes", "cameBack"].map((name) => [name, sum(name)]),
    );
    return {
      ...{ acceptMs, acceptCpuMs, backMs, backCpuMs },
      ...of,
      notRecovered: clients - sum("recovered"),
      pushesLost: sum("pushes") - totals.pushes,
      pushesTwice: totals.twice,
      ...{ p99Before: before.p99, p99During: during.p99, p99After: after.p99 },
    };
  } finally {
    for (const load of loads) await load.stop();
    await server.stop();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {StormContext} context
 * @param {StormSubject} subject
 * @param {NodeJS.ProcessEnv} env
 */
function startServer({ pinning, shippedFlags }, subject, env) {
  const command = [...pinning.server, process.execPath, ...shippedFlags, resolve(BENCH, servers[subject])];
  return new Controlled(command, env);
}

/**
 * @param {StormContext} context
 * @param {Readonly<Record<string, string | number>>} options
 */
function startLoad({ pinning }, options) {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return new Controlled([...pinning.load, process.execPath, resolve(BENCH, "load/storm-load.mjs"), ...words]);
}

/**
 * What the clients have in the end: when nothing is missing, or nothing more has come for a while.
 *
 * @param {readonly Controlled[]} loads
 * @param {readonly number[]} published
 * @param {number} settleMs
 * @returns {Promise<Record<string, number>[]>} of each load
 */
async function settled(loads, published, settleMs) {
  let lostBefore = -1;
  for (;;) {
    await pause(settleMs);
    /** @type {Record<string, number>[]} */ const reports = [];
    for (const load of loads) reports.push(await load.ask({ type: "report", published }));
    const lost = reports.reduce((sum, report) => sum + (report["lost"] ?? 0), 0);
    if (lost === 0 || lost === lostBefore) return reports;
    lostBefore = lost;
  }
}

/** @param {Controlled} server */
async function cpuMs(server) {
  const { user, system } = await server.ask({ type: "cpu" });
  return (user + system) / 1_000;
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
