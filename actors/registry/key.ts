import { BadArgumentError, whatCame } from "../../src/index.js";

/** Stands for anything: in a pattern, and as the last part of the key of a resource counter. */
export const wildcard: unique symbol = Symbol("holdfast.wildcard");

/** What a key, or a part of a key, may be: plain values, compared by value. */
export type KeyPart = string | number | bigint | boolean;

/** What things are registered under: one plain value, or a list of them (`["room", 7]`), compared by value. */
export type Key = KeyPart | readonly KeyPart[];

/** The key of a resource counter: like a {@link Key}, but the last part of a list may be {@link wildcard}. */
export type CounterKey = Key | readonly [...KeyPart[], typeof wildcard];

/** A key as a `Map` can find it: lists become texts that no other key has. */
export type KeyId = KeyPart;

// Texts that begin with it are taken for lists, so those of the user that do are written as lists of one part with a tag of their own.
const MARK = "\u0001";

/** The id of a key. @throws {BadArgumentError} for what cannot be a key; a wildcard is none */
export function idOf(key: Key): KeyId {
  switch (typeof key) {
    case "string":
      return key.charCodeAt(0) === 1 ? `${MARK}t${key}` : key;
    case "number":
    case "bigint":
    case "boolean":
      return key;
    default:
      if (Array.isArray(key)) return idOfList(key);
      throw wrongKey(key);
  }
}

/** The id of the key of a resource counter. @throws {BadArgumentError} when a wildcard stands anywhere but at the end of a list */
export function counterIdOf(key: CounterKey): KeyId {
  if (isKey(key)) return idOf(key);
  if (!Array.isArray(key) || key.at(-1) !== wildcard) throw wrongKey(key);
  return wildcardIdOf(key.slice(0, -1));
}

/** The id of the wildcard counter that counts a resource; `undefined` for a resource whose key is no list. */
export function wildcardIdOfResource(key: CounterKey): KeyId | undefined {
  return Array.isArray(key) && key.length > 0 ? wildcardIdOf(key.slice(0, -1)) : undefined;
}

/** Tells whether a value may be a key. */
export function isKey(value: unknown): value is Key {
  return isPart(value) || (Array.isArray(value) && value.every(isPart));
}

function wildcardIdOf(parts: readonly unknown[]): KeyId {
  return `${idOfList(parts)}*`;
}

function idOfList(parts: readonly unknown[]): string {
  let id = `${MARK}l`;
  for (const part of parts) {
    // The length comes first, so that no text can look like two parts.
    if (typeof part === "string") id += `s${part.length}:${part}`;
    else if (isPart(part)) id += `${(typeof part)[0]}${part};`;
    else throw wrongKey(parts);
  }
  return id;
}

function isPart(value: unknown): value is KeyPart {
  return (
    typeof value === "string" || typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
  );
}

function wrongKey(key: unknown): BadArgumentError {
  return new BadArgumentError(
    `Expected a key: a string, number, bigint or boolean, or a list of these (a wildcard only at the end of the key of a resource counter); got ${whatCame(key)}`,
  );
}
