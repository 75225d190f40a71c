import type { Frame } from "../protocol/frame.js";
import type { Sending } from "./push.js";

/** A payload as it is kept until it is written: JSON text, or bytes. */
export type Encoded = string | Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder(undefined, { ignoreBOM: true });
const NUMBERED = 16;
const NUMBER_BYTES = 8;

/** Counts the bytes of a frame or a text on the wire. */
export function byteLength(data: Encoded): number {
  return typeof data === "string" ? encoder.encode(data).length : data.length;
}

/** Writes a push under its number: one of bytes as a binary frame, which has no room for an acknowledgement. */
export function encodePush(
  { ref, target, event, data, id }: Sending,
  joinRef: string | null,
  seq: number,
  ack: number,
): Encoded {
  const head = [joinRef, ref, target.topic, event];
  const tail = id ? [id] : [];
  if (typeof data === "string") {
    return `${JSON.stringify(head).slice(0, -1)},${data},${JSON.stringify([seq, ack, ...tail]).slice(1)}`;
  }
  const fields = [...head, ...tail].map((text) => encoder.encode(text ?? ""));
  const lengths = fields.map((field) => field.length);
  // The kind, room for the number, and all the rest. A frame is small enough to be put together from single bytes.
  const start = [id ? NUMBERED + 3 : NUMBERED, 0, 0, 0, 0, 0, 0, 0, 0];
  const bytes = new Uint8Array([start, lengths, ...fields, data].flatMap((part) => [...part]));
  new DataView(bytes.buffer).setBigUint64(1, BigInt(seq));
  return bytes;
}

/** Reads JSON; `undefined` for what is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What was no JSON is of no use, and the caller says so.
    return undefined;
  }
}

type Parts = readonly [string | null, string | null, string, string, unknown, (number | null)?, (number | null)?];

/** One look at what must not be anything else: topic and event, and two numbers that may be missing. The refs are only compared. */
function isFrame(parts: unknown): parts is Parts {
  if (!Array.isArray(parts)) return false;
  const elements: readonly unknown[] = parts;
  const [, , topic, event, , seq, ack] = elements;
  return [topic, event, seq ?? 0, ack ?? 0].map((part) => typeof part).join() === "string,string,number,number";
}

/** Reads a frame of the server, text or binary; `undefined` for anything else. A binary reply has its bytes as the response. */
export function readFrame(data: Encoded): Frame | undefined {
  const parts = typeof data === "string" ? parseJson(data) : readBinary(data);
  if (!isFrame(parts)) return undefined;
  const [joinRef, ref, topic, event, payload, seq, ack] = parts;
  return { joinRef, ref, topic, event, payload, seq: seq ?? undefined, ack: ack ?? undefined };
}

/** Gives the elements of a binary frame as a text frame has them, whatever they are. */
function readBinary(bytes: Uint8Array<ArrayBuffer>): unknown {
  const [kind = 0] = bytes;
  let at = kind < NUMBERED ? 1 : 1 + NUMBER_BYTES;
  // A push has no ref, a broadcast no join_ref either; a reply has its status where the others have their event.
  const isReply = kind % NUMBERED === 1;
  const lengths = bytes.subarray(at, (at += [3, 4, 2][kind % NUMBERED] ?? 0));
  const texts = Array.from(lengths, (length) => decoder.decode(bytes.subarray(at, (at += length))));
  const event = texts.pop();
  const topic = texts.pop();
  const payload = bytes.subarray(at);
  return (
    at <= bytes.length && [
      texts[0] || null,
      texts[1] || null,
      topic,
      isReply ? "phx_reply" : event,
      isReply ? { status: event, response: payload } : payload,
      kind < NUMBERED ? null : Number(new DataView(bytes.buffer).getBigUint64(1)),
    ]
  );
}
