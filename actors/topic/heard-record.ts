import type { StoreChange } from "../../src/store/store-port.js";

/**
 * Up to which of their messages a node has heard the others, as its store has it: all of them that were for its kept sessions are in the store's
 * logs, and none that came later.
 */
export interface HeardRecord {
  /** The key of the node whose store it is. */
  readonly node: string;
  /** By the keys of the others, the number of the latest message. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** The key of the record: an endpoint has a store of its own. */
export const HEARD_KEY = "heard";

/** Writes a record. */
export function putHeard({ node, numbers }: HeardRecord): StoreChange {
  return { type: "put_record", key: HEARD_KEY, value: Buffer.from(JSON.stringify([node, ...numbers])) };
}

/** Reads a record; `undefined` for anything else. */
export function decodeHeard(value: Uint8Array): HeardRecord | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(value).toString());
  } catch {
    // Not written by this: nothing is known then, and clients are told of a gap.
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  const fields: readonly unknown[] = parsed;
  const [node, ...rows] = fields;
  if (typeof node !== "string") return undefined;
  const numbers = new Map<string, number>();
  for (const row of rows) {
    if (!Array.isArray(row)) return undefined;
    const pair: readonly unknown[] = row;
    const [key, number] = pair;
    if (typeof key === "string" && typeof number === "number" && Number.isSafeInteger(number)) numbers.set(key, number);
  }
  return { node, numbers };
}
