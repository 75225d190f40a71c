/**
 * Storms: many clients lose their connection at once while broadcasts go on. Who is back when, what is lost, what comes twice, and what
 * those feel who lost nothing.
 *
 * `npm run build && node bench/scenario/storm.mjs [--quick] [--json]`; not part of `npm run bench`, because it takes minutes.
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Controlled } from "../harness/child.mjs";
import { BENCH } from "../harness/context.mjs";
import { findPinning } from "../harness/cores.mjs";
import { shippedFlags } from "../harness/prepare.mjs";
import { table } from "../harness/table.mjs";

/** @typedef {"ws" | "holdfast" | "socket.io"} StormSubject */
/** @typedef {"drop" | "half_open" | "black_hole"} StormCase */

/** @type {Readonly<Record<StormSubject, string>>} */
const servers = {
  ws: "scenario/storm-ws.mjs",
  holdfast: "scenario/storm-holdfast.mjs",
  "socket.io": "scenario/storm-socketio.mjs",
};

/** Broadcasts a second, over all rooms: each reaches the clients of one room. */
const PER_SECOND = 100;
const CLIENTS_PER_ROOM = 100;
const LIVE = 100;
const HOLE_MS = 3_000;
const SETTLE_MS = 3_000;
const CONNECT_TIMEOUT_MS = 300_000;

/**
 * Runs one storm in fresh processes.
 *
 * @param {{ pinning: import("../harness/cores.mjs").Pinning, flags: readonly string[], show: (text: string) => void }} context
 * @param {{ subject: StormSubject, kind: StormCase, clients: number, hit: number, rooms: number, windowMs: number }} storm `hit` of the clients lose
 *   their connection; `windowMs` is how long the time before and the time after are
 * @returns {Promise<Record<string, number>>} `acceptMs` of the first connect, `backMs` until all are back, `lost` and `twice` broadcasts of `expected`,
 *   `pushesLost` and `pushesTwice`, `recovered` of `cameBack`, and the 99th percentile of what a broadcast takes: `p99Before`, `p99During`, `p99After`
 */
export async function runStorm(context, { subject, kind, clients, hit, rooms, windowMs }) {
  const { pinning, flags, show } = context;
  const node = [process.execPath, ...flags];
  const server = new Controlled([...pinning.server, ...node, resolve(BENCH, servers[subject])]);
  /** @type {Controlled | undefined} */ let load;
  try {
    show(`${subject} starts`);
    const { port } = await server.next("listening", 20_000);
    const options = { port, dialect: subject, clients, rooms, live: Math.min(LIVE, clients - hit) };
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    load = new Controlled([...pinning.load, process.execPath, resolve(BENCH, "load/storm-load.mjs"), ...words]);
    await load.next("listening", 20_000);
    show(`${clients} clients connect to ${subject}`);
    const { tookMs: acceptMs } = await load.ask({ type: "connect" }, CONNECT_TIMEOUT_MS);
    await server.ask({ type: "publish", rooms, perSecond: subject === "ws" ? 0 : PER_SECOND });
    show("before the storm");
    await pause(SETTLE_MS);
    await load.ask({ type: "latencies" });
    await pause(windowMs);
    const before = await load.ask({ type: "latencies" });
    show(`${hit} clients: ${kind}`);
    const { tookMs: backMs } = await load.ask(
      { type: "storm", case: kind, count: hit, holeMs: HOLE_MS },
      CONNECT_TIMEOUT_MS,
    );
    const during = await load.ask({ type: "latencies" });
    show("after the storm");
    await pause(windowMs);
    const after = await load.ask({ type: "latencies" });
    const { published } = await server.ask({ type: "quiet" });
    await pause(SETTLE_MS);
    const { expected, lost, twice, pushes, cameBack, recovered } = await load.ask({ type: "report", published });
    const totals = await server.ask({ type: "totals" });
    const values = { acceptMs, backMs, expected, lost, twice, cameBack, recovered };
    const ofPushes = { pushes, pushesLost: pushes - totals.pushes, pushesTwice: totals.twice };
    return { ...values, ...ofPushes, p99Before: before.p99, p99During: during.p99, p99After: after.p99 };
  } finally {
    await load?.stop();
    await server.stop();
  }
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

/**
 * The storms of a run, by name.
 *
 * @param {number} clients
 * @param {boolean} quick
 * @returns {{ name: string, kind: StormCase, clients: number, hit: number, rooms: number, windowMs: number, subjects: readonly StormSubject[] }[]}
 */
export function storms(clients, quick) {
  const windowMs = quick ? 2_000 : 10_000;
  const some = Math.min(200, clients);
  const rooms = Math.max(1, Math.round(clients / CLIENTS_PER_ROOM));
  const both = /** @type {const} */ (["holdfast", "socket.io"]);
  return [
    {
      name: "all dropped",
      kind: "drop",
      clients: clients + LIVE,
      hit: clients,
      rooms,
      windowMs,
      subjects: ["ws", ...both],
    },
    {
      name: "half-open",
      kind: "half_open",
      clients: some + LIVE,
      hit: some,
      rooms: 1,
      windowMs: 2_000,
      subjects: both,
    },
    {
      name: "black hole",
      kind: "black_hole",
      clients: some + LIVE,
      hit: some,
      rooms: 1,
      windowMs: 2_000,
      subjects: both,
    },
  ];
}

/** @param {string[]} words */
async function main(words) {
  const options = /** @type {const} */ ({
    quick: { type: "boolean" },
    json: { type: "boolean" },
    help: { type: "boolean" },
    connections: { type: "string" },
    only: { type: "string" },
  });
  const { values } = parseArgs({ args: words, options });
  if (values.help) {
    process.stdout.write(
      "Usage: node bench/scenario/storm.mjs [--quick] [--connections N] [--only NAME] [--json]\n10,000 clients by default, 500 with --quick. Needs a build.\n",
    );
    return;
  }
  const clients = Number(values.connections ?? (values.quick ? 500 : 10_000));
  const context = {
    pinning: findPinning(),
    flags: shippedFlags(),
    show: (/** @type {string} */ text) => void process.stderr.write(`storm: ${text}\n`),
  };
  /** @type {Record<string, Record<string, Record<string, number>>>} */ const results = {};
  for (const { name, subjects, ...storm } of storms(clients, values.quick === true)) {
    if (values.only !== undefined && values.only !== name) continue;
    for (const subject of subjects) {
      const runs = (results[name] ??= {});
      runs[subject] = await runStorm(context, { subject, ...storm });
    }
  }
  process.stdout.write(values.json ? `${JSON.stringify(results, null, 2)}\n` : `${textOf(results)}\n`);
}

/** @param {Record<string, Record<string, Record<string, number>>>} results */
function textOf(results) {
  const lines = Object.entries(results).flatMap(([name, runs]) =>
    Object.entries(runs).map(([subject, run]) => {
      const of = (/** @type {string} */ value) => run[value] ?? 0;
      return [
        name,
        subject,
        `${Math.round(of("acceptMs"))} ms`,
        `${Math.round(of("backMs"))} ms`,
        subject === "ws" ? "" : `${of("recovered")} of ${of("cameBack")}`,
        subject === "ws" ? "" : `${of("lost")} of ${of("expected")}, ${of("twice")} twice`,
        subject === "ws" ? "" : `${of("pushesLost")} of ${of("pushes")}, ${of("pushesTwice")} twice`,
        subject === "ws" ? "" : ["p99Before", "p99During", "p99After"].map((each) => of(each).toFixed(1)).join(" / "),
      ];
    }),
  );
  const heads = [
    "storm",
    "server",
    "first connect",
    "all back",
    "recovered",
    "broadcasts lost",
    "pushes lost",
    "p99 before / during / after, ms",
  ];
  return table(heads, lines);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
