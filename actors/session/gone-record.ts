import type { StoreChange, StoredRecord } from "../../src/store/store-port.js";

/** What the names of the records of sessions begin with that were found corrupt. */
export const GONE_PREFIX = "gone:";

/** A session that cannot be had any more, though its client may still ask for it. */
export interface GoneSession {
  readonly sid: string;
  /** Until when somebody may ask, in milliseconds of wall time. */
  readonly until: number;
}

/** The change that keeps the news that a session was corrupt, for a later life of the server. */
export function putGone({ sid, until }: GoneSession): StoreChange {
  const value = new TextEncoder().encode(JSON.stringify({ v: 1, until }));
  return { type: "put_record", key: GONE_PREFIX + sid, value };
}

/** Reads what {@link putGone} wrote; `undefined` for anything else. */
export function readGone({ key, value }: StoredRecord): GoneSession | undefined {
  if (!key.startsWith(GONE_PREFIX)) return undefined;
  const [, until] = /^\{"v":1,"until":(\d{1,16})\}$/.exec(new TextDecoder().decode(value)) ?? [];
  return until === undefined ? undefined : { sid: key.slice(GONE_PREFIX.length), until: Number(until) };
}
