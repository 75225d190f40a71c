/**
 * What durable sessions cost: pushes that are answered, and broadcasts that arrive, without a store and with each kind of it. Server and clients
 * share one process and its core, so the rows are to be compared with each other, not with those of a server alone. Prints JSON.
 *
 * `node bench/micro/durable.mjs [seconds of one round, 1 by default]`; HOLDFAST_BENCH_DIR names the disk to measure, the temporary directory's
 * by default.
 *
 * @import { Store } from "../../src/store/store-port.js"
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pathToFileURL } from "node:url";
import { WebSocket } from "ws";

const DIST = process.env["HOLDFAST_DIST"] ?? resolve(import.meta.dirname, "../../dist");
const ROUNDS = 3;
const CLIENTS = 64;
const PUSHES_EACH = 16;
const BROADCASTS = 16;
const TEXT = "x".repeat(200);

/** @param {string} path */
const load = (path) => import(pathToFileURL(join(DIST, path)).href);
const { createSystem } = await load("src/index.js");
const { Channel, Endpoint, ok } = await load("actors/index.js");
const { Socket } = await load("src/client/index.js");
const { embeddedStore, memoryStore } = await load("src/store/index.js");
const { child, Supervisor } = await load("supervisors/index.js");

class Room extends Channel {
  handleIn() {
    return ok();
  }
}

/** @param {number} ms @param {() => Promise<number>} work */
async function measure(ms, work) {
  await work();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < ms) count += await work();
  const elapsedMs = performance.now() - start;
  delay.disable();
  return {
    perSecond: Math.round((count * 1_000) / elapsedMs),
    loopP99Ms: Math.round(delay.percentile(99) / 1e4) / 100,
  };
}

/** @param {Store | undefined} store @param {number} ms */
async function round(store, ms) {
  class Root extends Supervisor {
    init() {
      const socket = { channels: { "room:*": Room }, ...(store === undefined ? {} : { store }) };
      return { children: [child(Endpoint, { id: "endpoint", args: { port: 0, host: "127.0.0.1", socket } })] };
    }
  }
  const system = await createSystem({ root: Root });
  const port = await system.whereis("endpoint.listener").call.port();
  let heard = 0;
  const sockets = Array.from(
    { length: CLIENTS },
    () => new Socket(`ws://127.0.0.1:${port}/socket`, { webSocket: WebSocket }),
  );
  const channels = sockets.map((socket) => {
    const channel = socket.channel("room:a");
    channel.on("news", () => heard++);
    socket.connect();
    return channel;
  });
  await Promise.all(channels.map((channel) => channel.join().reply));
  const pushes = await measure(ms, async () => {
    const replies = channels.flatMap((channel) =>
      Array.from({ length: PUSHES_EACH }, () => channel.push("say", { TEXT }).reply),
    );
    await Promise.all(replies);
    return replies.length;
  });
  const topics = system.whereis("endpoint.topics");
  const broadcasts = await measure(ms, async () => {
    const wanted = heard + BROADCASTS * CLIENTS;
    for (let i = 0; i < BROADCASTS; i++) topics.cast.broadcast("room:a", "news", { TEXT });
    while (heard < wanted) await new Promise((done) => void setImmediate(done));
    return BROADCASTS * CLIENTS;
  });
  for (const socket of sockets) socket.disconnect();
  await system.stop();
  return { pushes, broadcasts };
}

/** @param {number[]} values */
const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const ms = Number(process.argv[2] ?? 1) * 1_000;
const rows = [];
for (const kind of ["none", "memory", "process", "disk"]) {
  const found = [];
  for (let i = 0; i < ROUNDS; i++) {
    const place = await mkdtemp(join(process.env["HOLDFAST_BENCH_DIR"] ?? tmpdir(), "holdfast-bench-"));
    let store;
    if (kind === "memory") store = memoryStore();
    else if (kind !== "none") store = await embeddedStore({ path: join(place, "store"), durability: kind });
    found.push(await round(store, ms));
    await store?.close();
    await rm(place, { recursive: true });
    process.stderr.write(".");
  }
  rows.push({
    store: kind,
    pushesPerSecond: median(found.map(({ pushes }) => pushes.perSecond)),
    pushLoopP99Ms: median(found.map(({ pushes }) => pushes.loopP99Ms)),
    deliveriesPerSecond: median(found.map(({ broadcasts }) => broadcasts.perSecond)),
    deliveryLoopP99Ms: median(found.map(({ broadcasts }) => broadcasts.loopP99Ms)),
  });
}
process.stderr.write("\n");
process.stdout.write(`${JSON.stringify({ node: process.version, clients: CLIENTS, rows }, null, 2)}\n`);
process.exit(0);
