/**
 * WebSocket framing for load tools: just enough of RFC 6455 to be a client, on plain buffers, without an object per frame.
 *
 * Pure: no socket, no clock. A client's frames are masked with one constant key. The key is not zero, because servers
 * skip the unmasking of a zero key and would look cheaper than they are.
 */

/** Frame kinds, as RFC 6455 section 5.2 numbers them. */
export const OPCODE = Object.freeze({ continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 });

/** The one masking key of all frames. */
export const MASK_KEY = Object.freeze([0x37, 0xfa, 0x21, 0x3d]);

/** The handshake's key; it may be constant because nobody caches between us and a loopback server. */
export const HANDSHAKE_KEY = "aG9sZGZhc3QtZmxvb2QtMQ==";

/** What a server must answer to {@link HANDSHAKE_KEY}: base64 of SHA-1 over the key and RFC 6455's fixed GUID. */
export const HANDSHAKE_ACCEPT = "9XI4gWC9hRC1tVaLKdb/GiOyQgw=";

/** Frames above this size are refused: a server under test never sends one, so a larger one is a framing error. */
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

const [KEY_0, KEY_1, KEY_2, KEY_3] = /** @type {[number, number, number, number]} */ (
  /** @type {unknown} */ (MASK_KEY)
);

/** A frame that cannot be read. The connection it came from is of no further use. */
export class FrameError extends Error {
  /**
   * @param {string} code `masked`, `reserved`, `opcode`, `control` or `too_large`
   * @param {string} message what was expected and what came
   */
  constructor(code, message) {
    super(message);
    this.name = "FrameError";
    this.code = code;
  }
}

/**
 * Builds the HTTP request that opens a WebSocket.
 *
 * @param {{ path: string, host: string, protocols?: string }} options
 * @returns {Buffer}
 */
export function upgradeRequest({ path, host, protocols }) {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${HANDSHAKE_KEY}`,
    "Sec-WebSocket-Version: 13",
  ];
  if (protocols !== undefined) lines.push(`Sec-WebSocket-Protocol: ${protocols}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

/**
 * Reads the server's answer to {@link upgradeRequest}.
 *
 * @param {Buffer} buffer
 * @param {number} start first byte of the answer
 * @param {number} end byte after the last one that has arrived
 * @returns {{ ok: true, next: number } | { ok: false, reason: string } | undefined} `undefined`: more bytes are needed;
 *   `next` is the offset of the first byte behind the head
 */
export function readUpgradeResponse(buffer, start, end) {
  const limit = buffer.subarray(start, end);
  const headEnd = limit.indexOf("\r\n\r\n");
  if (headEnd === -1) {
    return end - start > 16_384 ? { ok: false, reason: "the answer's head is longer than 16 KiB" } : undefined;
  }
  const head = limit.toString("latin1", 0, headEnd);
  const status = /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1];
  if (status !== "101")
    return { ok: false, reason: `expected HTTP status 101, got ${status ?? JSON.stringify(head.slice(0, 40))}` };
  if (!head.includes(HANDSHAKE_ACCEPT))
    return { ok: false, reason: "Sec-WebSocket-Accept is not the answer to our key" };
  return { ok: true, next: start + headEnd + 4 };
}

/**
 * Says how long a client's frame is.
 *
 * @param {number} payloadBytes
 * @returns {number}
 */
export function clientFrameBytes(payloadBytes) {
  return payloadBytes + (payloadBytes < 126 ? 6 : payloadBytes < 65_536 ? 8 : 14);
}

/**
 * Writes a final, masked frame into `target`.
 *
 * @param {Buffer} target must have {@link clientFrameBytes} bytes free at `offset`
 * @param {number} offset
 * @param {number} opcode
 * @param {string} payload latin1 only: a load tool's own text needs no more, and its length is then known without encoding it
 * @returns {number} offset behind the frame
 */
export function writeClientFrame(target, offset, opcode, payload) {
  const length = payload.length;
  let at = offset;
  target[at++] = 0x80 | opcode;
  if (length < 126) {
    target[at++] = 0x80 | length;
  } else if (length < 65_536) {
    target[at++] = 0x80 | 126;
    at = target.writeUInt16BE(length, at);
  } else {
    target[at++] = 0x80 | 127;
    at = target.writeBigUInt64BE(BigInt(length), at);
  }
  target[at++] = KEY_0;
  target[at++] = KEY_1;
  target[at++] = KEY_2;
  target[at++] = KEY_3;
  for (let i = 0; i < length; i++) {
    target[at++] = payload.charCodeAt(i) ^ (i & 2 ? (i & 1 ? KEY_3 : KEY_2) : i & 1 ? KEY_1 : KEY_0);
  }
  return at;
}

/**
 * Makes one masked frame.
 *
 * @param {number} opcode
 * @param {string} payload latin1 only
 * @returns {Buffer}
 */
export function clientFrame(opcode, payload) {
  const frame = Buffer.allocUnsafe(clientFrameBytes(payload.length));
  writeClientFrame(frame, 0, opcode, payload);
  return frame;
}

/**
 * Where {@link readServerFrame} puts what it found; one is enough for a whole process.
 *
 * @typedef {{ opcode: number, final: boolean, start: number, end: number, next: number }} FrameView
 */

/** @returns {FrameView} */
export function frameView() {
  return { opcode: 0, final: true, start: 0, end: 0, next: 0 };
}

/**
 * Finds the frame that starts at `offset`.
 *
 * @param {Buffer} buffer
 * @param {number} offset
 * @param {number} end byte after the last one that has arrived
 * @param {FrameView} view filled in when the answer is true: the payload is `start` to `end`, the next frame begins at `next`
 * @returns {boolean} false: the frame is not whole yet
 * @throws {FrameError} when no server may send such a frame
 */
export function readServerFrame(buffer, offset, end, view) {
  if (end - offset < 2) return false;
  const first = /** @type {number} */ (buffer[offset]);
  const second = /** @type {number} */ (buffer[offset + 1]);
  const opcode = first & 0x0f;
  if (first & 0x70)
    throw new FrameError("reserved", `expected no reserved bits, got first byte 0x${first.toString(16)}`);
  if (second & 0x80) throw new FrameError("masked", "expected an unmasked frame from the server, got a masked one");
  if (opcode > OPCODE.pong || (opcode > OPCODE.binary && opcode < OPCODE.close)) {
    throw new FrameError("opcode", `expected an opcode of RFC 6455, got ${opcode}`);
  }
  let length = second & 0x7f;
  let start = offset + 2;
  if (opcode >= OPCODE.close && (length > 125 || !(first & 0x80))) {
    throw new FrameError("control", "expected a control frame to be final and at most 125 bytes long");
  }
  if (length === 126) {
    if (end - offset < 4) return false;
    length = buffer.readUInt16BE(start);
    start += 2;
  } else if (length === 127) {
    if (end - offset < 10) return false;
    length = Number(buffer.readBigUInt64BE(start));
    start += 8;
  }
  if (length > MAX_PAYLOAD_BYTES) {
    throw new FrameError("too_large", `expected at most ${MAX_PAYLOAD_BYTES} bytes in a frame, got ${length}`);
  }
  if (end - start < length) return false;
  view.opcode = opcode;
  view.final = (first & 0x80) !== 0;
  view.start = start;
  view.end = start + length;
  view.next = start + length;
  return true;
}

const QUOTE = 34;
const COMMA = 44;
const DIGIT_0 = 48;
const DIGIT_9 = 57;
const BRACKET_CLOSE = 93;
const BRACE_CLOSE = 125;

/**
 * Reads the sequence number of a level-2 text frame without parsing its JSON.
 *
 * A server's payload is always an object, so what stands between the last `}` and the final `]` is `,seq` or `,seq,ack`.
 *
 * @param {Buffer} buffer
 * @param {number} start first byte of the payload
 * @param {number} end byte after its last one
 * @returns {number} 0 when the frame carries no number
 */
export function sequenceOf(buffer, start, end) {
  let at = end - 1;
  if (buffer[at] !== BRACKET_CLOSE) return 0;
  at--;
  let last = 0;
  let scale = 1;
  for (;;) {
    const byte = at > start ? /** @type {number} */ (buffer[at]) : BRACE_CLOSE;
    if (byte >= DIGIT_0 && byte <= DIGIT_9) {
      last += (byte - DIGIT_0) * scale;
      scale *= 10;
    } else if (byte === COMMA && scale > 1) {
      if (buffer[at - 1] === BRACE_CLOSE) return last;
      // What was just read is the ack: the number before it is wanted.
      last = 0;
      scale = 1;
    } else {
      return 0;
    }
    at--;
  }
}

/**
 * Reads one of the first four elements of a text frame, when it is a string without escapes.
 *
 * @param {Buffer} buffer
 * @param {number} start first byte of the payload
 * @param {number} end byte after its last one
 * @param {number} index 0 join_ref, 1 ref, 2 topic, 3 event
 * @returns {string | undefined} `undefined` when it is null, or when the frame is not of this shape
 */
export function elementOf(buffer, start, end, index) {
  let at = start + 1;
  for (let i = 0; at < end; i++) {
    const quoted = buffer[at] === QUOTE;
    const stop = quoted ? buffer.indexOf(QUOTE, at + 1) : buffer.indexOf(COMMA, at);
    if (stop === -1 || stop >= end) return undefined;
    if (i === index) return quoted ? buffer.toString("latin1", at + 1, stop) : undefined;
    at = stop + (quoted ? 2 : 1);
  }
  return undefined;
}
