import { ByteReader } from "../codec/byte-reader.js";
import { ByteWriter } from "../codec/byte-writer.js";
import { CodecError } from "../codec/codec-error.js";
import { Decoder } from "../codec/decode.js";
import { Encoder } from "../codec/encode.js";

/** Where the records of the nodes are in the shared register. */
export const NODE_PREFIX = "nodes/";

/** What the shared register holds of one node: its latest life, and how that stands. */
export interface NodeRecord {
  readonly incarnation: string;
  readonly state: "up" | "draining" | "down";
  /** How long it may go without renewing, in milliseconds. */
  readonly ttlMs: number;
  /** Who declared it down; empty while it is not. */
  readonly by: string;
  /** Why it is down. */
  readonly why: string;
}

const noRefs = {
  isRef: (): boolean => false,
  writeRef: (): void => undefined,
  readRef: (reader: ByteReader): object => {
    throw reader.bad("plain data", "a ref");
  },
};

/** Any plain data as the register keeps it. @throws {CodecError} */
export function encodePlain(value: unknown): Uint8Array {
  const writer = new ByteWriter();
  new Encoder(writer, noRefs).value(value);
  return writer.take();
}

/** What {@link encodePlain} wrote. @throws {CodecError} for other bytes */
export function decodePlain(bytes: Uint8Array): unknown {
  return new Decoder(noRefs).value(new ByteReader(bytes));
}

/** A record as the register keeps it. */
export function encodeRecord({ incarnation, state, ttlMs, by, why }: NodeRecord): Uint8Array {
  return encodePlain([incarnation, state, ttlMs, by, why]);
}

/** A record from the register; `undefined` for bytes that are none. */
export function decodeRecord(bytes: Uint8Array): NodeRecord | undefined {
  let value: unknown;
  try {
    value = decodePlain(bytes);
  } catch (thrown) {
    if (thrown instanceof CodecError) return undefined;
    throw thrown;
  }
  if (!Array.isArray(value)) return undefined;
  const [incarnation, state, ttlMs, by, why] = value as readonly unknown[];
  if (typeof incarnation !== "string" || typeof ttlMs !== "number" || !isState(state)) return undefined;
  if (typeof by !== "string" || typeof why !== "string") return undefined;
  return { incarnation, state, ttlMs, by, why };
}

function isState(value: unknown): value is NodeRecord["state"] {
  return value === "up" || value === "draining" || value === "down";
}
