import type { StoredRecord } from "../../src/store/store-port.js";
import { SharedFrame } from "../../src/transport/shared-frame.js";
import type { Body } from "./outbox.js";

/** The outcome of an idempotent push as it is kept. */
export interface KeptPush {
  /** Whose it is; see {@link PushOwners}. */
  readonly owner: string;
  /** The client's id for it, with topic and event. */
  readonly key: string;
  /** When it came, in milliseconds of wall time. */
  readonly at: number;
  /** The reply as it was sent the first time; `undefined` when the channel gave none. */
  readonly reply: Body | undefined;
}

/** What the names of the records of pushes begin with. */
export const PUSH_PREFIX = "push:";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The name of the record of a push. */
export function pushRecordKey(owner: string, key: string): string {
  return PUSH_PREFIX + JSON.stringify([owner, key]);
}

/** Writes the outcome of a push as bytes. */
export function encodePush({ owner, key, at, reply }: KeptPush): Uint8Array {
  const known = { v: 1, owner, key, at };
  if (reply === undefined) return encoder.encode(JSON.stringify(known));
  if (typeof reply === "string") return encoder.encode(JSON.stringify({ ...known, text: reply }));
  const form = reply.binary ? { bytes: Buffer.from(reply.body).toString("base64") } : { text: reply.text };
  return encoder.encode(JSON.stringify({ ...known, ...form }));
}

/** Reads what {@link encodePush} wrote; `undefined` for anything else. */
export function decodePush({ value }: Pick<StoredRecord, "value">): KeptPush | undefined {
  const known = parse(value);
  if (typeof known !== "object" || known === null) return undefined;
  const { v, owner, key, at, text, bytes }: Partial<Record<string, unknown>> = { ...known };
  if (v !== 1 || typeof owner !== "string" || typeof key !== "string" || typeof at !== "number") return undefined;
  if (typeof text === "string") return { owner, key, at, reply: text };
  if (typeof bytes !== "string") return { owner, key, at, reply: undefined };
  return { owner, key, at, reply: SharedFrame.binary(new Uint8Array(Buffer.from(bytes, "base64"))) };
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    // What is no JSON was not written by this: the caller drops it.
    return undefined;
  }
}
