import type { SessionState } from "../channel/channel-messages.js";

/** What clients are told of one device, tab or actor under a key: what it was tracked with, and these. */
export interface PresenceMeta {
  readonly [name: string]: unknown;
  /** Names this meta, and no other. */
  readonly phx_ref: string;
  /** The `phx_ref` of the meta that this one took the place of, where it is an update. */
  readonly phx_ref_prev?: string;
  /** `detached` while the client has been gone for some seconds and may come back. */
  readonly phx_state: SessionState;
}

/** All that is present under one key, the one that came first at the front; with what `fetch` added. */
export interface PresenceEntry {
  readonly [name: string]: unknown;
  readonly metas: readonly PresenceMeta[];
}

/** Who is present, by key. */
export type Presences = Readonly<Record<string, PresenceEntry>>;

/** Who has come and who has gone since the last one; who was updated has done both. */
export interface PresenceDiff {
  readonly joins: Presences;
  readonly leaves: Presences;
}

/** One presence, as it is kept and sent between nodes: plain data, never changed. */
export interface PresenceRecord {
  readonly topic: string;
  readonly key: string;
  readonly meta: PresenceMeta;
  /** The length of the meta as JSON. */
  readonly bytes: number;
}

const MARKS: ReadonlySet<string> = new Set(["phx_ref", "phx_ref_prev", "phx_state"]);

/** The members of a meta that are not the app's. */
export interface MetaMarks {
  readonly ref: string;
  readonly previous?: string | undefined;
  readonly state: SessionState;
}

/**
 * Makes a record of what an app has to say of a presence; a copy, which later changes do not reach.
 *
 * @throws {TypeError} for what has no JSON form
 */
export function makeRecord(topic: string, key: string, meta: object, marks: MetaMarks): PresenceRecord {
  const { ref, previous, state } = marks;
  const prev = previous === undefined ? {} : { phx_ref_prev: previous };
  const text = JSON.stringify({ ...meta, phx_state: state, phx_ref: ref, phx_ref_prev: undefined, ...prev });
  const shown = JSON.parse(text) as PresenceMeta;
  return { topic, key, meta: Object.freeze(shown), bytes: Buffer.byteLength(text) };
}

/** What the app said of a presence. */
export function appMeta({ meta }: PresenceRecord): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(meta).filter(([name]) => !MARKS.has(name)));
}
