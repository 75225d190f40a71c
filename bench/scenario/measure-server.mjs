/** One run of a server under load: both in fresh processes, the server pinned, the load beside it. */
import { resolve } from "node:path";
import { BENCH } from "../harness/context.mjs";
import { Controlled, ProgramError } from "../harness/child.mjs";

/** Long enough for the collector to have come to rest after the last join, short enough for nothing else to happen. */
const SETTLE_MS = 3_000;

/** Clients come from that many loopback addresses, as no server may tell them apart by their port alone. */
const ADDRESSES = 8;

/** How long a broadcast may take before the run counts as failed. */
const BROADCAST_TIMEOUT_MS = 30_000;

const CHANNELS = "/socket/websocket?vsn=2.0.0";

/**
 * Servers by name: their program, the path of their socket and what the load speaks to them. One that runs on several cores is not pinned to one.
 *
 * @typedef {{ file: string, path: string, dialect: import("../load/dialect.mjs").Dialect, cores?: number }} ServerKind
 *
 * @type {Readonly<Record<string, ServerKind>>}
 */
export const servers = {
  ws: { file: "scenario/server-ws.mjs", path: "/", dialect: "raw" },
  holdfast: { file: "scenario/server-holdfast.mjs", path: CHANNELS, dialect: "hello" },
  "holdfast-raw": { file: "scenario/server-holdfast.mjs", path: "/raw", dialect: "raw" },
  "holdfast-1-core": { file: "cluster/server-cores.mjs", path: CHANNELS, dialect: "hello", cores: 1 },
  "holdfast-2-cores": { file: "cluster/server-cores.mjs", path: CHANNELS, dialect: "hello", cores: 2 },
};

/**
 * @typedef {object} Echo
 * @property {number} clients
 * @property {number} inFlight
 * @property {number} [beforehandMs] how long echoes run first that count for nothing, not even for the CPU time
 *
 * @typedef {object} Load
 * @property {string} server key of {@link servers}
 * @property {readonly string[]} flags Node flags of the server
 * @property {boolean} [unpinned] neither the server nor its load is kept to cores of its own; so it is where the server is on several
 * @property {number} connections
 * @property {boolean} [join] whether the clients join a channel (true)
 * @property {boolean} [heap] also count the live heap, after a full collection that follows the reading of resident bytes
 * @property {number} [broadcasts] how many broadcasts of 100 bytes to time, after the idle reading
 * @property {boolean} [used] read resident bytes once more, after those broadcasts and one echo of each connection
 * @property {number} [warmBroadcasts] then time so many broadcasts more, whose figures replace those of the first ones
 * @property {Echo} [echo] then run echoes of 100 bytes
 */

/**
 * Runs a server and its load once.
 *
 * @param {import("../harness/context.mjs").Context} context
 * @param {Load} load
 * @returns {Promise<Record<string, number>>} `rssBytes` and `heapBytes` of each idle connection, `usedRssBytes` of each used one,
 *   `acceptUs` of server CPU for each connection, `broadcastMs` until the last client has it (the median), `broadcastUs` of server CPU
 *   for each client and broadcast, `echoesPerSecond`, `echoUs` of server CPU for each echo
 */
export async function measureServer(context, load) {
  const { connections, flags, broadcasts = 0 } = load;
  const kind = servers[load.server];
  if (kind === undefined)
    throw new RangeError(`Expected one of ${Object.keys(servers).join(", ")}, got ${load.server}`);
  const pinning = load.unpinned || kind.cores !== undefined ? { server: [], load: [] } : context.pinning;
  const server = new Controlled(
    [...pinning.server, process.execPath, "--expose-gc", ...flags, resolve(BENCH, kind.file)],
    { ...process.env, BENCH_CORES: String(kind.cores ?? "") },
  );
  /** @type {Controlled | undefined} */ let flood;
  try {
    context.show(`${load.server} starts`);
    const { port } = await server.next("listening", 60_000);
    const memoryBefore = await server.ask({ type: "memory" });
    const cpuBefore = await server.ask({ type: "cpu" });
    context.show(`${connections} connections to ${load.server}`);
    const options = [
      "--port",
      port,
      "--url",
      kind.path,
      `--${kind.dialect}`,
      "--connections",
      connections,
      "--addresses",
      ADDRESSES,
      "--hold",
      ...(load.join === false ? ["--no-join"] : []),
    ];
    flood = new Controlled([
      ...pinning.load,
      process.execPath,
      resolve(BENCH, "load/flood.mjs"),
      ...options.map(String),
    ]);
    const ready = await flood.next("ready", 120_000);
    if (ready.failed + ready.lost > 0) {
      const reasons = Object.entries(ready.reasons).map(([reason, count]) => `\n  ${count} x ${reason}`);
      const said = server.errors === "" ? "" : `\nThe server wrote:\n${server.errors}`;
      throw new ProgramError(
        `${ready.failed + ready.lost} of ${connections} connections failed:${reasons.join("")}${said}`,
      );
    }
    /** @type {Record<string, number>} */ const values = {};
    values["acceptUs"] = spent(cpuBefore, await server.ask({ type: "cpu" })) / connections;
    await pause(SETTLE_MS);
    values["rssBytes"] = ((await server.ask({ type: "rss" })).rssBytes - memoryBefore.rssBytes) / connections;
    if (load.heap) {
      const { heapBytes, externalBytes } = await server.ask({ type: "memory" });
      values["heapBytes"] =
        (heapBytes + externalBytes - memoryBefore.heapBytes - memoryBefore.externalBytes) / connections;
    }
    if (broadcasts > 0) Object.assign(values, await measureBroadcasts(context, server, flood, connections, broadcasts));
    if (load.used) {
      await flood.ask({ type: "echoOnce" });
      await pause(SETTLE_MS);
      values["usedRssBytes"] = ((await server.ask({ type: "rss" })).rssBytes - memoryBefore.rssBytes) / connections;
    }
    if (load.warmBroadcasts !== undefined) {
      Object.assign(values, await measureBroadcasts(context, server, flood, connections, load.warmBroadcasts));
    }
    if (load.echo !== undefined) Object.assign(values, await measureEcho(context, server, flood, load.echo));
    await flood.stop();
    await server.stop();
    return values;
  } finally {
    await flood?.stop();
    await server.stop();
  }
}

/**
 * @param {import("../harness/context.mjs").Context} context
 * @param {Controlled} server
 * @param {Controlled} flood
 * @param {number} connections
 * @param {number} broadcasts
 */
async function measureBroadcasts(context, server, flood, connections, broadcasts) {
  /** @type {number[]} */ const tookMs = [];
  const cpuBefore = await server.ask({ type: "cpu" });
  for (let i = 0; i < broadcasts; i++) {
    context.show(`broadcast ${i + 1} of ${broadcasts}`);
    const [last, first] = await Promise.all([
      flood.next("awaitMessages", BROADCAST_TIMEOUT_MS),
      flood.ask({ type: "awaiting", count: connections }).then(() => server.ask({ type: "broadcast", bytes: 100 })),
    ]);
    tookMs.push(Number(BigInt(last.atNs) - BigInt(first.atNs)) / 1e6);
    await pause(50);
  }
  const cpuUs = spent(cpuBefore, await server.ask({ type: "cpu" }));
  tookMs.sort((a, b) => a - b);
  return {
    broadcastMs: tookMs[Math.floor((tookMs.length - 1) / 2)] ?? 0,
    broadcastUs: cpuUs / broadcasts / connections,
  };
}

/**
 * @param {import("../harness/context.mjs").Context} context
 * @param {Controlled} server
 * @param {Controlled} flood
 * @param {Echo} echo
 */
async function measureEcho(context, server, flood, { clients, inFlight, beforehandMs }) {
  context.show(`echo, ${clients} connections, ${inFlight} in flight`);
  if (beforehandMs !== undefined) await flood.ask({ type: "echo", inFlight, clients, warmMs: 0, runMs: beforehandMs });
  const cpuBefore = await server.ask({ type: "cpu" });
  const { echoes, elapsedMs, total } = await flood.ask({
    type: "echo",
    inFlight,
    clients,
    warmMs: context.warmMs,
    runMs: context.runMs,
  });
  const cpuUs = spent(cpuBefore, await server.ask({ type: "cpu" }));
  return { echoesPerSecond: (echoes * 1_000) / elapsedMs, echoUs: cpuUs / total };
}

/**
 * @param {{ user: number, system: number }} before microseconds
 * @param {{ user: number, system: number }} after
 */
function spent(before, after) {
  return after.user + after.system - before.user - before.system;
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}
