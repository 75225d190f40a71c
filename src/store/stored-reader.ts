import { setImmediate } from "node:timers/promises";
import type { DamageLog } from "./damage.js";
import type { EngineRecord, EngineSnapshot } from "./engine.js";
import {
  type FrameRecord,
  parseFrame,
  parseHead,
  parseLogState,
  parseNamed,
  parseSessionState,
  unseal,
} from "./record.js";
import { Kind, keyParts, keysBelow, numberedKey, plainKey } from "./record-key.js";
import type {
  LogEntry,
  LogSlice,
  MissingRange,
  OutboxFrame,
  SessionSummary,
  StoredRecord,
  StoredSession,
} from "./store-port.js";

/** Records read without a pause: some milliseconds even when all of them are as large as frames may be. */
const PAGE = 64;
const NUMBER_BYTES = 8;

/** Reads a session with all its frames. */
export async function readSession(
  snapshot: EngineSnapshot,
  sid: string,
  damage: DamageLog,
): Promise<StoredSession | undefined> {
  const summary = readSummary(snapshot, sid, damage);
  const metaKey = plainKey(Kind.sessionMeta, sid);
  const metaValue = snapshot.get(metaKey);
  if (summary === undefined && metaValue === undefined) return undefined;
  const meta = checked(metaKey, metaValue, damage);
  const state = readState(snapshot, sid, damage);
  if (summary === undefined || summary.corrupt || meta === undefined || state === undefined) {
    return { corrupt: true, sid };
  }
  const { gen, trimmed } = state;
  const numbers = { kind: Kind.sessionFrame, name: sid, gen };
  const chain = new Chain(numbers, trimmed, damage);
  const frames: OutboxFrame[] = [];
  let from = trimmed + 1;
  for (;;) {
    const page = numberedPage(snapshot, numbers, from, PAGE);
    for (const record of page) {
      const read = chain.next(record);
      if (read !== undefined) frames.push({ seq: read.number, topic: read.record.topic, frame: read.record.frame });
    }
    if (page.length < PAGE || chain.highest < from) break;
    from = chain.highest + 1;
    await setImmediate();
  }
  const { head, owner } = summary;
  return { corrupt: false, sid, head, meta: new Uint8Array(meta), owner, trimmed, frames, missing: chain.finish() };
}

/** Reads the small fields of a session; `undefined` if there is none. */
export function readSummary(snapshot: EngineSnapshot, sid: string, damage: DamageLog): SessionSummary | undefined {
  const headKey = plainKey(Kind.sessionHead, sid);
  const headValue = snapshot.get(headKey);
  const stateValue = snapshot.get(plainKey(Kind.sessionState, sid));
  if (headValue === undefined && stateValue === undefined) return undefined;
  const content = checked(headKey, headValue, damage);
  const head = content && parseHead(content);
  const state = readState(snapshot, sid, damage);
  if (head === undefined || state === undefined) return { corrupt: true, sid };
  return { corrupt: false, sid, head, owner: { name: state.ownerName, version: state.ownerVersion } };
}

/** Reads a part of a log. */
export async function readLog(
  snapshot: EngineSnapshot,
  topic: string,
  range: { readonly from: number; readonly limit: number },
  damage: DamageLog,
): Promise<LogSlice | undefined> {
  const key = plainKey(Kind.logState, topic);
  const content = checked(key, snapshot.get(key), damage);
  const state = content && parseLogState(content);
  if (state === undefined) return undefined;
  const { gen, trimmed, epoch } = state;
  const numbers = { kind: Kind.logEntry, name: topic, gen };
  let from = Math.max(range.from, trimmed + 1);
  const chain = new Chain(numbers, from - 1, damage);
  const entries: LogEntry[] = [];
  let left = range.limit;
  while (left > 0) {
    const size = Math.min(PAGE, left);
    const page = numberedPage(snapshot, numbers, from, size);
    for (const record of page) {
      const read = chain.next(record);
      if (read !== undefined) entries.push({ offset: read.number, frame: read.record.frame, at: read.record.at });
    }
    left -= page.length;
    if (page.length < size || chain.highest < from) break;
    from = chain.highest + 1;
    if (left > 0) await setImmediate();
  }
  const newest = snapshot.last(...rangeOf(numbers, 0));
  const last = Math.max(trimmed, (newest && keyParts(newest)?.number) ?? 0);
  const next = left === 0 ? from : last + 1;
  return { topic, epoch, trimmed, last, entries, next, missing: chain.finish() };
}

/** Reads a page of the named records, after a key if given: those whose names have a prefix, and the key to go on after, if there may be more. */
export function readRecords(
  snapshot: EngineSnapshot,
  prefix: string,
  after: Uint8Array | undefined,
  damage: DamageLog,
): { readonly records: readonly StoredRecord[]; readonly last: Uint8Array | undefined } {
  // The key right after it.
  const start = after === undefined ? Buffer.from([Kind.named]) : Buffer.concat([after, Buffer.from([0])]);
  const page = snapshot.page(start, Buffer.from([Kind.named + 1]), PAGE);
  const records: StoredRecord[] = [];
  for (const { key, value } of page) {
    const content = checked(key, value, damage);
    const named = content && parseNamed(content);
    if (named?.name.startsWith(prefix) === true) records.push({ key: named.name, value: named.value });
  }
  const last = page.at(-1)?.key;
  return { records, last: page.length < PAGE || last === undefined ? undefined : Buffer.from(last) };
}

/**
 * Tells what is missing among numbered records. Each names the one before it, so a number that was left out is told from one that was lost.
 */
class Chain {
  readonly #damage: DamageLog;
  readonly #missing: MissingRange[] = [];
  /** What all keys of these numbers begin with. */
  readonly #prefix: Buffer;
  /** Up to here all that was stored has been seen, or is counted as missing. */
  #seen: number;
  /** The highest number met, readable or not. */
  highest: number;

  constructor({ kind, name, gen }: Numbers, seen: number, damage: DamageLog) {
    const key = numberedKey(kind, name, gen, 0);
    this.#prefix = key.subarray(0, key.length - NUMBER_BYTES);
    this.#seen = seen;
    this.highest = seen;
    this.#damage = damage;
  }

  next({ key, value }: EngineRecord): { readonly number: number; readonly record: FrameRecord } | undefined {
    const number = keyParts(key)?.number ?? 0;
    // A file that was damaged since it was opened may lead to another name's records.
    if (number <= this.highest || Buffer.compare(this.#prefix, key.subarray(0, key.length - NUMBER_BYTES)) !== 0) {
      this.#damage.record(key, "is out of place");
      return undefined;
    }
    this.highest = number;
    const content = checked(key, value, this.#damage);
    const record = content && parseFrame(content);
    if (record === undefined) return undefined;
    if (record.before > this.#seen) this.#missing.push({ from: this.#seen + 1, to: number - 1 });
    this.#seen = number;
    return { number, record };
  }

  finish(): MissingRange[] {
    if (this.highest > this.#seen) this.#missing.push({ from: this.#seen + 1, to: this.highest });
    return this.#missing;
  }
}

/** The numbered records of one life of a name. */
interface Numbers {
  readonly kind: number;
  readonly name: string;
  readonly gen: number;
}

function numberedPage(snapshot: EngineSnapshot, numbers: Numbers, from: number, limit: number): EngineRecord[] {
  return snapshot.page(...rangeOf(numbers, from), limit);
}

function rangeOf({ kind, name, gen }: Numbers, from: number): [Uint8Array, Uint8Array] {
  return [numberedKey(kind, name, gen, from), keysBelow(plainKey(kind, name), gen + 1).end];
}

function readState(snapshot: EngineSnapshot, sid: string, damage: DamageLog): ReturnType<typeof parseSessionState> {
  const key = plainKey(Kind.sessionState, sid);
  const content = checked(key, snapshot.get(key), damage);
  return content && parseSessionState(content);
}

function checked(key: Uint8Array, value: Uint8Array | undefined, damage: DamageLog): Buffer | undefined {
  if (value === undefined) return undefined;
  const content = unseal(key, value);
  if (content === undefined) damage.record(key, "does not fit its checksum");
  return content;
}
