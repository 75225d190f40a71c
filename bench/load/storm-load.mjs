/**
 * The clients of a storm, in one process on bare TCP: they connect, listen, and all lose their connection when they are told so.
 *
 * Started with `--port N --dialect D --clients N --rooms N --first N`; speaks over IPC. `first` is the index of the first client, as those of
 * one storm may be spread over several processes.
 */
import { connect } from "node:net";
import { parseArgs } from "node:util";
import { nowMs } from "../scenario/storm-control.mjs";
import { OPCODE, clientFrame, frameView, readServerFrame, readUpgradeResponse, upgradeRequest } from "./frame.mjs";
import { stormDialects } from "./storm-dialect.mjs";

const MAX_PENDING = 256;
const TICK_MS = 20;
/** Each client looks once in so many ticks whether it owes an acknowledgement: a second, each at a moment of its own. */
const SWEEP_TICKS = 50;
/** Between two attempts of a client that was refused: one after another would keep this process busy while nobody listens. */
const RETRY_MS = 50;
const ADDRESSES = 8;
const PUSH_ROUNDS = 5;

const text = { type: /** @type {const} */ ("string") };
const { values } = parseArgs({ options: { port: text, dialect: text, clients: text, rooms: text, first: text } });
const port = Number(values.port);
const rooms = Number(values.rooms);
const dialect = stormDialects[/** @type {keyof typeof stormDialects} */ (values.dialect)];
const requests = Array.from({ length: rooms }, (_, room) =>
  upgradeRequest({ path: dialect.path(room), host: `127.0.0.1:${port}` }),
);
const view = frameView();

/** What the sockets read into, one after another: what is left of a frame is copied out. */
const readBuffer = Buffer.allocUnsafeSlow(64 * 1024);
const NOTHING = Buffer.alloc(0);
const CLIENT = Symbol("client");
/** @typedef {import("node:net").Socket & { [CLIENT]?: StormClient | undefined }} ClientSocket */

/** Broadcasts as the clients got them, since they were last asked for: milliseconds. @type {number[]} */
let latencies = [];
let pending = 0;
/** @type {StormClient[]} */ let waiting = [];
/** @type {(() => void) | undefined} */ let onAllReady;
/** @type {(() => void) | undefined} */ let onNoneReady;
let readyCount = 0;

class StormClient {
  /** @param {number} index */
  constructor(index) {
    this.index = index;
    this.room = `room:${index % rooms}`;
    this.session = new dialect.Session(this);
  }

  /** @type {ClientSocket | undefined} */ socket;
  upgraded = false;
  isReady = false;
  connections = 0;
  recovered = 0;
  pushes = 0;
  /** Whether what comes vanishes. */ deaf = false;
  /** Numbers of its room, since its first join. */ first = 0;
  /** @type {Set<number>} */ seen = new Set();
  twice = 0;
  /** @type {Buffer} */ partial = NOTHING;

  dial() {
    pending++;
    this.upgraded = false;
    this.partial = NOTHING;
    /** @type {ClientSocket} */ const socket = connect({
      port,
      host: "127.0.0.1",
      localAddress: `127.0.0.${1 + (this.index % ADDRESSES)}`,
      noDelay: true,
      onread: { buffer: readBuffer, callback: onRead },
    });
    socket[CLIENT] = this;
    this.socket = socket;
    socket.on("connect", onConnect);
    socket.on("error", onError);
    socket.on("close", onClose);
  }

  connected() {
    this.socket?.write(/** @type {Buffer} */ (requests[this.index % rooms]));
  }

  /** @param {string} words */
  say(words) {
    if (!this.deaf) this.socket?.write(clientFrame(OPCODE.text, words));
  }

  /** @param {boolean} recovered */
  ready(recovered) {
    if (this.isReady) return;
    this.isReady = true;
    this.connections++;
    if (recovered) this.recovered++;
    readyCount++;
    pending--;
    if (readyCount === clients.length) onAllReady?.();
  }

  /** @param {{ n: number, at: number }} message */
  news({ n, at }) {
    if (this.first === 0) this.first = n;
    if (this.seen.has(n)) this.twice++;
    this.seen.add(n);
    latencies.push(nowMs() - at);
  }

  push() {
    this.pushes++;
    this.session.push(this.pushes);
  }

  /** Loses its connection and comes back: `drop` closes it, `half_open` leaves it open for the server. @param {"drop" | "half_open"} how */
  lose(how) {
    const { socket } = this;
    this.#over();
    if (how === "drop") socket?.destroy();
    else {
      socket?.pause();
      abandoned.push(socket);
    }
    this.deaf = false;
    waiting.push(this);
  }

  /** Its connection has ended without its doing: it comes back. */
  dropped() {
    this.#over();
    setTimeout(() => waiting.push(this), RETRY_MS);
  }

  #over() {
    if (this.isReady) readyCount--;
    else if (this.socket !== undefined) pending--;
    this.isReady = false;
    if (this.socket !== undefined) this.socket[CLIENT] = undefined;
    this.socket = undefined;
    this.session.closed();
    if (readyCount === 0) onNoneReady?.();
  }

  /** @param {Buffer} bytes valid during the call only */
  read(bytes) {
    if (this.deaf) return;
    const buffer = this.partial.length === 0 ? bytes : Buffer.concat([this.partial, bytes]);
    let at = 0;
    if (!this.upgraded) {
      const answer = readUpgradeResponse(buffer, 0, buffer.length);
      if (answer === undefined) {
        this.partial = Buffer.from(buffer);
        return;
      }
      if (!answer.ok) return void this.socket?.destroy();
      at = answer.next;
      this.upgraded = true;
      this.session.opened();
    }
    while (readServerFrame(buffer, at, buffer.length, view)) {
      at = view.next;
      if (view.opcode === OPCODE.text) this.session.received(buffer.toString("utf8", view.start, view.end));
      else if (view.opcode === OPCODE.ping)
        this.socket?.write(clientFrame(OPCODE.pong, buffer.toString("latin1", view.start, view.end)));
      else if (view.opcode === OPCODE.close) return void this.socket?.destroy();
    }
    this.partial = at === buffer.length ? NOTHING : Buffer.from(buffer.subarray(at));
  }
}

// One function of each kind serves all sockets: `this` is the socket, which leads to its client.

/**
 * @this {ClientSocket}
 * @param {number} length
 */
function onRead(length) {
  this[CLIENT]?.read(readBuffer.subarray(0, length));
  return true;
}

/** @this {ClientSocket} */
function onConnect() {
  this[CLIENT]?.connected();
}

/** @this {ClientSocket} */
function onError() {
  this.destroy();
}

/** @this {ClientSocket} */
function onClose() {
  this[CLIENT]?.dropped();
}

/** Sockets that the server still takes for open. @type {(ClientSocket | undefined)[]} */
const abandoned = [];
const clients = Array.from(
  { length: Number(values.clients) },
  (_, index) => new StormClient(Number(values.first) + index),
);

function dialWaiting() {
  for (const client of waiting.splice(0, MAX_PENDING - pending)) client.dial();
}

let tick = 0;
setInterval(dialWaiting, 1);
setInterval(() => {
  tick = (tick + 1) % SWEEP_TICKS;
  for (let at = tick; at < clients.length; at += SWEEP_TICKS) clients[at]?.session.sweep();
}, TICK_MS);

/** @returns {Promise<void>} */
function allReady() {
  return new Promise((resolve) => {
    onAllReady = resolve;
    if (readyCount === clients.length) resolve();
  });
}

/** @returns {Promise<void>} */
function noneReady() {
  return new Promise((resolve) => {
    onNoneReady = resolve;
    if (readyCount === 0) resolve();
  });
}

/** Every client pushes, a few times, within `holeMs`. @param {number} holeMs */
async function pushAll(holeMs) {
  for (let round = 0; round < PUSH_ROUNDS; round++) {
    for (const client of clients) client.push();
    await new Promise((resolve) => setTimeout(resolve, holeMs / PUSH_ROUNDS));
  }
}

/** Lets the storm break over all clients, until they are back. @param {string} kind @param {number} holeMs */
async function storm(kind, holeMs) {
  if (kind === "restart") {
    const gone = noneReady();
    await pushAll(holeMs);
    await gone;
    const startedAt = performance.now();
    await allReady();
    return { tookMs: performance.now() - startedAt };
  }
  if (kind === "black_hole") {
    for (const client of clients) client.deaf = true;
    await pushAll(holeMs);
  } else for (const client of clients) client.push();
  const startedAt = performance.now();
  for (const client of clients) client.lose(kind === "half_open" ? "half_open" : "drop");
  dialWaiting();
  await allReady();
  return { tookMs: performance.now() - startedAt };
}

/** @param {{ type: string, case?: string, holeMs?: number, published?: number[] }} command */
async function obey(command) {
  if (command.type === "connect") {
    const startedAt = performance.now();
    waiting = [...clients];
    await allReady();
    return { tookMs: performance.now() - startedAt };
  }
  if (command.type === "storm") return storm(command.case ?? "drop", command.holeMs ?? 0);
  if (command.type === "latencies") {
    const sorted = latencies.sort((a, b) => a - b);
    latencies = [];
    const at = (/** @type {number} */ part) =>
      sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
    return { p50: at(0.5), p99: at(0.99), messages: sorted.length };
  }
  return report(command.published ?? []);
}

/** @param {number[]} published */
function report(published) {
  const result = { expected: 0, lost: 0, lostOfSeen: 0, twice: 0, pushes: 0, cameBack: 0, recovered: 0 };
  /** What left the server: somebody in the room has it. @type {Set<number>[]} */
  const seen = Array.from({ length: rooms }, () => new Set());
  for (const client of clients) for (const n of client.seen) seen[client.index % rooms]?.add(n);
  for (const client of clients) {
    const room = client.index % rooms;
    result.twice += client.twice;
    result.pushes += client.pushes;
    if (client.connections > 1) {
      result.cameBack++;
      if (client.recovered === client.connections - 1) result.recovered++;
    }
    // What was sent before its first message is not known to it.
    if (client.first === 0) continue;
    const expected = (published[room] ?? 0) - client.first + 1;
    result.expected += expected;
    result.lost += expected - client.seen.size;
    for (const n of seen[room] ?? []) if (n > client.first && !client.seen.has(n)) result.lostOfSeen++;
  }
  return result;
}

process.once("disconnect", () => process.exit());
process.on("message", (/** @type {{ type: string }} */ command) => {
  if (command.type === "stop") process.exit();
  void obey(command).then((answer) => process.send?.({ type: command.type, ...answer }));
});
process.send?.({ type: "listening" });
