import { decodeServerBinary, encodeServerBinary } from "../../src/protocol/binary-frame.js";
import { decodeTextFrame, encodeBody, encodeBodyAround, encodePayload, sealBody } from "../../src/protocol/frame.js";
import { encodeReplyAround, isAscii } from "../../src/protocol/plain-frame.js";
import { SharedFrame } from "../../src/transport/shared-frame.js";
import type { Answer } from "../channel/answer.js";
import type { Body } from "./outbox.js";

/** A frame of a channel's own, with its bytes: counted when it is written, where it costs least. */
export interface OwnFrame {
  readonly body: Body;
  readonly bytes: number;
}

/**
 * Encodes an event of a channel's own: bytes as a binary frame, anything else as text.
 *
 * @throws {PayloadError} when the payload has no JSON form
 * @throws {FieldTooLongError} when a field before bytes is longer than 255 bytes
 */
export function encodePush(joinRef: string, topic: string, event: string, payload: unknown): OwnFrame {
  if (!(payload instanceof Uint8Array)) return sized(encodeBody(joinRef, null, topic, event, payload));
  return binary(encodeServerBinary({ kind: "push", joinRef, topic, event, payload }));
}

/** Encodes a reply; bytes as its response make it a binary frame. Throws as {@link encodePush} does. */
export function encodeReply(joinRef: string | null, ref: string | null, topic: string, answer: Answer): OwnFrame {
  const { status, response } = answer;
  if (response instanceof Uint8Array) {
    return binary(encodeServerBinary({ kind: "reply", joinRef, ref, topic, status, payload: response }));
  }
  const json = encodePayload(response);
  const body = encodeReplyAround(joinRef, ref, topic, status, json);
  // Counting the whole would put its parts together just for that.
  const isCounted = isAscii(joinRef) && isAscii(ref) && isAscii(topic) && isAscii(status);
  return isCounted ? { body, bytes: body.length - json.length + Buffer.byteLength(json) } : sized(body);
}

/** The bytes of a frame without its numbers. */
export function bodyBytes(body: Body): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.body.length;
}

/** The topic of a frame; `undefined` for one that has none. */
export function topicOf(body: Body): string | undefined {
  if (typeof body !== "string" && body.binary) {
    const decoded = decodeServerBinary(body.body);
    return decoded.ok ? decoded.frame.topic : undefined;
  }
  const decoded = decodeTextFrame(sealBody(typeof body === "string" ? body : body.text));
  return decoded.ok ? decoded.frame.topic : undefined;
}

/** The same frame for a channel that was joined again under another `join_ref`. What is for everybody has none and stays. */
export function withJoinRef(body: Body, joinRef: string): Body {
  if (typeof body !== "string") return body.binary ? binaryWithJoinRef(body, joinRef) : body;
  if (body.startsWith(`[${JSON.stringify(joinRef)},`)) return body;
  const decoded = decodeTextFrame(sealBody(body));
  if (!decoded.ok || decoded.frame.joinRef === null) return body;
  const before = 1 + JSON.stringify(decoded.frame.joinRef).length;
  return `[${JSON.stringify(joinRef)}${body.slice(before)}`;
}

/** The reply to an idempotent push as the answer to the same push that came again, under its own refs. */
export function withRefs(reply: Body, joinRef: string, ref: string | null): Body {
  if (typeof reply !== "string") {
    const decoded = decodeServerBinary(reply.body);
    if (!decoded.ok || decoded.frame.kind !== "reply") return reply;
    return SharedFrame.binary(encodeServerBinary({ ...decoded.frame, joinRef, ref }));
  }
  const decoded = decodeTextFrame(sealBody(reply));
  if (!decoded.ok) return reply;
  const { topic, event, joinRef: oldJoinRef, ref: oldRef } = decoded.frame;
  const before = encodeBodyAround(oldJoinRef, oldRef, topic, event, "").length;
  return encodeBodyAround(joinRef, ref, topic, event, reply.slice(before));
}

function binary(bytes: Uint8Array): OwnFrame {
  return { body: SharedFrame.binary(bytes), bytes: bytes.length };
}

function sized(body: string): OwnFrame {
  return { body, bytes: Buffer.byteLength(body) };
}

function binaryWithJoinRef(body: SharedFrame, joinRef: string): Body {
  const decoded = decodeServerBinary(body.body);
  if (!decoded.ok || decoded.frame.kind === "broadcast") return body;
  return SharedFrame.binary(encodeServerBinary({ ...decoded.frame, joinRef }));
}
