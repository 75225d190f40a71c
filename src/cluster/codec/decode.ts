import type { ByteReader } from "./byte-reader.js";
import { AGGREGATE, byteViews, errorClasses, MOST_DEPTH, Tag } from "./tags.js";
import { TextCache } from "./text-cache.js";

/** Reads the refs among the values. */
export interface RefReader {
  readRef(reader: ByteReader): object;
}

/** Reads what an `Encoder` of another node wrote. Whatever the bytes are, it gives plain data or throws; it never runs code or names a prototype. */
export class Decoder {
  readonly #refs: RefReader;
  readonly #texts = new TextCache();
  #depth = 0;

  constructor(refs: RefReader) {
    this.#refs = refs;
  }

  /** Reads one value. @throws {CodecError} `bad_frame` */
  value(reader: ByteReader): unknown {
    this.#depth = 0;
    return this.#read(reader);
  }

  /** Reads a text. @throws {CodecError} `bad_frame` for anything else */
  text(reader: ByteReader): string {
    const tag = reader.byte();
    if (tag === Tag.ascii) return reader.ascii(reader.varint(), this.#texts);
    if (tag === Tag.utf8) return reader.text(reader.varint(), "utf8");
    if (tag === Tag.utf16) return reader.text(reader.varint(), "utf16le");
    throw reader.bad("a text", `a value of kind ${tag}`);
  }

  #read(reader: ByteReader): unknown {
    const tag = reader.byte();
    switch (tag) {
      case Tag.undefined:
        return undefined;
      case Tag.null:
        return null;
      case Tag.false:
        return false;
      case Tag.true:
        return true;
      case Tag.natural:
        return reader.varint();
      case Tag.negative:
        return -1 - reader.varint();
      case Tag.float:
        return reader.float();
      case Tag.ascii:
        return reader.ascii(reader.varint(), this.#texts);
      case Tag.utf8:
        return reader.text(reader.varint(), "utf8");
      case Tag.utf16:
        return reader.text(reader.varint(), "utf16le");
      case Tag.bigint:
        return readBigint(reader);
      case Tag.date:
        return new Date(reader.float());
      case Tag.bytes:
        return readBytes(reader);
      case Tag.pattern:
        return readPattern(reader, this.text(reader), this.text(reader));
      case Tag.ref:
        return this.#refs.readRef(reader);
      default:
        return this.#nested(tag, reader);
    }
  }

  #nested(tag: number, reader: ByteReader): unknown {
    if (++this.#depth > MOST_DEPTH + 1) throw reader.bad(`values nested at most ${MOST_DEPTH} deep`, "deeper ones");
    const value = this.#container(tag, reader);
    this.#depth--;
    return value;
  }

  #container(tag: number, reader: ByteReader): unknown {
    switch (tag) {
      case Tag.array:
        return this.#list(reader);
      case Tag.object:
        return this.#fields({}, reader);
      case Tag.bareObject:
        return this.#fields(Object.create(null) as object, reader);
      case Tag.map:
        return this.#map(reader);
      case Tag.set:
        return new Set(this.#list(reader));
      case Tag.error:
        return this.#error(reader);
      default:
        throw reader.bad("a value", `a byte ${tag} that begins none`);
    }
  }

  #list(reader: ByteReader): unknown[] {
    const count = reader.count();
    const list: unknown[] = [];
    for (let at = 0; at < count; at++) list.push(this.#read(reader));
    return list;
  }

  #fields(target: object, reader: ByteReader): object {
    const count = reader.count();
    for (let at = 0; at < count; at++) {
      const name = this.text(reader);
      define(target, name, this.#read(reader));
    }
    return target;
  }

  #map(reader: ByteReader): Map<unknown, unknown> {
    const count = reader.count();
    const map = new Map<unknown, unknown>();
    for (let at = 0; at < count; at++) {
      const key = this.#read(reader);
      map.set(key, this.#read(reader));
    }
    return map;
  }

  #error(reader: ByteReader): Error {
    const className = this.text(reader);
    const name = this.text(reader);
    const error = makeError(className, this.text(reader));
    const stack = this.text(reader);
    if (error.name !== name) hide(error, "name", name);
    hide(error, "stack", stack);
    const hidden = reader.count();
    for (let at = 0; at < hidden; at++) hide(error, this.text(reader), this.#read(reader));
    this.#fields(error, reader);
    return error;
  }
}

function makeError(className: string, message: string): Error {
  if (className === AGGREGATE) return new AggregateError([], message);
  const known = errorClasses.get(className) ?? Error;
  return new known(message);
}

/** Sets an own field; also one that is called `__proto__`, which an assignment would not make. */
function define(target: object, name: string, value: unknown): void {
  if (name === "__proto__") {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else Reflect.set(target, name, value);
}

function hide(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, enumerable: false, configurable: true, writable: true });
}

function readBigint(reader: ByteReader): bigint {
  const sign = reader.byte();
  const digits = reader.text(reader.varint(), "latin1");
  if (sign > 1 || !/^[0-9a-f]+$/.test(digits))
    throw reader.bad("the digits of a bigint", JSON.stringify(digits.slice(0, 40)));
  const value = BigInt(`0x${digits}`);
  return sign === 1 ? -value : value;
}

function readPattern(reader: ByteReader, source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags);
  } catch {
    // The engine's own text would repeat a source of any length.
    throw reader.bad("a regular expression", "a text that is none");
  }
}

function readBytes(reader: ByteReader): ArrayBufferView | ArrayBuffer {
  const kind = byteViews[reader.byte()];
  const bytes = reader.bytes(reader.varint());
  const { buffer } = bytes;
  try {
    switch (kind) {
      case "Uint8Array":
        return bytes;
      case "Int8Array":
        return new Int8Array(buffer);
      case "Uint8ClampedArray":
        return new Uint8ClampedArray(buffer);
      case "Int16Array":
        return new Int16Array(buffer);
      case "Uint16Array":
        return new Uint16Array(buffer);
      case "Int32Array":
        return new Int32Array(buffer);
      case "Uint32Array":
        return new Uint32Array(buffer);
      case "Float32Array":
        return new Float32Array(buffer);
      case "Float64Array":
        return new Float64Array(buffer);
      case "BigInt64Array":
        return new BigInt64Array(buffer);
      case "BigUint64Array":
        return new BigUint64Array(buffer);
      case "DataView":
        return new DataView(buffer);
      case "ArrayBuffer":
        return buffer;
      default:
        throw reader.bad("a known view of bytes", "another");
    }
  } catch (thrown) {
    if (thrown instanceof RangeError)
      throw reader.bad(`a whole number of entries of a ${kind}`, `${bytes.length} bytes`);
    throw thrown;
  }
}
