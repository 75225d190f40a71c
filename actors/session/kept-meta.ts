import { SharedFrame } from "../../src/transport/shared-frame.js";
import type { Gap } from "../channel/overflow.js";
import type { Body } from "./outbox.js";
import type { KeptSecrets } from "./secrets.js";

/** One joined topic of a session as it is kept. */
export interface KeptChannel {
  readonly topic: string;
  readonly joinRef: string;
  /** What the client joined with. */
  readonly params: unknown;
  /** The offset of the last broadcast of the topic that has become a frame of the session's, or that is not for it. */
  readonly cursor: number;
  /** What the channel's `saveState` gave last; `undefined` if it gave nothing. */
  readonly state: unknown;
  /** Frames without a number that a stock client gets when it has joined the topic again. */
  readonly held?: readonly Body[];
  /** The gap that its client was told of, and that the channel has not made up for. */
  readonly unanswered?: Gap;
}

/** Numbers whose frames were taken back from a stock client's stream, because their topics wait for a join; a client that has not seen them is up to date. */
export interface Withdrawn {
  /** The last number before them. */
  readonly from: number;
  readonly through: number;
}

/** What is kept of a session of a stock client that can come back. */
export interface KeptStock {
  readonly withdrawn?: Withdrawn;
}

/** What is kept of a session besides its frames and its numbers. */
export interface KeptMeta {
  readonly secrets: KeptSecrets;
  readonly user: string | undefined;
  readonly assigns: Readonly<Record<string, unknown>>;
  readonly ttlMs: number;
  /** Numbers of the client that are handled while lower ones are not. */
  readonly ahead: readonly number[];
  /** Only there when the client is a stock one. */
  readonly stock?: KeptStock;
  /** Only there when the session follows others of an anonymous client: the first of them. */
  readonly origin?: string;
  /** In the order in which they were joined. */
  readonly channels: readonly KeptChannel[];
}

/** The form of the bytes. One that is higher was written by a later version, and cannot be read. */
const VERSION = 1;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Writes what is kept of a session as bytes: JSON with a version. */
export function encodeMeta({ secrets, user, assigns, ttlMs, ahead, stock, origin, channels }: KeptMeta): Uint8Array {
  const text = JSON.stringify({
    v: VERSION,
    secrets: [
      base64(secrets.current),
      secrets.previous === undefined ? null : base64(secrets.previous),
      base64(secrets.retired),
    ],
    user,
    assigns,
    ttlMs,
    ...(ahead.length === 0 ? {} : { ahead }),
    stock,
    origin,
    channels: channels.map(({ topic, joinRef, params, cursor, state, held, unanswered }) => ({
      topic,
      joinRef,
      ...(params instanceof Uint8Array ? { bytes: Buffer.from(params).toString("base64") } : { params }),
      cursor,
      state,
      ...(held === undefined ? {} : { held: held.map(writeBody) }),
      unanswered,
    })),
  });
  return encoder.encode(text);
}

/** Reads what {@link encodeMeta} wrote; `undefined` for anything else. */
export function decodeMeta(bytes: Uint8Array): KeptMeta | undefined {
  const value = parse(bytes);
  if (!isObject(value) || value["v"] !== VERSION) return undefined;
  const { user, assigns, ttlMs, ahead = [], origin, channels } = value;
  const secrets = readSecrets(value["secrets"]);
  if (secrets === undefined || !(user === undefined || typeof user === "string") || !isObject(assigns))
    return undefined;
  if (!isNumber(ttlMs) || !Array.isArray(ahead) || !ahead.every(isNumber) || !Array.isArray(channels)) return undefined;
  const read: KeptChannel[] = [];
  for (const channel of channels) {
    const known = readChannel(channel);
    if (known === undefined) return undefined;
    read.push(known);
  }
  const stock = readStock(value["stock"]);
  if (stock === "unreadable" || !(origin === undefined || typeof origin === "string")) return undefined;
  return {
    secrets,
    user,
    assigns,
    ttlMs,
    ahead,
    ...(stock === undefined ? {} : { stock }),
    ...(origin === undefined ? {} : { origin }),
    channels: read,
  };
}

/** Tells whether a value comes back from JSON as it was. What does not cannot be kept. */
export function isJson(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object") return false;
  if (Array.isArray(value)) return value.every(isJson);
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isJson);
}

function readChannel(value: unknown): KeptChannel | undefined {
  if (!isObject(value)) return undefined;
  const { topic, joinRef, params, bytes, cursor, state, held, unanswered } = value;
  if (typeof topic !== "string" || typeof joinRef !== "string" || !isNumber(cursor)) return undefined;
  const joinedWith = typeof bytes === "string" ? new Uint8Array(Buffer.from(bytes, "base64")) : params;
  if (!(unanswered === undefined || isGap(unanswered))) return undefined;
  const gap = unanswered === undefined ? {} : { unanswered };
  const channel = { topic, joinRef, params: joinedWith, cursor, state, ...gap };
  if (held === undefined) return channel;
  const bodies = readBodies(held);
  return bodies === undefined ? undefined : { ...channel, held: bodies };
}

function isGap(value: unknown): value is Gap {
  if (!isObject(value)) return false;
  const { epoch, from, to, reason } = value;
  const isKnown = reason === "overflow" || reason === "conflated" || reason === "lost";
  return typeof epoch === "string" && isNumber(from) && isNumber(to) && isKnown;
}

function writeBody(body: Body): string | { readonly bytes: string } {
  if (typeof body === "string") return body;
  return body.binary ? { bytes: Buffer.from(body.body).toString("base64") } : body.text;
}

function readBodies(value: unknown): Body[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const bodies: Body[] = [];
  for (const each of value) {
    const bytes: unknown = isObject(each) ? each["bytes"] : undefined;
    if (typeof each === "string") bodies.push(each);
    else if (typeof bytes === "string") bodies.push(SharedFrame.binary(new Uint8Array(Buffer.from(bytes, "base64"))));
    else return undefined;
  }
  return bodies;
}

function readStock(value: unknown): KeptStock | "unreadable" | undefined {
  if (value === undefined) return undefined;
  if (!isObject(value)) return "unreadable";
  const withdrawn = value["withdrawn"];
  if (withdrawn === undefined) return {};
  if (!isObject(withdrawn)) return "unreadable";
  const { from, through } = withdrawn;
  return isNumber(from) && isNumber(through) ? { withdrawn: { from, through } } : "unreadable";
}

function readSecrets(value: unknown): KeptSecrets | undefined {
  if (!Array.isArray(value)) return undefined;
  const hashes: readonly unknown[] = value;
  const [current, previous, retired] = hashes;
  if (typeof current !== "string" || typeof retired !== "string") return undefined;
  if (previous !== null && typeof previous !== "string") return undefined;
  return {
    current: latin1(current),
    previous: previous === null ? undefined : latin1(previous),
    retired: latin1(retired),
  };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    // What is no JSON was not written by this: the caller says that it is damaged.
    return undefined;
  }
}

function base64(hash: string): string {
  return Buffer.from(hash, "latin1").toString("base64");
}

function latin1(text: string): string {
  return Buffer.from(text, "base64").toString("latin1");
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
