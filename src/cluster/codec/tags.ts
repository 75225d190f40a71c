/** The form in which values cross between nodes. A node reads its own version and the one before, so that two releases run side by side. */
export const CODEC_VERSION = 1;

/** The oldest version that is read. */
export const OLDEST_CODEC_VERSION = 1;

/** How deep values may be nested. Deeper ones are most often cycles, or an attack on the stack. */
export const MOST_DEPTH = 200;

/** How many bytes one envelope may take, and what has gathered before it: what is larger is sent in parts, or by something made for that. */
export const MOST_BYTES = 32 * 1_048_576;

/** The first byte of every value. New kinds of value get new numbers; a number is never given a second meaning. */
export const Tag = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  /** A whole number from 0: a varint. */
  natural: 4,
  /** A whole number below 0: a varint of its distance from -1. */
  negative: 5,
  /** Any other number: eight bytes. */
  float: 6,
  /** Text of ASCII characters: length, one byte each. */
  ascii: 7,
  /** Text as UTF-8: length in bytes. */
  utf8: 8,
  /** Text that is no valid Unicode (a surrogate without its partner): length in bytes, UTF-16. */
  utf16: 9,
  /** A bigint: sign, length, hexadecimal digits as text. */
  bigint: 10,
  array: 11,
  /** An object: number of fields, each a text and a value. */
  object: 12,
  date: 13,
  map: 14,
  set: 15,
  /** Bytes: kind of the view, length, content. */
  bytes: 16,
  error: 17,
  ref: 18,
  /** An object without a prototype. */
  bareObject: 19,
  /** A regular expression: source and flags. */
  pattern: 20,
} as const;

/** The views of bytes that cross, in the order of their numbers on the wire. A `Buffer` arrives as a `Uint8Array`. */
export const byteViews = [
  "Uint8Array",
  "Int8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
  "DataView",
  "ArrayBuffer",
] as const;

/** The classes of errors that arrive as themselves, and so do those derived from them: as the nearest of these, with their own `name`. */
export const errorClasses: ReadonlyMap<string, new (message: string) => Error> = new Map<
  string,
  new (
    message: string,
  ) => Error
>([
  ["EvalError", EvalError],
  ["RangeError", RangeError],
  ["ReferenceError", ReferenceError],
  ["SyntaxError", SyntaxError],
  ["TypeError", TypeError],
  ["URIError", URIError],
]);

/** The one class of errors that is made in another way. */
export const AGGREGATE = "AggregateError";
