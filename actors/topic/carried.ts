import { SharedFrame } from "../../src/transport/shared-frame.js";
import { Publication } from "./publication.js";
import type { RetainedStamp } from "./retained-stamps.js";

/** A message of a topic as it crosses between nodes: with its payload as a value, or with no more than the frame that clients get. */
export interface CarriedPublication {
  /** `publish`: for whoever listens. `retained`: what was retained before, for a node that may not know it. */
  readonly kind: "publish" | "retained";
  readonly topic: string;
  readonly event: string;
  readonly payload?: unknown;
  /** The frame, as text that is encoded. */
  readonly frame?: Uint8Array;
  readonly key?: string;
  /** See `Topic.broadcast`. */
  readonly id?: string;
  /** It is retained, with this stamp. */
  readonly stamp?: RetainedStamp;
  /** Its number among all that its node has published. */
  readonly number?: number;
}

/** What goes with a message besides what is in it. */
export interface CarriedMarks {
  readonly id?: string | undefined;
  readonly stamp?: RetainedStamp | undefined;
  readonly number?: number | undefined;
}

/** What topics say to their like on other nodes, besides in what they are interested. */
export type CarriedMessage =
  | CarriedPublication
  | { readonly kind: "cleared"; readonly topic: string; readonly stamp: RetainedStamp };

/** Writes a message with its payload as a value. */
export function withValue(
  kind: CarriedPublication["kind"],
  publication: Publication,
  marks: CarriedMarks,
): CarriedPublication {
  const { topic, event, payload } = publication;
  return { kind, topic, event, payload, ...marksOf(publication, marks) };
}

/** Writes a message that only clients want: the frame as it is, or bytes as a value. */
export function withFrame(publication: Publication, marks: CarriedMarks): CarriedPublication {
  const { topic, event, frame } = publication;
  if (frame.binary) return withValue("publish", publication, marks);
  const { buffer, byteOffset, byteLength } = frame.body;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  return { kind: "publish", topic, event, frame: bytes, ...marksOf(publication, marks) };
}

/** Reads a message of topics of another node; `undefined` for anything else. */
export function carriedOf(told: unknown): CarriedMessage | undefined {
  if (typeof told !== "object" || told === null || !("kind" in told && "topic" in told)) return undefined;
  const { kind, topic } = told;
  if (typeof topic !== "string") return undefined;
  const stamp = "stamp" in told ? stampOf(told.stamp) : undefined;
  if (kind === "cleared") return stamp === undefined ? undefined : { kind, topic, stamp };
  if ((kind !== "publish" && kind !== "retained") || !("event" in told) || typeof told.event !== "string")
    return undefined;
  const { event } = told;
  const marks = {
    ...("key" in told && typeof told.key === "string" ? { key: told.key } : {}),
    ...("id" in told && typeof told.id === "string" ? { id: told.id } : {}),
    ...(stamp === undefined ? {} : { stamp }),
    ...("number" in told && typeof told.number === "number" ? { number: told.number } : {}),
  };
  if ("frame" in told && told.frame instanceof Uint8Array) return { kind, topic, event, frame: told.frame, ...marks };
  return "payload" in told ? { kind, topic, event, payload: told.payload, ...marks } : undefined;
}

/** Makes the message again on the node to which it was carried. */
export function publicationOf(topics: string, { topic, event, payload, frame, key }: CarriedPublication): Publication {
  const encoded = frame === undefined ? undefined : SharedFrame.encoded(frame);
  return new Publication({ topics, topic, event, payload, key }, encoded);
}

function marksOf(
  { key }: Publication,
  { id, stamp, number }: CarriedMarks,
): Pick<CarriedPublication, "key" | "id" | "stamp" | "number"> {
  return {
    ...(key === undefined ? {} : { key }),
    ...(id === undefined ? {} : { id }),
    ...(stamp === undefined ? {} : { stamp }),
    ...(number === undefined ? {} : { number }),
  };
}

function stampOf(told: unknown): RetainedStamp | undefined {
  if (typeof told !== "object" || told === null || !("time" in told && "node" in told)) return undefined;
  const { time, node } = told;
  return Number.isSafeInteger(time) && typeof time === "number" && typeof node === "string"
    ? { time, node }
    : undefined;
}
