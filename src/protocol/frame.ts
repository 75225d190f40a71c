import { describe } from "./describe.js";
import { isCount, isSeq } from "./sequence.js";

/**
 * One message of the wire, in either direction: Phoenix's five elements and the two of the session level.
 *
 * `seq` numbers the frames of one direction of a session from 1; `ack` is the highest number of the other direction that
 * was handled with everything below it. Both are `undefined` on frames of a stock Phoenix client and on the topic `phoenix`.
 */
export interface Frame {
  readonly joinRef: string | null;
  readonly ref: string | null;
  readonly topic: string;
  readonly event: string;
  /** JSON data as it came. It may hold any key, `__proto__` included: read it, never merge it into another object. */
  readonly payload: unknown;
  readonly seq: number | undefined;
  readonly ack: number | undefined;
}

/** What decoding a frame gives: the frame, or a reason that says what was expected and what came. */
export type DecodedFrame =
  | { readonly ok: true; readonly frame: Frame }
  | { readonly ok: false; readonly reason: string };

/** Thrown when an app's payload has no JSON form (`undefined`, a function, a cycle, a bigint). */
export class PayloadError extends Error {
  /** Always `unencodable_payload`. */
  readonly code = "unencodable_payload";
  override readonly name = "PayloadError";
}

const SHAPE = "[join_ref, ref, topic, event, payload]";

/**
 * Reads a text frame: a JSON array `[join_ref, ref, topic, event, payload, seq?, ack?]`.
 *
 * Never throws, whatever the text. `seq` and `ack` may be absent or `null`; elements after the seventh are ignored, so that
 * later versions may add some. The payload may be any JSON here: what it must be is the business of its event.
 */
export function decodeTextFrame(text: string): DecodedFrame {
  let parts: unknown;
  try {
    parts = JSON.parse(text);
  } catch {
    // The engine's own message repeats the input and differs between engines; the text's beginning says as much.
    return refuse(`the JSON array ${SHAPE}`, `text that is not JSON: ${describe(text)}`);
  }
  if (!Array.isArray(parts)) return refuse(`the JSON array ${SHAPE}`, describe(parts));
  if (parts.length < 5) return refuse(`at least 5 elements ${SHAPE}`, describe(parts));
  const elements: readonly unknown[] = parts;
  const joinRef = elements[0];
  const ref = elements[1];
  const topic = elements[2];
  const event = elements[3];
  const seq = elements[5] ?? undefined;
  const ack = elements[6] ?? undefined;
  if (joinRef !== null && typeof joinRef !== "string") return refuse("join_ref as a string or null", describe(joinRef));
  if (ref !== null && typeof ref !== "string") return refuse("ref as a string or null", describe(ref));
  if (typeof topic !== "string") return refuse("topic as a string", describe(topic));
  if (typeof event !== "string") return refuse("event as a string", describe(event));
  if (seq !== undefined && !isSeq(seq)) return refuse("seq as an integer from 1 to 2^53 - 1, or null", describe(seq));
  if (ack !== undefined && !isCount(ack)) return refuse("ack as an integer from 0 to 2^53 - 1, or null", describe(ack));
  return { ok: true, frame: { joinRef, ref, topic, event, payload: elements[4], seq, ack } };
}

/**
 * Writes a whole text frame.
 *
 * @throws {PayloadError} if the payload has no JSON form
 */
export function encodeTextFrame(frame: Frame): string {
  return sealBody(encodeBody(frame.joinRef, frame.ref, frame.topic, frame.event, frame.payload), frame.seq, frame.ack);
}

/**
 * Writes a text frame up to its numbers: the array's text without the closing bracket.
 *
 * A broadcast is encoded once with this and sealed per session with {@link sealBody}, which adds only the session's numbers.
 *
 * @throws {PayloadError} if the payload has no JSON form
 */
export function encodeBody(
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: unknown,
): string {
  return encodeBodyAround(joinRef, ref, topic, event, encodePayload(payload));
}

/** Writes a text frame up to its numbers around a payload that is JSON text already, as {@link encodePayload} made it. */
export function encodeBodyAround(
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payloadText: string,
): string {
  return `[${quote(joinRef)},${quote(ref)},${JSON.stringify(topic)},${JSON.stringify(event)},${payloadText}`;
}

/**
 * Writes a payload as JSON text.
 *
 * @throws {PayloadError} if it has no JSON form
 */
export function encodePayload(payload: unknown): string {
  let text: string | undefined;
  try {
    // The declared type leaves it out, yet undefined and functions give undefined.
    text = JSON.stringify(payload);
  } catch (cause) {
    throw new PayloadError(`Cannot encode a payload: expected a JSON value, got one that JSON.stringify refuses`, {
      cause,
    });
  }
  if (text === undefined) {
    throw new PayloadError(
      `Cannot encode a payload: expected a JSON value, got ${describe(payload)}; send {} for none`,
    );
  }
  return text;
}

/**
 * Closes a body into a whole frame: `]`, `,seq]` or `,seq,ack]`.
 *
 * An `ack` without a `seq` leaves `null` in the sixth place.
 */
export function sealBody(body: string, seq?: number, ack?: number): string {
  if (ack !== undefined) return `${body},${seq ?? null},${ack}]`;
  return seq === undefined ? `${body}]` : `${body},${seq}]`;
}

/** The most bytes that {@link sealBody} adds to a body: two numbers of 16 digits, two commas and the bracket. */
export const SEAL_BYTES = 35;

function quote(ref: string | null): string {
  return ref === null ? "null" : JSON.stringify(ref);
}

function refuse(expected: string, got: string): DecodedFrame {
  return { ok: false, reason: `Cannot decode a text frame: expected ${expected}, got ${got}` };
}
