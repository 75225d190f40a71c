import { describe } from "./describe.js";

/** A client's push of bytes, with what a text frame has before its payload. */
export interface BinaryPush {
  readonly joinRef: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  readonly payload: Uint8Array;
}

/** A binary frame from a server: a push (it has no ref), a reply to a push, or a broadcast (it has no join_ref either). */
export type BinaryFromServer =
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
const LONGEST_FIELD = 255;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads a binary frame of a client: `00 |join_ref|ref|topic|event| join_ref ref topic event payload`.
 *
 * Never throws. An empty `join_ref` or `ref` is `null`; the text `null`, which phoenix.js writes for it, stays the text. The
 * payload is a view of `bytes`, not a copy.
 */
export function decodeClientBinary(bytes: Uint8Array): DecodedBinary<BinaryPush> {
  if (bytes[0] !== PUSH) return refuse("kind 0 (push) from a client", kindOf(bytes));
  const fields = readFields(bytes, 4);
  if (typeof fields === "string") return { ok: false, reason: fields };
  const [joinRef = "", ref = "", topic = "", event = ""] = fields.texts;
  return { ok: true, frame: { joinRef: joinRef || null, ref: ref || null, topic, event, payload: fields.rest } };
}

/**
 * Reads a binary frame of a server: a push `00`, a reply `01` or a broadcast `02`.
 *
 * Never throws. The payload is a view of `bytes`, not a copy.
 */
export function decodeServerBinary(bytes: Uint8Array): DecodedBinary<BinaryFromServer> {
  const kind = bytes[0];
  if (kind !== PUSH && kind !== REPLY && kind !== BROADCAST) {
    return refuse("kind 0 (push), 1 (reply) or 2 (broadcast) from a server", kindOf(bytes));
  }
  const fields = readFields(bytes, kind === PUSH ? 3 : kind === REPLY ? 4 : 2);
  if (typeof fields === "string") return { ok: false, reason: fields };
  const payload = fields.rest;
  if (kind === PUSH) {
    const [joinRef = "", topic = "", event = ""] = fields.texts;
    return { ok: true, frame: { kind: "push", joinRef: joinRef || null, topic, event, payload } };
  }
  if (kind === REPLY) {
    const [joinRef = "", ref = "", topic = "", status = ""] = fields.texts;
    return { ok: true, frame: { kind: "reply", joinRef: joinRef || null, ref: ref || null, topic, status, payload } };
  }
  const [topic = "", event = ""] = fields.texts;
  return { ok: true, frame: { kind: "broadcast", topic, event, payload } };
}

/**
 * Writes a client's push. A `null` join_ref or ref is written as a field of no bytes.
 *
 * @throws {FieldTooLongError} if a field is longer than 255 bytes
 */
export function encodeClientBinary({ joinRef, ref, topic, event, payload }: BinaryPush): Uint8Array {
  return write(PUSH, [joinRef ?? "", ref ?? "", topic, event], payload);
}

/**
 * Writes a server's push, reply or broadcast. A `null` join_ref or ref is written as a field of no bytes.
 *
 * @throws {FieldTooLongError} if a field is longer than 255 bytes
 */
export function encodeServerBinary(frame: BinaryFromServer): Uint8Array {
  switch (frame.kind) {
    case "push":
      return write(PUSH, [frame.joinRef ?? "", frame.topic, frame.event], frame.payload);
    case "reply":
      return write(REPLY, [frame.joinRef ?? "", frame.ref ?? "", frame.topic, frame.status], frame.payload);
    case "broadcast":
      return write(BROADCAST, [frame.topic, frame.event], frame.payload);
  }
}

function write(kind: number, texts: readonly string[], payload: Uint8Array): Uint8Array {
  const fields = texts.map((text) => encoder.encode(text));
  const size = fields.reduce((sum, field) => sum + 1 + field.length, 1 + payload.length);
  const bytes = new Uint8Array(size);
  bytes[0] = kind;
  let at = 1 + fields.length;
  for (const [i, field] of fields.entries()) {
    if (field.length > LONGEST_FIELD) {
      throw new FieldTooLongError(
        `Cannot encode a binary frame: expected fields of at most ${LONGEST_FIELD} bytes, got ${field.length} bytes in ${describe(texts[i])}`,
      );
    }
    bytes[1 + i] = field.length;
    bytes.set(field, at);
    at += field.length;
  }
  bytes.set(payload, at);
  return bytes;
}

function readFields(bytes: Uint8Array, count: number): { texts: string[]; rest: Uint8Array } | string {
  let at = 1 + count;
  if (bytes.length < at) return complaint(`${count} length bytes after the kind`, `a frame of ${bytes.length} bytes`);
  const texts: string[] = [];
  for (let i = 1; i <= count; i += 1) {
    const end = at + (bytes[i] ?? 0);
    if (end > bytes.length) return complaint(`fields of ${end} bytes`, `a frame of ${bytes.length} bytes`);
    try {
      texts.push(decoder.decode(bytes.subarray(at, end)));
    } catch {
      // The decoder throws for one cause only, and its message differs between engines.
      return complaint("fields in UTF-8", `other bytes in field ${i}`);
    }
    at = end;
  }
  return { texts, rest: bytes.subarray(at) };
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
