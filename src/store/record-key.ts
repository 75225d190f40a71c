import { createHash } from "node:crypto";

/**
 * What a record of the file is. The value is its key's first byte, so that records of a kind lie together, states before what depends on them.
 *
 * Never give a number a new meaning: files outlive programs.
 */
export const Kind = {
  format: 0x01,
  sessionHead: 0x10,
  sessionMeta: 0x11,
  sessionState: 0x12,
  sessionFrame: 0x13,
  logState: 0x20,
  logEntry: 0x21,
  named: 0x30,
} as const;

/** The parts of a key. `gen` and `number` are 0 where the kind has none. */
export interface KeyParts {
  readonly kind: number;
  /** The name, or `undefined` if the key holds only its digest. */
  readonly name: string | undefined;
  readonly gen: number;
  readonly number: number;
}

const MAX_NAME_BYTES = 400;
const DIGEST_BYTES = 32;
/** Stands in for the length of a name of which the key holds the digest. */
const DIGEST_MARK = 0xffff;
const NAME_AT = 3;
const NUMBERED_BYTES = 12;
const WORD = 2 ** 32;
const SURROGATES = /[\ud800-\udfff]/;

/** The key of the one record that says in which format the others are. */
export const formatKey: Buffer = Buffer.from([Kind.format]);

/** The least and the first too great key of a store. */
export const allKeys: { readonly start: Buffer; readonly end: Buffer } = {
  start: Buffer.from([0x01]),
  end: Buffer.from([0xff]),
};

/** The key of a record that is alone under its name. */
export function plainKey(kind: number, name: string): Buffer {
  return named(kind, name, 0);
}

/** The key of a numbered record: they sort by life (`gen`), then by number. */
export function numberedKey(kind: number, name: string, gen: number, number: number): Buffer {
  const key = named(kind, name, NUMBERED_BYTES);
  const at = key.length - NUMBERED_BYTES;
  key.writeUInt32BE(gen, at);
  key.writeUInt32BE(Math.floor(number / WORD), at + 4);
  key.writeUInt32BE(number % WORD, at + 8);
  return key;
}

/** The parts of a key, or `undefined` if it is none of ours. */
export function keyParts(key: Uint8Array): KeyParts | undefined {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  const kind = bytes[0];
  if (kind === Kind.format && bytes.length === 1) return { kind, name: "", gen: 0, number: 0 };
  if (kind === undefined || bytes.length < NAME_AT) return undefined;
  const length = bytes.readUInt16BE(1);
  const nameEnd = NAME_AT + (length === DIGEST_MARK ? DIGEST_BYTES : length);
  const rest = bytes.length - nameEnd;
  if (rest !== (kind === Kind.sessionFrame || kind === Kind.logEntry ? NUMBERED_BYTES : 0)) return undefined;
  const name = length === DIGEST_MARK ? undefined : bytes.toString("utf8", NAME_AT, nameEnd);
  if (rest === 0) return { kind, name, gen: 0, number: 0 };
  const number = bytes.readUInt32BE(nameEnd + 4) * WORD + bytes.readUInt32BE(nameEnd + 8);
  return { kind, name, gen: bytes.readUInt32BE(nameEnd), number };
}

/** The key without life and number: the same for all numbered records of a name. */
export function prefixOf(key: Uint8Array): Buffer {
  return Buffer.from(key.subarray(0, key.length - NUMBERED_BYTES));
}

/** The keys of a name's numbered records that are below a life, or below a number of that life. */
export function keysBelow(
  prefix: Uint8Array,
  gen: number,
  number = 0,
): { readonly start: Buffer; readonly end: Buffer } {
  const end = Buffer.alloc(prefix.length + NUMBERED_BYTES);
  end.set(prefix);
  end.writeUInt32BE(gen, prefix.length);
  end.writeUInt32BE(Math.floor(number / WORD), prefix.length + 4);
  end.writeUInt32BE(number % WORD, prefix.length + 8);
  return { start: Buffer.from(prefix), end };
}

/** How a key is written in a report: printable, and short whatever the name. */
export function describeKey(key: Uint8Array): string {
  const parts = keyParts(key);
  if (parts === undefined) return `unknown key ${Buffer.from(key).toString("hex").slice(0, 80)}`;
  const kind = Object.entries(Kind).find(([, value]) => value === parts.kind)?.[0] ?? `kind ${parts.kind}`;
  const name = parts.name === undefined ? "(long name)" : JSON.stringify(parts.name.slice(0, 80));
  return parts.number === 0 ? `${kind} ${name}` : `${kind} ${name} ${parts.number}`;
}

function named(kind: number, name: string, more: number): Buffer {
  // Most names are plain: as many bytes as units.
  if (name.length <= MAX_NAME_BYTES && Buffer.byteLength(name, "utf8") === name.length) {
    const key = Buffer.allocUnsafe(NAME_AT + name.length + more);
    key[0] = kind;
    key[1] = name.length >> 8;
    key[2] = name.length & 0xff;
    key.write(name, NAME_AT, "latin1");
    return key;
  }
  const bytes = Buffer.from(name, "utf8");
  // Half a surrogate pair has no UTF-8 of its own, so two such names would share a key.
  const plain = bytes.length <= MAX_NAME_BYTES && !SURROGATES.test(name);
  const body = plain || isWhole(name, bytes) ? bytes : digest(name);
  const key = Buffer.allocUnsafe(NAME_AT + body.length + more);
  key[0] = kind;
  key.writeUInt16BE(body === bytes ? bytes.length : DIGEST_MARK, 1);
  key.set(body, NAME_AT);
  return key;
}

function isWhole(name: string, bytes: Buffer): boolean {
  return bytes.length <= MAX_NAME_BYTES && bytes.toString("utf8") === name;
}

function digest(name: string): Buffer {
  return createHash("sha256").update(name, "utf16le").digest();
}
