/**
 * What durable sessions cost: pushes that are answered, and broadcasts that arrive, with an embedded store, one in memory and none. Server and
 * clients share one process and its core, so the figures are to be compared with each other, not with those of a server alone.
 * HOLDFAST_BENCH_DIR names the disk to measure, the temporary directory's by default.
 *
 * @import { Durations } from "./meter.mjs"
 * @import { Store } from "../../src/store/store-port.js"
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WebSocket } from "ws";
import { loadActors, loadClient, loadKernel, loadStore, loadSupervisors } from "../harness/packages.mjs";
import { Meter } from "./meter.mjs";

const CLIENTS = 64;
const PUSHES_EACH = 16;
const BROADCASTS = 16;
const TEXT = "x".repeat(200);

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { embeddedStore } = await loadStore();
  const place = await mkdtemp(join(process.env["HOLDFAST_BENCH_DIR"] ?? tmpdir(), "holdfast-bench-"));
  const store = await embeddedStore({ path: join(place, "store") });
  const found = await measure(durations, store);
  await store.close();
  await rm(place, { recursive: true });
  return found;
}

/** @param {Durations} durations */
export async function memory(durations) {
  const { memoryStore } = await loadStore();
  return measure(durations, memoryStore());
}

/** @param {Durations} durations */
export function none(durations) {
  return measure(durations, undefined);
}

/** @param {Durations} durations @param {Store | undefined} store */
async function measure(durations, store) {
  const { createSystem } = await loadKernel();
  const { Channel, Endpoint, ok } = await loadActors();
  const { child, Supervisor } = await loadSupervisors();
  const { Socket } = await loadClient();

  class Room extends Channel {
    /** @override */
    handleIn() {
      return ok();
    }
  }

  class Root extends Supervisor {
    /** @override */
    init() {
      const socket = { channels: { "room:*": Room }, ...(store === undefined ? {} : { store }) };
      return { children: [child(Endpoint, { id: "endpoint", args: { port: 0, host: "127.0.0.1", socket } })] };
    }
  }

  const system = await createSystem({ root: Root });
  /** @type {import("../../src/index.js").ActorRef<{ port(): number }> | undefined} */
  const listener = system.whereis("endpoint.listener");
  const port = await listener?.call.port();
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

  const pushes = await repeat(durations, async () => {
    const replies = channels.flatMap((channel) =>
      Array.from({ length: PUSHES_EACH }, () => channel.push("say", { TEXT }).reply),
    );
    await Promise.all(replies);
    return replies.length;
  });
  /** @type {import("../../src/index.js").ActorRef<import("../../actors/index.js").Topics> | undefined} */
  const topics = system.whereis("endpoint.topics");
  const deliveries = await repeat(durations, async () => {
    const wanted = heard + BROADCASTS * CLIENTS;
    for (let i = 0; i < BROADCASTS; i++) topics?.cast.broadcast("room:a", "news", { TEXT });
    while (heard < wanted) await new Promise((done) => void setImmediate(done));
    return BROADCASTS * CLIENTS;
  });
  for (const socket of sockets) socket.disconnect();
  await system.stop();
  return { pushes, deliveries };
}

/** @param {Durations} durations @param {() => Promise<number>} work answers how much it was */
async function repeat(durations, work) {
  const meter = new Meter(durations);
  while (meter.tick(await work()));
  return meter.rate;
}
