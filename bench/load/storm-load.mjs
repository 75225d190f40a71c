/**
 * The clients of a storm, in one process on bare TCP: they connect, listen, and all lose their connection when they are told so.
 *
 * Started with `--port N --dialect D --clients N --rooms N --live N`; speaks over IPC. The last `live` clients never lose anything: they show
 * how long a message takes before, during and after.
 */
import { connect } from "node:net";
import { nowMs } from "../scenario/storm-control.mjs";
import { OPCODE, clientFrame, frameView, readServerFrame, readUpgradeResponse, upgradeRequest } from "./frame.mjs";
import { stormDialects } from "./storm-dialect.mjs";
import { parseArgs } from "node:util";

const MAX_PENDING = 256;
const SWEEP_MS = 500;
const ADDRESSES = 8;
const PUSHES_IN_THE_HOLE = 5;

const text = { type: /** @type {const} */ ("string") };
const { values } = parseArgs({ options: { port: text, dialect: text, clients: text, rooms: text, live: text } });
const port = Number(values.port);
const rooms = Number(values.rooms);
const live = Number(values.live);
const dialect = stormDialects[/** @type {keyof typeof stormDialects} */ (values.dialect)];
const request = upgradeRequest({ path: dialect.path, host: `127.0.0.1:${port}` });
const view = frameView();

/** Broadcasts as the living clients got them, since they were last asked for: milliseconds. @type {number[]} */
let latencies = [];
let pending = 0;
/** @type {StormClient[]} */ let waiting = [];
/** @type {(() => void) | undefined} */ let onAllReady;
let readyCount = 0;

class StormClient {
  /** @param {number} index */
  constructor(index) {
    this.index = index;
    this.room = `room:${index % rooms}`;
    this.isLive = index >= Number(values.clients) - live;
    this.session = new dialect.Session(this);
  }

  /** @type {import("node:net").Socket | undefined} */ socket;
  upgraded = false;
  isReady = false;
  connections = 0;
  recovered = 0;
  pushes = 0;
  /** Whether what comes vanishes. */ deaf = false;
  /** Numbers of its room, since its first join. */ first = 0;
  /** @type {Set<number>} */ seen = new Set();
  twice = 0;
  /** @type {Buffer} */ partial = Buffer.alloc(0);

  dial() {
    pending++;
    this.upgraded = false;
    this.partial = Buffer.alloc(0);
    const socket = connect({
      port,
      host: "127.0.0.1",
      localAddress: `127.0.0.${1 + (this.index % ADDRESSES)}`,
      noDelay: true,
    });
    this.socket = socket;
    socket.on("connect", () => socket.write(request));
    socket.on("data", (/** @type {Buffer} */ bytes) => {
      if (this.socket === socket && !this.deaf) this.#read(bytes);
    });
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      if (this.socket !== socket) return;
      this.#over();
      // Refused or dropped by the server: it comes back.
      waiting.push(this);
    });
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
    if (this.isLive) latencies.push(nowMs() - at);
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
      socket?.removeAllListeners("data");
      socket?.pause();
      abandoned.push(socket);
    }
    this.deaf = false;
    waiting.push(this);
  }

  #over() {
    if (this.isReady) readyCount--;
    else if (this.socket !== undefined) pending--;
    this.isReady = false;
    this.socket = undefined;
    this.session.closed();
  }

  /** @param {Buffer} bytes */
  #read(bytes) {
    const buffer = this.partial.length === 0 ? bytes : Buffer.concat([this.partial, bytes]);
    let at = 0;
    if (!this.upgraded) {
      const answer = readUpgradeResponse(buffer, 0, buffer.length);
      if (answer === undefined) {
        this.partial = buffer;
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
    this.partial = at === buffer.length ? Buffer.alloc(0) : Buffer.from(buffer.subarray(at));
  }
}

/** Sockets that the server still takes for open. @type {(import("node:net").Socket | undefined)[]} */
const abandoned = [];
const clients = Array.from({ length: Number(values.clients) }, (_, index) => new StormClient(index));

function dialWaiting() {
  while (pending < MAX_PENDING) {
    const client = waiting.shift();
    if (client === undefined) return;
    client.dial();
  }
}

setInterval(dialWaiting, 1);
setInterval(() => {
  for (const client of clients) client.session.sweep();
}, SWEEP_MS);

/** @returns {Promise<void>} */
function allReady() {
  return new Promise((resolve) => {
    onAllReady = resolve;
    if (readyCount === clients.length) resolve();
  });
}

/** @param {number} count */
function victims(count) {
  return clients.filter(({ isLive }) => !isLive).slice(0, count);
}

/** @param {{ type: string, case?: "drop" | "half_open" | "black_hole", count?: number, holeMs?: number, published?: number[] }} command */
async function obey(command) {
  if (command.type === "connect") {
    const startedAt = performance.now();
    waiting = [...clients];
    await allReady();
    return { tookMs: performance.now() - startedAt };
  }
  if (command.type === "storm") {
    const hit = victims(command.count ?? clients.length);
    if (command.case === "black_hole") {
      for (const client of hit) client.deaf = true;
      for (let push = 0; push < PUSHES_IN_THE_HOLE; push++) {
        for (const client of hit) client.push();
        await new Promise((resolve) => setTimeout(resolve, (command.holeMs ?? 0) / PUSHES_IN_THE_HOLE));
      }
    } else for (const client of hit) client.push();
    const startedAt = performance.now();
    const how = command.case === "half_open" ? "half_open" : "drop";
    for (const client of hit) client.lose(how);
    dialWaiting();
    await allReady();
    return { tookMs: performance.now() - startedAt };
  }
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
  let expected = 0;
  let lost = 0;
  let twice = 0;
  for (const client of clients) {
    const last = published[client.index % rooms] ?? 0;
    twice += client.twice;
    // What was sent before its first message is not known to it.
    if (client.first === 0) continue;
    expected += last - client.first + 1;
    lost += last - client.first + 1 - client.seen.size;
  }
  const pushes = clients.reduce((sum, client) => sum + client.pushes, 0);
  const hit = clients.filter(({ connections }) => connections > 1);
  const recovered = hit.filter((client) => client.recovered === client.connections - 1).length;
  return { expected, lost, twice, pushes, cameBack: hit.length, recovered };
}

process.once("disconnect", () => process.exit());
process.on("message", (/** @type {{ type: string }} */ command) => {
  if (command.type === "stop") process.exit();
  void obey(command).then((answer) => process.send?.({ type: command.type, ...answer }));
});
process.send?.({ type: "listening" });
