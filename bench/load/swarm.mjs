/** Many WebSocket clients in one process, on bare TCP, with one timer for all of them. */
import { connect } from "node:net";
import { Client, PHASE, readBuffer } from "./client.mjs";
import { OPCODE, clientFrame, upgradeRequest } from "./frame.mjs";

/** Handshakes under way at once; more only fills the server's accept queue. */
const MAX_PENDING = 256;

/** The one timer's period, and how often it looks after acks and heartbeats. */
const TICK_MS = 20;
const SWEEP_MS = 500;
const HEARTBEAT_MS = 25_000;

/** Reasons of failures that are told apart. */
const MOST_REASONS = 20;

/**
 * @typedef {object} SwarmOptions
 * @property {string} host loopback address of the server
 * @property {number} port
 * @property {string} path path and query of the upgrade request
 * @property {import("./dialect.mjs").Dialect} dialect
 * @property {number} connections how many to open
 * @property {number} rate connections opened per second; 0: as fast as they are accepted
 * @property {number} addresses the clients come from 127.0.0.1 to 127.0.0.N, in turn; 0: whatever the system chooses
 * @property {readonly string[]} topics client `i` joins topic `i` modulo their number; at least one
 * @property {boolean} [join] whether clients join their topic (true); those that do not count as joined once they are greeted
 * @property {string} event name of the pushes and echoes
 * @property {number} payloadBytes size of the text in an echo
 * @property {() => void} [onSettled] called once, when each connection has joined or failed
 */

/** The client that a socket belongs to: a symbol on the socket is cheaper than a closure or a map. */
const CLIENT = Symbol("client");

/** @typedef {import("node:net").Socket & { [CLIENT]: Client }} ClientSocket */

/** A set of clients, opened at a pace and kept until they are told to stop. */
export class Swarm {
  /** @param {SwarmOptions} options */
  constructor(options) {
    this.options = options;
    this.opened = 0;
    this.connected = 0;
    this.joined = 0;
    this.failed = 0;
    /** Connections that had joined and ended without being told to. */ this.lost = 0;
    /** Application messages received: events, and in the raw dialect every frame. Replies are not among them. */
    this.messages = 0;
    this.replies = 0;
    this.bytes = 0;
    /** @type {Map<string, number>} why connections failed or were lost, and how many of each */ this.reasons =
      new Map();
    const text = "x".repeat(options.payloadBytes);
    /** What each client asks for first. */
    this.request = upgradeRequest({ path: options.path, host: `${options.host}:${options.port}` });
    this.echoPayload = `{"text":"${text}"}`;
    this.rawFrame = clientFrame(OPCODE.text, text);
  }

  /** @type {Client[]} */ #clients = [];
  #startedAtMs = 0;
  #sweptAtMs = 0;
  #heartbeatAtMs = 0;
  #stopping = false;
  #settled = false;
  #echoing = false;
  #echoes = 0;
  #ended = 0;
  /** @type {NodeJS.Timeout | undefined} */ #timer;
  /** @type {(() => void) | undefined} */ #onEmpty;
  /** @type {{ target: number, resolve: (atNs: bigint) => void } | undefined} */ #awaited;
  /** @type {{ target: number, resolve: () => void } | undefined} */ #echoAwaited;
  /** @type {Client[]} */ #owing = [];

  /** Starts to connect; {@link SwarmOptions.onSettled} tells when that is over. */
  start() {
    this.#startedAtMs = performance.now();
    this.#heartbeatAtMs = this.#startedAtMs;
    this.#timer = setInterval(tick, TICK_MS, this);
    this.tick();
  }

  /** Milliseconds since {@link start}. */
  get elapsedMs() {
    return performance.now() - this.#startedAtMs;
  }

  /** What has happened so far, for a summary. */
  summary() {
    const { opened, connected, joined, failed, lost, messages, replies, bytes } = this;
    const reasons = Object.fromEntries(this.reasons);
    return {
      opened,
      connected,
      joined,
      failed,
      lost,
      messages,
      replies,
      bytes,
      elapsedMs: Math.round(this.elapsedMs),
      reasons,
    };
  }

  /**
   * Keeps echoes of each joined client on the way, for a while.
   *
   * @param {{ inFlight: number, warmMs: number, runMs: number, clients?: number }} options `inFlight`: echoes per client;
   *   `clients`: how many of them take part (all)
   * @returns {Promise<{ echoes: number, total: number, elapsedMs: number }>} what was answered within `runMs`, after `warmMs`; `total`
   *   counts the warm-up too
   */
  async echo({ inFlight, warmMs, runMs, clients = this.#clients.length }) {
    this.#echoing = true;
    const first = this.#echoes;
    for (const client of this.#clients.slice(0, clients)) {
      if (client.phase !== PHASE.joined) continue;
      for (let i = 0; i < inFlight; i++) client.sayEcho();
      client.flush();
    }
    await pause(warmMs);
    const before = this.#echoes;
    const fromMs = performance.now();
    await pause(runMs);
    const result = {
      echoes: this.#echoes - before,
      total: this.#echoes - first,
      elapsedMs: performance.now() - fromMs,
    };
    this.#echoing = false;
    return result;
  }

  /**
   * Sends one echo from each joined client and waits for all the answers.
   *
   * @returns {Promise<void>}
   */
  echoOnce() {
    return new Promise((resolve) => {
      this.#echoAwaited = { target: this.#echoes + this.joined, resolve };
      for (const client of this.#clients) {
        if (client.phase !== PHASE.joined) continue;
        client.sayEcho();
        client.flush();
      }
    });
  }

  /**
   * Waits until `count` more messages have arrived, in all clients together.
   *
   * @param {number} count
   * @returns {Promise<bigint>} when the last of them came, on the machine's monotonic clock, in nanoseconds
   */
  awaitMessages(count) {
    return new Promise((resolve) => {
      this.#awaited = { target: this.messages + count, resolve };
    });
  }

  /**
   * Pushes one message from one client.
   *
   * @param {number} index of the client
   * @param {string} payload JSON, ASCII
   * @returns {boolean} false when that client is not joined
   */
  push(index, payload) {
    const client = this.#clients[index];
    if (client === undefined || client.phase !== PHASE.joined) return false;
    client.sayPush(payload);
    client.flush();
    return true;
  }

  /**
   * Ends all connections.
   *
   * @param {{ abrupt?: boolean, graceMs?: number }} [options] `abrupt`: without close frames, as a lost network does
   * @returns {Promise<void>} when the last socket is gone, or after `graceMs` (3,000), when the rest are destroyed
   */
  async stop({ abrupt = false, graceMs = 3_000 } = {}) {
    this.#sweep();
    this.#stopping = true;
    clearInterval(this.#timer);
    const empty = new Promise((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
    for (const client of this.#clients) client.close(abrupt);
    if (this.#open() === 0) this.#onEmpty?.();
    await empty;
    for (const client of this.#clients) client.close(true);
  }

  /** The one timer's work. */
  tick() {
    const nowMs = performance.now();
    this.#openMore(nowMs);
    if (nowMs - this.#sweptAtMs >= SWEEP_MS) {
      this.#sweptAtMs = nowMs;
      this.#sweep();
    }
    if (this.options.dialect === "phoenix" && nowMs - this.#heartbeatAtMs >= HEARTBEAT_MS) {
      this.#heartbeatAtMs = nowMs;
      for (const client of this.#clients) client.heartbeat();
    }
  }

  // What the clients report.

  /** A client has joined (in the raw dialect: is connected). */
  hasJoined() {
    this.joined++;
    // Between two ticks, so that the tick's period never limits a swarm that opens as fast as it is accepted.
    if (this.options.rate === 0 && this.opened - this.joined < MAX_PENDING / 2) this.#openMore(0);
    this.#settle();
  }

  /** A client has received an application's message. */
  hasMessage() {
    this.messages++;
    const awaited = this.#awaited;
    if (awaited === undefined || this.messages < awaited.target) return;
    this.#awaited = undefined;
    awaited.resolve(process.hrtime.bigint());
  }

  /**
   * An echo has come back.
   *
   * @returns {boolean} whether the client shall send the next one
   */
  hasEcho() {
    this.#echoes++;
    const awaited = this.#echoAwaited;
    if (awaited !== undefined && this.#echoes >= awaited.target) {
      this.#echoAwaited = undefined;
      awaited.resolve();
    }
    return this.#echoing;
  }

  /** @param {Client} client has received what it must acknowledge within a second */
  owes(client) {
    client.owing = true;
    this.#owing.push(client);
  }

  /**
   * A client's connection has ended.
   *
   * @param {boolean} wasJoined
   * @param {string} reason
   */
  ended(wasJoined, reason) {
    this.#ended++;
    if (wasJoined) this.joined--;
    if (this.#stopping) {
      if (this.#open() === 0) this.#onEmpty?.();
      return;
    }
    if (wasJoined) this.lost++;
    else this.failed++;
    const counted = this.reasons.has(reason) || this.reasons.size < MOST_REASONS ? reason : "other reasons";
    this.reasons.set(counted, (this.reasons.get(counted) ?? 0) + 1);
    this.#settle();
  }

  /** @param {number} nowMs */
  #openMore(nowMs) {
    const { connections, rate, addresses, host, port, topics } = this.options;
    const due =
      rate === 0 ? connections : Math.min(connections, Math.ceil(((nowMs - this.#startedAtMs) / 1_000) * rate));
    while (this.opened < due && this.opened - this.joined - this.failed - this.lost < MAX_PENDING) {
      const index = this.opened++;
      const client = new Client(this, index, /** @type {string} */ (topics[index % topics.length]));
      this.#clients.push(client);
      const from = addresses === 0 ? {} : { localAddress: `127.0.0.${1 + (index % addresses)}` };
      const socket = /** @type {ClientSocket} */ (
        connect({ host, port, noDelay: true, onread: { buffer: readBuffer, callback: onRead }, ...from })
      );
      socket[CLIENT] = client;
      client.socket = socket;
      socket.on("connect", onConnect);
      socket.on("error", onError);
      socket.on("close", onClose);
    }
  }

  #settle() {
    if (this.#settled || this.#stopping || this.joined + this.failed + this.lost < this.options.connections) return;
    this.#settled = true;
    this.options.onSettled?.();
  }

  #sweep() {
    const owing = this.#owing;
    this.#owing = [];
    for (const client of owing) {
      client.owing = false;
      client.acknowledge();
    }
  }

  #open() {
    return this.opened - this.#ended;
  }
}

/** @param {Swarm} swarm */
function tick(swarm) {
  swarm.tick();
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// One function of each kind serves all sockets: `this` is the socket, which leads to its client.

/**
 * @this {ClientSocket}
 * @param {number} length
 */
function onRead(length) {
  this[CLIENT].read(length);
  return true;
}

/** @this {ClientSocket} */
function onConnect() {
  this[CLIENT].upgrade();
}

/**
 * @this {ClientSocket}
 * @param {NodeJS.ErrnoException} error
 */
function onError(error) {
  this[CLIENT].fail(error.code ?? error.message);
}

/** @this {ClientSocket} */
function onClose() {
  this[CLIENT].fail("connection closed by the server");
}
