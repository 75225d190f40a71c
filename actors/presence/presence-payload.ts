import type { PresenceDiff, PresenceEntry, PresenceMeta, PresenceRecord, Presences } from "./presence-record.js";

/** Data to be shown beside the metas of a key. */
export type PresenceExtras = ReadonlyMap<string, object>;

const NOTHING_FETCHED: PresenceExtras = new Map();
/** The braces, quotes and commas around a key and its metas. */
const AROUND_KEY_BYTES = 32;
const NOBODY: Presences = Object.freeze({});

/** Records in the form that clients know. */
export function showRecords(records: Iterable<PresenceRecord>, fetched: PresenceExtras = NOTHING_FETCHED): Presences {
  const metas = new Map<string, PresenceMeta[]>();
  for (const { key, meta } of records) {
    const known = metas.get(key);
    if (known === undefined) metas.set(key, [meta]);
    else known.push(meta);
  }
  // From entries: a key may be called "__proto__".
  return Object.fromEntries([...metas].map(([key, list]) => [key, entryOf(list, fetched.get(key))]));
}

/** A diff of records in the form that clients know. */
export function showDiff(
  joins: Iterable<PresenceRecord>,
  leaves: Iterable<PresenceRecord>,
  fetched?: PresenceExtras,
): PresenceDiff {
  return { joins: showRecords(joins, fetched), leaves: showRecords(leaves, fetched) };
}

/**
 * Divides records into parts of which each fits into a message: no part is larger than `mostBytes`, as JSON, unless a single meta is.
 *
 * There is always one part at least. A client puts parts together again: it takes the first as the state, and the others as joins.
 */
export function divideRecords(
  records: Iterable<PresenceRecord>,
  mostBytes: number,
  fetched: PresenceExtras = NOTHING_FETCHED,
): PresenceRecord[][] {
  const aroundBytes = new Map<string, number>();
  const part: PresenceRecord[] = [];
  const parts = [part];
  let [current, bytes] = [part, 0];
  let inPart = new Set<string>();
  for (const record of records) {
    const { key } = record;
    let around = aroundBytes.get(key);
    if (around === undefined) {
      around = AROUND_KEY_BYTES + jsonBytes(key) + (fetched.has(key) ? jsonBytes(fetched.get(key)) : 0);
      aroundBytes.set(key, around);
    }
    const added = record.bytes + 1 + (inPart.has(key) ? 0 : around);
    if (bytes + added > mostBytes && current.length > 0) {
      current = [];
      parts.push(current);
      bytes = 0;
      inPart = new Set();
      bytes += record.bytes + 1 + around;
    } else bytes += added;
    inPart.add(key);
    current.push(record);
  }
  return parts;
}

/** The messages that bring a client the whole of a topic: a state, and what did not fit into it. */
export function stateMessages(
  records: Iterable<PresenceRecord>,
  mostBytes: number,
  fetched?: PresenceExtras,
): (
  | readonly [event: "presence_state", payload: Presences]
  | readonly [event: "presence_diff", payload: PresenceDiff]
)[] {
  return divideRecords(records, mostBytes, fetched).map((part, index) =>
    index === 0
      ? (["presence_state", showRecords(part, fetched)] as const)
      : (["presence_diff", { joins: showRecords(part, fetched), leaves: NOBODY }] as const),
  );
}

/** The messages that tell of changes. */
export function diffMessages(
  joins: readonly PresenceRecord[],
  leaves: readonly PresenceRecord[],
  mostBytes: number,
  fetched?: PresenceExtras,
): PresenceDiff[] {
  const whole = divideRecords([...joins, ...leaves], mostBytes, fetched);
  // Together if they fit: joins before leaves, so that a key that is updated does not vanish in between.
  if (whole.length === 1) return [showDiff(joins, leaves, fetched)];
  const inParts = (records: readonly PresenceRecord[]): PresenceRecord[][] =>
    records.length === 0 ? [] : divideRecords(records, mostBytes, fetched);
  return [
    ...inParts(joins).map((part) => ({ joins: showRecords(part, fetched), leaves: NOBODY })),
    ...inParts(leaves).map((part) => ({ joins: NOBODY, leaves: showRecords(part, fetched) })),
  ];
}

/** The length of a value as JSON. */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? "");
}

function entryOf(metas: readonly PresenceMeta[], extra: object | undefined): PresenceEntry {
  return extra === undefined ? { metas } : { ...extra, metas };
}
