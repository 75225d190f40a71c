import { describe } from "./describe.js";
import { DEEPEST_NESTING, nestsTooDeep } from "./nesting.js";
import { isCount, isSeq } from "./sequence.js";

/**
 * One message of the wire, in either direction: Phoenix's five elements and the three of the session level.
 *
 * `seq` numbers the frames of one direction of a session from 1; `ack` is the highest number of the other direction that
 * was handled with everything below it. Both are `undefined` on frames of a stock Phoenix client and on the topic `phoenix`.
 * `id` marks a push that may be sent again in another session: whoever has handled this id does not handle it again.
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
  /** Absent on all but idempotent pushes; 1 to 64 characters. */
  readonly id?: string;
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

/** The most characters of the id of an idempotent push. */
export const LONGEST_PUSH_ID = 64;

/** Tells whether an unknown value is the id of an idempotent push: a string of 1 to 64 characters. */
export function isPushId(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= LONGEST_PUSH_ID;
}

const SHAPE = "[join_ref, ref, topic, event, payload]";

/**
 * Reads a text frame: a JSON array `[join_ref, ref, topic, event, payload, seq?, ack?, id?]`.
 *
 * Never throws, whatever the text. `seq`, `ack` and `id` may be absent or `null`; elements after the eighth are ignored, so that
 * later versions may add some. The payload may be any JSON here: what it must be is the business of its event.
 */
export function decodeTextFrame(text: string): DecodedFrame {
  if (nestsTooDeep(text)) return refuse(`arrays and objects at most ${DEEPEST_NESTING} deep`, "deeper ones");
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
  const id = elements[7] ?? undefined;
  if (joinRef !== null && typeof joinRef !== "string") return refuse("join_ref as a string or null", describe(joinRef));
  if (ref !== null && typeof ref !== "string") return refuse("ref as a string or null", describe(ref));
  if (typeof topic !== "string") return refuse("topic as a string", describe(topic));
  if (typeof event !== "string") return refuse("event as a string", describe(event));
  if (seq !== undefined && !isSeq(seq)) return refuse("seq as an integer from 1 to 2^53 - 1, or null", describe(seq));
  if (ack !== undefined && !isCount(ack)) return refuse("ack as an integer from 0 to 2^53 - 1, or null", describe(ack));
  const frame = { joinRef, ref, topic, event, payload: elements[4], seq, ack };
  if (id === undefined) return { ok: true, frame };
  if (!isPushId(id)) return refuse(`id as a string of 1 to ${LONGEST_PUSH_ID} characters, or null`, describe(id));
  return { ok: true, frame: { ...frame, id } };
}

/**
 * Writes a whole text frame.
 *
 * @throws {PayloadError} if the payload has no JSON form
 */
export function encodeTextFrame(frame: Frame): string {
  return sealBody(
    encodeBody(frame.joinRef, frame.ref, frame.topic, frame.event, frame.payload),
    frame.seq,
    frame.ack,
    frame.id,
  );
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
 * Closes a body into a whole frame: `]`, `,seq]`, `,seq,ack]` or `,seq,ack,id]`.
 *
 * What is absent before something that is there leaves `null` in its place.
 */
export function sealBody(body: string, seq?: number, ack?: number, id?: string): string {
  if (id !== undefined) return `${body},${seq ?? null},${ack ?? null},${JSON.stringify(id)}]`;
  if (ack !== undefined) return `${body},${seq ?? null},${ack}]`;
  return seq === undefined ? `${body}]` : `${body},${seq}]`;
}

/** The most bytes that {@link sealBody} adds to a body without an id: two numbers of 16 digits, two commas and the bracket. */
export const SEAL_BYTES = 35;

function quote(ref: string | null): string {
  return ref === null ? "null" : JSON.stringify(ref);
}

function refuse(expected: string, got: string): DecodedFrame {
  return { ok: false, reason: `Cannot decode a text frame: expected ${expected}, got ${got}` };
}
