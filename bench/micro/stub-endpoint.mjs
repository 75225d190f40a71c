/**
 * The parts of an endpoint behind its listener, over sockets that are none: what is written to them is counted and forgotten. So more clients than
 * a process has descriptors, and the runtime's own cost without the system's.
 */
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { writeClientFrame } from "../load/frame.mjs";

const DIST = process.env["HOLDFAST_DIST"] ?? resolve(import.meta.dirname, "../../dist");
const TEXT = 1;

/** @param {string} path */
const load = (path) => import(pathToFileURL(join(DIST, path)).href);
const { createSystem } = await load("src/index.js");
const { resolveLimits } = await load("actors/endpoint/options.js");
const { RouteTable } = await load("actors/channel/route-table.js");
const { PhoenixConnection } = await load("actors/connection/phoenix-connection.js");
const { DelayQueue } = await load("actors/session/delay-queue.js");
const { PushWindow } = await load("actors/session/push-window.js");
const { SessionDirectory } = await load("actors/session/session-directory.js");
const { Subscriptions } = await load("actors/topic/subscriptions.js");
const { ReplayTurns } = await load("src/transport/admission/replay-turns.js");
const { WebSocketConnection } = await load("src/transport/web-socket-connection.js");
const { DynamicSupervisor } = await load("supervisors/index.js");

const host = {
  payloadLimitBytes: 64 * 1024,
  /** @param {unknown} error */
  onError(error) {
    throw error;
  },
  takeOver() {
    throw new Error("Expected whole text frames only");
  },
};

/** Where the bytes go that are written for one client. */
class StubSocket {
  writable = true;
  writableLength = 0;
  allowHalfOpen = false;
  remoteAddress = "127.0.0.1";
  writes = 0;
  bytes = 0;
  /** @type {((bytes: Buffer) => void) | undefined} */
  onWrite = undefined;

  /** @param {Buffer} bytes */
  write(bytes) {
    this.writes++;
    this.bytes += bytes.length;
    this.onWrite?.(bytes);
    return true;
  }
  on() {
    return this;
  }
  removeListener() {
    return this;
  }
  pause() {}
  resume() {}
  cork() {}
  uncork() {}
  destroy() {
    this.writable = false;
  }
}

/**
 * Starts a system with the actors of an endpoint.
 *
 * @param {Readonly<Record<string, unknown>>} channels classes by topic
 * @param {Readonly<Record<string, number>>} [chosenLimits]
 */
export async function startStubEndpoint(channels, chosenLimits) {
  const system = await createSystem();
  const { clock } = system;
  const limits = resolveLimits(chosenLimits);
  const subscriptions = new Subscriptions(limits, clock);
  const context = {
    routes: new RouteTable(channels),
    limits,
    authenticate: () => ({}),
    directory: new SessionDirectory(limits),
    subscriptions,
    pushes: new PushWindow(clock),
    acknowledgements: new DelayQueue(clock, limits.ackDelayMs, (/** @type {any} */ session) =>
      session.cast.acknowledgementDue(),
    ),
    silent: new DelayQueue(clock, limits.helloTimeoutMs, (/** @type {any} */ connection) => connection.cast.silent()),
    sessionsName: "bench.sessions",
    authTimeoutMs: 10_000,
    replays: new ReplayTurns(clock, {
      atATime: 8,
      turnMs: 1_000,
      grant: (/** @type {any} */ session) => session.cast.replayTurn(),
    }),
  };
  await system.start(DynamicSupervisor, {}, { name: "bench.sessions" });
  return { system, subscriptions, connect: () => connect(system, context) };
}

/**
 * A client without a network: its bytes come by `socket.receive`.
 *
 * @typedef {{ stub: StubSocket, socket: { receive(chunk: Buffer): void } }} StubClient
 */

/**
 * @param {any} system
 * @param {object} context
 * @returns {Promise<StubClient>}
 */
async function connect(system, context) {
  const stub = new StubSocket();
  const socket = new WebSocketConnection(stub, host);
  const request = {
    path: "/socket/websocket",
    params: {},
    authToken: undefined,
    origin: undefined,
    remoteAddress: "127.0.0.1",
    headers: {},
  };
  await system.start(PhoenixConnection, { socket, request, context });
  return { stub, socket };
}

/**
 * The bytes in which a client's texts arrive.
 *
 * @param {readonly string[]} texts ASCII
 * @returns {Buffer}
 */
export function chunkOf(texts) {
  const chunk = Buffer.alloc(texts.reduce((sum, text) => sum + text.length + 14, 0));
  let end = 0;
  for (const text of texts) end = writeClientFrame(chunk, end, TEXT, text);
  return chunk.subarray(0, end);
}
