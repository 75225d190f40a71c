import { type CarriedPublication, carriedOf, publicationOf, withFrame } from "./carried.js";
import type { MissedPart, NumberedPublication } from "./missed-inquiry.js";
import type { SentPart } from "./sent-publications.js";

/** Asks a node for what it has sent to another one, by the key of that, behind a number. */
export interface AskMissed {
  readonly kind: "ask_missed";
  readonly request: number;
  readonly node: string;
  readonly after: number;
}

/** A part of the answer. */
export interface TellMissed {
  readonly kind: "tell_missed";
  readonly request: number;
  readonly whole: boolean;
  readonly last: boolean;
  readonly entries: readonly CarriedEntry[];
}

/** The sessions of a dead node have been taken in, or given up: nobody will ask any more. */
export interface TakenIn {
  readonly kind: "taken_in";
  readonly node: string;
}

/** What nodes say to each other of the messages that a dead one had not stored. */
export type MissedMessage = AskMissed | TellMissed | TakenIn;

interface CarriedEntry {
  readonly number: number;
  readonly at: number;
  readonly carried: CarriedPublication;
}

/** So many messages, or bytes of them, go into one part of an answer. */
const PART = 200;
const PART_BYTES = 256 * 1024;

/** Writes an answer, in parts. */
export function answerOf(request: number, { entries, isWhole }: SentPart): TellMissed[] {
  const parts: CarriedEntry[][] = [[]];
  let bytes = 0;
  for (const { number, at, publication, id } of entries) {
    if ((parts.at(-1)?.length ?? 0) >= PART || bytes >= PART_BYTES) {
      parts.push([]);
      bytes = 0;
    }
    bytes += publication.bytes;
    parts.at(-1)?.push({ number, at, carried: withFrame(publication, { id }) });
  }
  return parts.map((part, index) => ({
    kind: "tell_missed",
    request,
    whole: isWhole,
    last: index === parts.length - 1,
    entries: part,
  }));
}

/** Reads a part of an answer, for topics of this name. */
export function partOf(topics: string, { whole, last, entries }: TellMissed): MissedPart {
  const read = entries.map(
    ({ number, at, carried }): NumberedPublication => ({
      number,
      at,
      publication: publicationOf(topics, carried),
      id: carried.id,
    }),
  );
  return { entries: read, isWhole: whole, isLast: last };
}

/** Reads what another node tells; `undefined` for anything else. */
export function missedMessageOf(told: unknown): MissedMessage | undefined {
  if (typeof told !== "object" || told === null || !("kind" in told)) return undefined;
  const fields: Fields = told;
  const { kind, request, node } = fields;
  if (kind === "taken_in") return typeof node === "string" ? { kind, node } : undefined;
  if (typeof request !== "number") return undefined;
  if (kind === "ask_missed") {
    const { after } = fields;
    return typeof node === "string" && typeof after === "number" ? { kind, request, node, after } : undefined;
  }
  if (kind !== "tell_missed" || !Array.isArray(fields.entries)) return undefined;
  const parts: readonly unknown[] = fields.entries;
  const entries = parts.map(entryOf);
  // One that cannot be read is one that is missing.
  const read = entries.filter((entry) => entry !== undefined);
  const whole = fields.whole === true && read.length === entries.length;
  return { kind, request, whole, last: fields.last === true, entries: read };
}

interface Fields {
  readonly kind?: unknown;
  readonly request?: unknown;
  readonly node?: unknown;
  readonly after?: unknown;
  readonly whole?: unknown;
  readonly last?: unknown;
  readonly entries?: unknown;
}

function entryOf(told: unknown): CarriedEntry | undefined {
  if (typeof told !== "object" || told === null || !("number" in told && "at" in told && "carried" in told)) {
    return undefined;
  }
  const { number, at } = told;
  const carried = carriedOf(told.carried);
  if (typeof number !== "number" || typeof at !== "number" || carried?.kind !== "publish") return undefined;
  return { number, at, carried };
}
