/**
 * One WebSocket client of a swarm: a small object beside its socket, without a closure, a timer or a buffer of its own.
 *
 * Every socket reads into one shared buffer, and what one read makes a client say leaves in one write.
 */
import { KIND, ackFrame, classify, heartbeatFrame, helloFrame, joinFrame, pushFrame, refusalOf } from "./dialect.mjs";
import {
  FrameError,
  OPCODE,
  clientFrame,
  clientFrameBytes,
  frameView,
  readServerFrame,
  readUpgradeResponse,
  sequenceOf,
  writeClientFrame,
} from "./frame.mjs";

/** Where a client stands. */
export const PHASE = Object.freeze({ connecting: 0, upgrading: 1, greeting: 2, joining: 3, joined: 4, closed: 5 });

/** All reads of all sockets land here, and are done with before the next one. */
export const readBuffer = Buffer.allocUnsafeSlow(256 * 1024);

/** The wire's own rule: an ack stands alone after 32 messages (or after a second, which the swarm's timer sees to). */
const ACK_AFTER_MESSAGES = 32;

const CLOSE_NORMAL = "\x03\xe8";

/** What the running read, or command, makes one client say. It is empty between turns, so one serves all clients. */
const writeBuffer = Buffer.allocUnsafeSlow(1024 * 1024);
let writeEnd = 0;

const view = frameView();

/** A client that connects, greets, joins, answers pings and acknowledges what it gets. */
export class Client {
  /**
   * @param {import("./swarm.mjs").Swarm} swarm
   * @param {number} index
   * @param {string} topic
   */
  constructor(swarm, index, topic) {
    this.swarm = swarm;
    this.index = index;
    this.topic = topic;
    this.phase = /** @type {number} */ (PHASE.connecting);
    /** @type {import("node:net").Socket | undefined} */ this.socket = undefined;
    /** @type {Buffer | undefined} a frame's beginning, until the rest has come */ this.partial = undefined;
    this.ref = 1;
    this.seq = 0;
    this.received = 0;
    this.acknowledged = 0;
    /** Whether the swarm has this client on its list of those that owe an ack. */ this.owing = false;
    /** Echoes on the way. */ this.echoes = 0;
  }

  /** The socket is connected. */
  upgrade() {
    this.phase = PHASE.upgrading;
    this.socket?.write(this.swarm.request);
  }

  /**
   * Takes what the socket has read.
   *
   * @param {number} length bytes of {@link readBuffer}
   */
  read(length) {
    this.swarm.bytes += length;
    let buffer = readBuffer;
    let end = length;
    if (this.partial !== undefined) {
      buffer = Buffer.concat([this.partial, readBuffer.subarray(0, length)]);
      end = buffer.length;
      this.partial = undefined;
    }
    let at = 0;
    if (this.phase === PHASE.upgrading) {
      const answer = readUpgradeResponse(buffer, 0, end);
      if (answer !== undefined && !answer.ok) return this.fail(`upgrade refused: ${answer.reason}`);
      at = answer === undefined ? 0 : answer.next;
      if (answer !== undefined) this.#upgraded();
    }
    try {
      while (this.#speaks() && readServerFrame(buffer, at, end, view)) {
        at = view.next;
        this.#handle(buffer, view.opcode, view.start, view.end);
      }
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      return this.fail(`bad frame: ${error.message}`);
    }
    if (at < end && this.phase !== PHASE.closed) this.partial = Buffer.from(buffer.subarray(at, end));
    this.flush();
  }

  /** Adds an echo to what is said; {@link flush} sends it. */
  sayEcho() {
    this.echoes++;
    const { dialect } = this.swarm.options;
    if (dialect !== "raw") return this.sayPush(this.swarm.echoPayload);
    const frame = this.swarm.rawFrame;
    if (writeEnd + frame.length > writeBuffer.length) this.flush();
    writeEnd += frame.copy(writeBuffer, writeEnd);
  }

  /**
   * Adds a push to the client's topic (in the raw dialect: the payload as it is) to what is said; {@link flush} sends it.
   *
   * @param {string} payload JSON, ASCII
   */
  sayPush(payload) {
    const { dialect, event } = this.swarm.options;
    if (dialect === "raw") return this.#say(payload);
    if (dialect === "phoenix") return this.#say(pushFrame(this.topic, event, payload, ++this.ref, 0, 0));
    this.acknowledged = this.received;
    this.#say(pushFrame(this.topic, event, payload, ++this.ref, ++this.seq, this.received));
  }

  /** Acknowledges what has been received since the last ack, if anything has. */
  acknowledge() {
    if (this.received === this.acknowledged || !this.#speaks()) return;
    this.#sayAck();
    this.flush();
  }

  /** Sends Phoenix's heartbeat. */
  heartbeat() {
    if (this.phase !== PHASE.joined) return;
    this.#say(heartbeatFrame(++this.ref));
    this.flush();
  }

  /** Writes what was said, in one piece. */
  flush() {
    if (writeEnd === 0) return;
    const bytes = Buffer.from(writeBuffer.subarray(0, writeEnd));
    writeEnd = 0;
    this.socket?.write(bytes);
  }

  /**
   * Ends the connection.
   *
   * @param {boolean} abrupt without a close frame, as a lost network does
   */
  close(abrupt) {
    if (abrupt || !this.#speaks()) this.socket?.destroy();
    else this.socket?.end(clientFrame(OPCODE.close, CLOSE_NORMAL));
  }

  /**
   * The connection is over, or of no further use.
   *
   * @param {string} reason
   */
  fail(reason) {
    const phase = this.phase;
    const socket = this.socket;
    writeEnd = 0;
    this.phase = PHASE.closed;
    this.partial = undefined;
    this.socket = undefined;
    socket?.destroy();
    if (phase !== PHASE.closed) this.swarm.ended(phase === PHASE.joined, reason);
  }

  #speaks() {
    return this.phase > PHASE.upgrading && this.phase < PHASE.closed;
  }

  #upgraded() {
    const { dialect } = this.swarm.options;
    this.swarm.connected++;
    this.phase = PHASE.greeting;
    if (dialect === "hello") this.#say(helloFrame());
    else if (dialect === "phoenix") this.#join(0);
    else this.#joined();
  }

  /** @param {number} seq number of the join: 1 in a session, 0 without one */
  #join(seq) {
    if (this.swarm.options.join === false) return this.#joined();
    this.phase = PHASE.joining;
    this.seq = seq;
    this.#say(joinFrame(this.topic, seq));
  }

  #joined() {
    this.phase = PHASE.joined;
    this.swarm.hasJoined();
  }

  /**
   * @param {Buffer} buffer
   * @param {number} opcode
   * @param {number} start
   * @param {number} end
   */
  #handle(buffer, opcode, start, end) {
    if (opcode === OPCODE.text || opcode === OPCODE.binary) {
      if (this.swarm.options.dialect !== "raw") return this.#handleText(buffer, start, end);
      this.swarm.hasMessage();
      if (this.echoes > 0) this.#echoed();
    } else if (opcode === OPCODE.ping) {
      this.#sayFrame(OPCODE.pong, buffer.toString("latin1", start, end));
    } else if (opcode === OPCODE.close) {
      const code = end - start >= 2 ? buffer.readUInt16BE(start) : 1005;
      // Numbers in the text differ from client to client; without them equal reasons are counted together.
      const text = buffer.toString("latin1", Math.min(start + 2, end), end).replace(/\d+/g, "N");
      this.fail(`closed by the server with ${code} ${text}`.trim());
    }
  }

  /**
   * @param {Buffer} buffer
   * @param {number} start
   * @param {number} end
   */
  #handleText(buffer, start, end) {
    if (this.swarm.options.dialect === "hello") this.#count(sequenceOf(buffer, start, end));
    const kind = classify(buffer, start, end);
    if (kind === KIND.event) {
      this.swarm.hasMessage();
    } else if (kind === KIND.reply) {
      this.swarm.replies++;
      if (this.echoes > 0) this.#echoed();
    } else if (kind === KIND.ping) {
      this.#sayAck();
    } else if (kind === KIND.helloReply && this.phase === PHASE.greeting) {
      const refusal = refusalOf(buffer, start, end);
      if (refusal !== undefined) return this.fail(`hello refused: ${refusal}`);
      this.#join(1);
    } else if (kind === KIND.joinReply && this.phase === PHASE.joining) {
      const refusal = refusalOf(buffer, start, end);
      if (refusal !== undefined) return this.fail(`join refused: ${refusal}`);
      this.#joined();
    } else if (kind === KIND.ended) {
      this.fail(`channel ended: ${buffer.toString("latin1", start, Math.min(end, start + 200))}`);
    }
  }

  /** @param {number} seq the server's number for what has just come; 0: it has none */
  #count(seq) {
    if (seq <= this.received) return;
    this.received = seq;
    if (!this.owing) this.swarm.owes(this);
    // A client with echoes on the way acknowledges with its next push.
    if (seq - this.acknowledged >= ACK_AFTER_MESSAGES && this.echoes === 0) this.#sayAck();
  }

  #sayAck() {
    this.acknowledged = this.received;
    this.#say(ackFrame(this.received));
  }

  #echoed() {
    this.echoes--;
    if (this.swarm.hasEcho()) this.sayEcho();
  }

  /** @param {string} text */
  #say(text) {
    this.#sayFrame(OPCODE.text, text);
  }

  /**
   * @param {number} opcode
   * @param {string} payload
   */
  #sayFrame(opcode, payload) {
    if (writeEnd + clientFrameBytes(payload.length) > writeBuffer.length) this.flush();
    writeEnd = writeClientFrame(writeBuffer, writeEnd, opcode, payload);
  }
}
