import { describe } from "./describe.js";
import { isPushId, LONGEST_PUSH_ID } from "./frame.js";
import { isSeq } from "./sequence.js";

/** The number of a binary frame in its direction of a session; absent on the frames of a stock Phoenix client. */
export interface Numbered {
  /** From 1 to 2^53 - 1. */
  readonly seq?: number;
}

/** A client's push of bytes, with what a text frame has before its payload. */
export interface BinaryPush extends Numbered {
  readonly joinRef: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  readonly payload: Uint8Array;
  /** The id of an idempotent push, which is always numbered; see the `id` of a text frame. */
  readonly id?: string;
}

/** A binary frame from a server: a push (it has no ref), a reply to a push, or a broadcast (it has no join_ref either). */
export type BinaryFromServer = Numbered & BinaryServerFrame;

type BinaryServerFrame =
  | {
      readonly kind: "push";
      readonly joinRef: string | null;
      readonly topic: string;
      readonly event: string;
      readonly payload: Uint8Array;
    }
  | {
      readonly kind: "reply";
      readonly joinRef: string | null;
      readonly ref: string | null;
      readonly topic: string;
      readonly status: string;
      readonly payload: Uint8Array;
    }
  | { readonly kind: "broadcast"; readonly topic: string; readonly event: string; readonly payload: Uint8Array };

/** What decoding a binary frame gives: the frame, or a reason that says what was expected and what came. */
export type DecodedBinary<F> =
  | { readonly ok: true; readonly frame: F }
  | { readonly ok: false; readonly reason: string };

/** Thrown when a field before the payload is longer than the 255 bytes that its length byte can say. */
export class FieldTooLongError extends Error {
  /** Always `field_too_long`. */
  readonly code = "field_too_long";
  override readonly name = "FieldTooLongError";
}

const PUSH = 0;
const REPLY = 1;
const BROADCAST = 2;
const IDEMPOTENT_PUSH = 3;
/** Added to the kind of a numbered frame, whose number follows as eight bytes, the highest first. */
const NUMBERED = 16;
const NUMBER_BYTES = 8;
const LONGEST_FIELD = 255;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a binary frame of a client: `00 |join_ref|ref|topic|event| join_ref ref topic event payload`.
 *
 * With a number it is `10 seq(8) |join_ref|...`, and an idempotent push `13 seq(8) |join_ref|ref|topic|event|id| ...`. Never throws.
 * An empty `join_ref` or `ref` is `null`; the text `null`, which phoenix.js writes for it, stays the text. The payload is a view of
 * `bytes`, not a copy.
 */
export function decodeClientBinary(bytes: Uint8Array): DecodedBinary<BinaryPush> {
  const kind = bytes[0];
  const plain = kindWithoutNumber(kind);
  if (plain !== PUSH && kind !== (NUMBERED | IDEMPOTENT_PUSH)) {
    return refuse("kind 0 (push), 16 (numbered push) or 19 (idempotent push) from a client", kindOf(bytes));
  }
  const fields = readFields(bytes, plain === PUSH ? 4 : 5);
  if (typeof fields === "string") return { ok: false, reason: fields };
  const [joinRef = "", ref = "", topic = "", event = "", id] = fields.texts;
  const frame = { joinRef: joinRef || null, ref: ref || null, topic, event, payload: fields.rest, ...fields.number };
  if (id === undefined) return { ok: true, frame };
  if (!isPushId(id)) return refuse(`an id of 1 to ${LONGEST_PUSH_ID} characters`, describe(id));
  return { ok: true, frame: { ...frame, id } };
}

/**
 * Reads a binary frame of a server: a push `00`, a reply `01` or a broadcast `02`; `10`, `11` or `12` with a number after it.
 *
 * Never throws. The payload is a view of `bytes`, not a copy.
 */
export function decodeServerBinary(bytes: Uint8Array): DecodedBinary<BinaryFromServer> {
  const kind = kindWithoutNumber(bytes[0]);
  if (kind !== PUSH && kind !== REPLY && kind !== BROADCAST) {
    return refuse("kind 0 (push), 1 (reply) or 2 (broadcast) from a server, or 16 more", kindOf(bytes));
  }
  const fields = readFields(bytes, kind === PUSH ? 3 : kind === REPLY ? 4 : 2);
  if (typeof fields === "string") return { ok: false, reason: fields };
  const payload = fields.rest;
  const { number } = fields;
  if (kind === PUSH) {
    const [joinRef = "", topic = "", event = ""] = fields.texts;
    return { ok: true, frame: { kind: "push", joinRef: joinRef || null, topic, event, payload, ...number } };
  }
  if (kind === REPLY) {
    const [joinRef = "", ref = "", topic = "", status = ""] = fields.texts;
    const refs = { joinRef: joinRef || null, ref: ref || null };
    return { ok: true, frame: { kind: "reply", ...refs, topic, status, payload, ...number } };
  }
  const [topic = "", event = ""] = fields.texts;
  return { ok: true, frame: { kind: "broadcast", topic, event, payload, ...number } };
}

/**
 * Writes a client's push, with its number and its id if it has them. A `null` join_ref or ref is written as a field of no bytes.
 *
 * @throws {FieldTooLongError} if a field is longer than 255 bytes
 */
export function encodeClientBinary({ joinRef, ref, topic, event, payload, seq, id }: BinaryPush): Uint8Array {
  const texts = [joinRef ?? "", ref ?? "", topic, event];
  return id === undefined ? write(PUSH, texts, payload, seq) : write(IDEMPOTENT_PUSH, [...texts, id], payload, seq);
}

/**
 * Writes a server's push, reply or broadcast, with its number if it has one. A `null` join_ref or ref is written as a field of no
 * bytes.
 *
 * @throws {FieldTooLongError} if a field is longer than 255 bytes
 */
export function encodeServerBinary(frame: BinaryFromServer): Uint8Array {
  switch (frame.kind) {
    case "push":
      return write(PUSH, [frame.joinRef ?? "", frame.topic, frame.event], frame.payload, frame.seq);
    case "reply": {
      const texts = [frame.joinRef ?? "", frame.ref ?? "", frame.topic, frame.status];
      return write(REPLY, texts, frame.payload, frame.seq);
    }
    case "broadcast":
      return write(BROADCAST, [frame.topic, frame.event], frame.payload, frame.seq);
  }
}

/**
 * Gives a binary frame of a server its number: a copy with the number after the kind.
 *
 * A broadcast is encoded once without a number, and numbered per session with this; the sessions' copies differ in nine bytes.
 */
export function numberBinary(bytes: Uint8Array, seq: number): Uint8Array {
  const numbered = new Uint8Array(bytes.length + NUMBER_BYTES);
  numbered.set(bytes.subarray(1), 1 + NUMBER_BYTES);
  numbered[0] = (bytes[0] ?? 0) | NUMBERED;
  writeNumber(numbered, seq);
  return numbered;
}

function write(kind: number, texts: readonly string[], payload: Uint8Array, seq: number | undefined): Uint8Array {
  const fields = texts.map((text) => encoder.encode(text));
  const start = seq === undefined ? 1 : 1 + NUMBER_BYTES;
  const size = fields.reduce((sum, field) => sum + 1 + field.length, start + payload.length);
  const bytes = new Uint8Array(size);
  bytes[0] = seq === undefined ? kind : kind | NUMBERED;
  if (seq !== undefined) writeNumber(bytes, seq);
  let at = start + fields.length;
  for (const [i, field] of fields.entries()) {
    if (field.length > LONGEST_FIELD) {
      throw new FieldTooLongError(
        `Cannot encode a binary frame: expected fields of at most ${LONGEST_FIELD} bytes, got ${field.length} bytes in ${describe(texts[i])}`,
      );
    }
    bytes[start + i] = field.length;
    bytes.set(field, at);
    at += field.length;
  }
  bytes.set(payload, at);
  return bytes;
}

interface Fields {
  readonly texts: string[];
  readonly rest: Uint8Array;
  readonly number: Numbered;
}

function readFields(bytes: Uint8Array, count: number): Fields | string {
  const got = `a frame of ${bytes.length} bytes`;
  const numbered = ((bytes[0] ?? 0) & NUMBERED) !== 0;
  if (numbered && bytes.length <= NUMBER_BYTES)
    return complaint(`${NUMBER_BYTES} bytes of a number after the kind`, got);
  const number = numbered ? { seq: readNumber(bytes) } : {};
  if (number.seq !== undefined && !isSeq(number.seq))
    return complaint("a number from 1 to 2^53 - 1", describe(number.seq));
  const start = numbered ? 1 + NUMBER_BYTES : 1;
  let at = start + count;
  if (bytes.length < at) return complaint(`${count} length bytes after the ${numbered ? "number" : "kind"}`, got);
  const texts: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const end = at + (bytes[start + i] ?? 0);
    if (end > bytes.length) return complaint(`fields of ${end} bytes`, got);
    try {
      texts.push(decoder.decode(bytes.subarray(at, end)));
    } catch {
      // The decoder throws for one cause only, and its message differs between engines.
      return complaint("fields in UTF-8", `other bytes in field ${i + 1}`);
    }
    at = end;
  }
  return { texts, rest: bytes.subarray(at), number };
}

function kindWithoutNumber(kind: number | undefined): number | undefined {
  return kind !== undefined && kind >= NUMBERED && kind < 2 * NUMBERED ? kind - NUMBERED : kind;
}

// Two halves: a DataView has whole numbers of 64 bits only as bigint.
function writeNumber(bytes: Uint8Array, seq: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(1, Math.floor(seq / 2 ** 32));
  view.setUint32(5, seq >>> 0);
}

function readNumber(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return view.getUint32(1) * 2 ** 32 + view.getUint32(5);
}

function kindOf(bytes: Uint8Array): string {
  return bytes.length === 0 ? "an empty frame" : `kind ${bytes[0]}`;
}

function refuse<F>(expected: string, got: string): DecodedBinary<F> {
  return { ok: false, reason: complaint(expected, got) };
}

function complaint(expected: string, got: string): string {
  return `Cannot decode a binary frame: expected ${expected}, got ${got}`;
}
