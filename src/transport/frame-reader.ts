import { isUtf8 } from "node:buffer";
import { OPCODE_BINARY, OPCODE_PING, OPCODE_PONG, OPCODE_TEXT } from "./frame-bytes.js";

/** Who takes the frames that {@link readFrames} finds. */
export interface FrameTaker {
  /** Whether frames are wanted. Looked at before each one: a taker that pauses or closes in the middle of a chunk gets no further frame. */
  readonly reading: boolean;
  takeText(text: string): void;
  /** `bytes` is a view into the chunk. */
  takeBinary(bytes: Buffer): void;
  /** `payload` is a view into the chunk. */
  takePing(payload: Buffer): void;
}

const FINAL = 0x80;
const FINAL_TEXT = FINAL | OPCODE_TEXT;
const FINAL_BINARY = FINAL | OPCODE_BINARY;
const FINAL_PING = FINAL | OPCODE_PING;
const FINAL_PONG = FINAL | OPCODE_PONG;
const MASKED = 0x80;

/**
 * Reads the ordinary frames at the beginning of a chunk and hands them over: whole text and binary messages, pings and pongs.
 *
 * Returns the offset behind the last frame read. When that is not the end of the chunk, the taker has stopped reading or the next frame has
 * not arrived whole. A negative result `~offset` says that the frame at `offset` is not ordinary: a fragment, a close frame, one above
 * `payloadLimitBytes`, text that is not UTF-8, or a violation of the protocol. Such a frame is left as it came.
 * Payloads are unmasked in place.
 */
export function readFrames(taker: FrameTaker, chunk: Buffer, payloadLimitBytes: number): number {
  const end = chunk.length;
  let at = 0;
  while (end - at >= 2 && taker.reading) {
    const first = chunk[at] ?? 0;
    const second = chunk[at + 1] ?? 0;
    const control = first === FINAL_PING || first === FINAL_PONG;
    if ((first !== FINAL_TEXT && first !== FINAL_BINARY && !control) || second < MASKED) return ~at;

    let length = second & 0x7f;
    let mask = at + 2;
    if (length >= 126) {
      if (control) return ~at;
      mask += length === 126 ? 2 : 8;
      if (mask > end) return at;
      length = longLength(chunk, at + 2, length);
    }
    if (length > payloadLimitBytes && !control) return ~at;

    const payload = mask + 4;
    const next = payload + length;
    if (next > end) return at;

    const key = chunk.readInt32LE(mask);
    const ascii = unmask(chunk, payload, next, key);
    if (first === FINAL_TEXT) {
      if (ascii) taker.takeText(chunk.toString("latin1", payload, next));
      else if (isUtf8(chunk.subarray(payload, next))) taker.takeText(chunk.toString("utf8", payload, next));
      else {
        // The whole frame goes to somebody else, who expects it masked; masking twice is unmasking.
        unmask(chunk, payload, next, key);
        return ~at;
      }
    } else if (first === FINAL_BINARY) taker.takeBinary(chunk.subarray(payload, next));
    else if (first === FINAL_PING) taker.takePing(chunk.subarray(payload, next));
    at = next;
  }
  return at;
}

function longLength(chunk: Buffer, offset: number, short: number): number {
  if (short === 126) return chunk.readUInt16BE(offset);
  return chunk.readUInt32BE(offset) * 0x1_0000_0000 + chunk.readUInt32BE(offset + 4);
}

/** Applies the key to `bytes` from `start` to `end`; tells whether the result is ASCII. */
function unmask(bytes: Buffer, start: number, end: number, key: number): boolean {
  const k0 = key & 0xff;
  const k1 = (key >>> 8) & 0xff;
  const k2 = (key >>> 16) & 0xff;
  const k3 = key >>> 24;
  let all = 0;
  let i = start;
  for (; i + 3 < end; i += 4) {
    const b0 = (bytes[i] ?? 0) ^ k0;
    const b1 = (bytes[i + 1] ?? 0) ^ k1;
    const b2 = (bytes[i + 2] ?? 0) ^ k2;
    const b3 = (bytes[i + 3] ?? 0) ^ k3;
    bytes[i] = b0;
    bytes[i + 1] = b1;
    bytes[i + 2] = b2;
    bytes[i + 3] = b3;
    all |= b0 | b1 | b2 | b3;
  }
  for (; i < end; i += 1) {
    const b = (bytes[i] ?? 0) ^ ((key >>> (((i - start) & 3) << 3)) & 0xff);
    bytes[i] = b;
    all |= b;
  }
  return all < 0x80;
}
