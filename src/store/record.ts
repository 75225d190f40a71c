import { crc32 } from "node:zlib";
import type { SessionHead, StoredFrame } from "./store-port.js";

/** The state of a session, as its record has it. */
export interface SessionStateRecord {
  readonly gen: number;
  readonly trimmed: number;
  readonly ownerVersion: number;
  readonly ownerName: string;
}

/** The state of a log, as its record has it. */
export interface LogStateRecord {
  readonly gen: number;
  readonly trimmed: number;
  readonly epoch: number;
  readonly topic: string;
}

/** A frame of an outbox or a log, as its record has it: `extra` is the topic of the one, and `[epoch, at]` are of the other. */
export interface FrameRecord {
  /** The number of the frame before it, by which a hole is told from a number that was left out. */
  readonly before: number;
  readonly topic: string;
  readonly epoch: number;
  readonly at: number;
  readonly frame: StoredFrame;
}

const CHECKSUM_BYTES = 4;
const FRAME_HEAD_BYTES = 29;
const BYTES = 0;
const UTF8 = 1;
const UTF16 = 2;
const SURROGATES = /[\ud800-\udfff]/;

/** Puts the checksum of key and content before the content: a record that is found under another key is damaged too. */
export function seal(key: Uint8Array, content: Uint8Array): Buffer {
  const value = Buffer.allocUnsafe(CHECKSUM_BYTES + content.length);
  value.set(content, CHECKSUM_BYTES);
  return sign(key, value);
}

/** The content of a sealed record, or `undefined` if it is damaged. */
export function unseal(key: Uint8Array, value: Uint8Array): Buffer | undefined {
  if (value.length < CHECKSUM_BYTES) return undefined;
  const all = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const content = all.subarray(CHECKSUM_BYTES);
  return crc32(content, crc32(key)) === all.readUInt32LE(0) ? content : undefined;
}

/** A record of JSON. */
export function sealJson(key: Uint8Array, value: object): Buffer {
  return seal(key, Buffer.from(JSON.stringify(value), "utf8"));
}

/** A session's head. */
export function parseHead(content: Buffer): SessionHead | undefined {
  const value: unknown = JSON.parse(content.toString("utf8"));
  return isHead(value) ? value : undefined;
}

/** A session's state. */
export function sealSessionState(key: Uint8Array, state: SessionStateRecord): Buffer {
  return sealState(key, state.gen, state.trimmed, state.ownerVersion, state.ownerName);
}

/** A session's state. */
export function parseSessionState(content: Buffer): SessionStateRecord | undefined {
  const state = parseState(content);
  if (state === undefined) return undefined;
  return { gen: state.gen, trimmed: state.trimmed, ownerVersion: state.third, ownerName: state.text };
}

/** A log's state. */
export function sealLogState(key: Uint8Array, state: LogStateRecord): Buffer {
  return sealState(key, state.gen, state.trimmed, state.epoch, state.topic);
}

/** A log's state. */
export function parseLogState(content: Buffer): LogStateRecord | undefined {
  const state = parseState(content);
  if (state === undefined) return undefined;
  return { gen: state.gen, trimmed: state.trimmed, epoch: state.third, topic: state.text };
}

/** A frame, written into one buffer: this runs once for each message. */
export function sealFrame(key: Uint8Array, record: FrameRecord): Buffer {
  const { topic, frame } = record;
  const topicForm = formOf(topic);
  const topicBytes = lengthOf(topic, topicForm);
  const frameForm = typeof frame === "string" ? formOf(frame) : BYTES;
  const frameBytes = typeof frame === "string" ? lengthOf(frame, frameForm) : frame.length;
  const value = Buffer.allocUnsafe(CHECKSUM_BYTES + FRAME_HEAD_BYTES + topicBytes + frameBytes);
  let at = value.writeUInt8((topicForm << 4) | frameForm, CHECKSUM_BYTES);
  at = value.writeDoubleLE(record.before, at);
  at = value.writeDoubleLE(record.epoch, at);
  at = value.writeDoubleLE(record.at, at);
  at = value.writeUInt32LE(topicBytes, at);
  at += value.write(topic, at, encodingOf(topicForm));
  if (typeof frame === "string") value.write(frame, at, encodingOf(frameForm));
  else value.set(frame, at);
  return sign(key, value);
}

/** A frame. */
export function parseFrame(content: Buffer): FrameRecord | undefined {
  if (content.length < FRAME_HEAD_BYTES) return undefined;
  const forms = content.readUInt8(0);
  const topicBytes = content.readUInt32LE(25);
  const frameAt = FRAME_HEAD_BYTES + topicBytes;
  if (frameAt > content.length) return undefined;
  const frameForm = forms & 0xf;
  return {
    before: content.readDoubleLE(1),
    epoch: content.readDoubleLE(9),
    at: content.readDoubleLE(17),
    topic: content.toString(encodingOf(forms >> 4), FRAME_HEAD_BYTES, frameAt),
    frame:
      // A copy: the engine's buffer may be larger, and is its own.
      frameForm === BYTES
        ? new Uint8Array(content.subarray(frameAt))
        : content.toString(encodingOf(frameForm), frameAt),
  };
}

/** The content of a named record. */
export function sealNamed(key: Uint8Array, name: string, value: Uint8Array): Buffer {
  const form = formOf(name);
  const nameBytes = Buffer.from(name, encodingOf(form));
  const head = Buffer.allocUnsafe(5);
  head.writeUInt32LE(nameBytes.length, head.writeUInt8(form, 0));
  return seal(key, Buffer.concat([head, nameBytes, value]));
}

/** A named record: its whole name, of which the key may hold only a digest, and a copy of its value. */
export function parseNamed(content: Buffer): { readonly name: string; readonly value: Uint8Array } | undefined {
  if (content.length < 5) return undefined;
  const valueAt = 5 + content.readUInt32LE(1);
  const name = content.toString(encodingOf(content.readUInt8(0)), 5, valueAt);
  return { name, value: new Uint8Array(content.subarray(valueAt)) };
}

function sealState(key: Uint8Array, gen: number, trimmed: number, third: number, text: string): Buffer {
  const form = formOf(text);
  const content = Buffer.allocUnsafe(21 + Buffer.byteLength(text, encodingOf(form)));
  content.writeUInt32LE(gen, 0);
  content.writeDoubleLE(trimmed, 4);
  content.writeDoubleLE(third, 12);
  content.writeUInt8(form, 20);
  content.write(text, 21, encodingOf(form));
  return seal(key, content);
}

function parseState(
  content: Buffer,
): { readonly gen: number; readonly trimmed: number; readonly third: number; readonly text: string } | undefined {
  if (content.length < 21) return undefined;
  return {
    gen: content.readUInt32LE(0),
    trimmed: content.readDoubleLE(4),
    third: content.readDoubleLE(12),
    text: content.toString(encodingOf(content.readUInt8(20)), 21),
  };
}

function sign(key: Uint8Array, value: Buffer): Buffer {
  value.writeUInt32LE(crc32(value.subarray(CHECKSUM_BYTES), crc32(key)), 0);
  return value;
}

// Text with half a surrogate pair has no UTF-8, and must come back as it was.
function formOf(text: string): number {
  // As many bytes as units: it has none. Counting is cheaper than searching.
  if (Buffer.byteLength(text, "utf8") === text.length) return UTF8;
  return SURROGATES.test(text) && Buffer.from(text, "utf8").toString("utf8") !== text ? UTF16 : UTF8;
}

function lengthOf(text: string, form: number): number {
  return Buffer.byteLength(text, encodingOf(form));
}

function encodingOf(form: number): "utf8" | "utf16le" {
  return form === UTF16 ? "utf16le" : "utf8";
}

function isHead(value: unknown): value is SessionHead {
  if (typeof value !== "object" || value === null) return false;
  const { epoch, rx, tx } = value as Partial<Record<string, unknown>>;
  return typeof epoch === "number" && typeof rx === "number" && typeof tx === "number";
}
