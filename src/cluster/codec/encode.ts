import { whatCame } from "../../kernel/errors.js";
import { asData } from "../../kernel/hook-keys.js";
import type { ByteWriter } from "./byte-writer.js";
import { CodecError } from "./codec-error.js";
import { AGGREGATE, byteViews, errorClasses, MOST_BYTES, MOST_DEPTH, Tag } from "./tags.js";

/** Writes the refs among the values; the codec itself knows no actors. */
export interface RefWriter {
  /** Whether a value is a ref. It is asked for every object that is neither plain nor an array. */
  isRef(value: object): boolean;
  /** Writes a ref. @throws {CodecError} when it cannot cross */
  writeRef(value: object, writer: ByteWriter, field: string): void;
}

const LONGEST_FIELD = 300;

/**
 * Writes values in the form in which they cross between nodes.
 *
 * Kept are `undefined`, `null`, booleans, numbers (with -0, NaN and the infinities), bigint, any text, arrays, plain objects, dates, maps,
 * sets, bytes (every typed array, `DataView`, `ArrayBuffer`), regular expressions, errors with `code`, `cause` and own fields, and refs. A hole
 * in an array arrives as `undefined`, what is referred to twice arrives twice, a getter arrives as the value that it gave. Everything else is
 * refused with an error that names the field: functions, symbols, instances of other classes (also of those derived from `Map` or `Array`) that
 * have no `asData`, promises, objects that contain themselves, values of more than 32 MiB.
 */
export class Encoder {
  readonly #writer: ByteWriter;
  readonly #refs: RefWriter;
  /** The way to the value that is written now, for errors. */
  readonly #path: (string | number)[] = [];

  constructor(writer: ByteWriter, refs: RefWriter) {
    this.#writer = writer;
    this.#refs = refs;
  }

  /** Writes one value. When it cannot, nothing of it is left in the writer. @throws {CodecError} `cannot_carry` */
  value(value: unknown): void {
    const before = this.#writer.length;
    // Setting a length costs more than writing a number does.
    if (this.#path.length > 0) this.#path.length = 0;
    try {
      this.#write(value);
    } catch (thrown) {
      this.#writer.truncate(before);
      // A getter may throw what it likes.
      if (!(thrown instanceof CodecError)) throw this.#refuse(`a value that cannot be read (${textOf(thrown)})`);
      throw thrown.field === "" ? this.#refuse(thrown.message) : thrown;
    }
  }

  /** Writes a text with its tag. */
  text(text: string): void {
    const writer = this.#writer;
    if (writer.shortAscii(Tag.ascii, text)) return;
    const { length } = text;
    const bytes = Buffer.byteLength(text, "utf8");
    if (bytes === length) {
      writer.byte(Tag.ascii);
      writer.varint(length);
      writer.ascii(text);
    } else if (isWellFormed(text)) {
      writer.byte(Tag.utf8);
      writer.varint(bytes);
      writer.utf8(text, bytes);
    } else {
      writer.byte(Tag.utf16);
      writer.varint(length * 2);
      writer.utf16(text);
    }
  }

  #write(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.text(value);
      case "number":
        return this.#number(value);
      case "boolean":
        return this.#writer.byte(value ? Tag.true : Tag.false);
      case "undefined":
        return this.#writer.byte(Tag.undefined);
      case "bigint":
        return this.#bigint(value);
      case "object":
        return value === null ? this.#writer.byte(Tag.null) : this.#object(value);
      default:
        throw this.#refuse(whatCame(value));
    }
  }

  #number(value: number): void {
    const writer = this.#writer;
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      writer.byte(value < 0 ? Tag.negative : Tag.natural);
      writer.varint(value < 0 ? -1 - value : value);
    } else {
      writer.byte(Tag.float);
      writer.float(value);
    }
  }

  #bigint(value: bigint): void {
    const digits = (value < 0n ? -value : value).toString(16);
    this.#writer.byte(Tag.bigint);
    this.#writer.byte(value < 0n ? 1 : 0);
    this.#writer.varint(digits.length);
    this.#writer.ascii(digits);
  }

  #object(value: object): void {
    if (this.#path.length > MOST_DEPTH) throw this.#refuse(`values nested more than ${MOST_DEPTH} deep, or in a cycle`);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) this.#fields(Tag.object, value);
    else if (prototype === Array.prototype && Array.isArray(value)) this.#array(value);
    else if (prototype === null) this.#fields(Tag.bareObject, value);
    else if (this.#refs.isRef(value)) {
      this.#writer.byte(Tag.ref);
      this.#refs.writeRef(value, this.#writer, this.#field());
    } else this.#special(value, prototype);
  }

  #special(value: object, prototype: unknown): void {
    const writer = this.#writer;
    if (value instanceof Error) this.#error(value);
    else if (value instanceof Date && prototype === Date.prototype) {
      writer.byte(Tag.date);
      writer.float(value.getTime());
    } else if (value instanceof Map && prototype === Map.prototype) this.#map(value);
    else if (value instanceof Set && prototype === Set.prototype) this.#set(value);
    else if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) this.#bytes(value);
    else if (value instanceof RegExp && prototype === RegExp.prototype) {
      writer.byte(Tag.pattern);
      this.text(value.source);
      this.text(value.flags);
    } else this.#fields(Tag.object, this.#dataOf(value));
  }

  /** What an instance of a class gives in its stead. */
  #dataOf(value: object): object {
    const method: unknown = Reflect.get(value, asData);
    const data: unknown = typeof method === "function" ? Reflect.apply(method, value, []) : undefined;
    if (typeof data === "object" && data !== null && Object.getPrototypeOf(data) === Object.prototype) return data;
    throw this.#refuse(whatInstance(value));
  }

  #array(values: readonly unknown[]): void {
    // A getter may change the length meanwhile: what was promised is written.
    const { length } = values;
    if (length > MOST_BYTES) throw this.#refuse(`an array of ${length}`);
    this.#writer.byte(Tag.array);
    this.#writer.varint(length);
    for (let at = 0; at < length; at++) this.#at(at, values[at]);
  }

  #fields(tag: number, value: object): void {
    if (Object.getOwnPropertySymbols(value).length > 0) throw this.#refuse("an object with symbols among its keys");
    const names = Object.keys(value);
    this.#writer.byte(tag);
    this.#writer.varint(names.length);
    for (const name of names) this.#named(name, value);
  }

  #map(map: Map<unknown, unknown>): void {
    const { size } = map;
    this.#writer.byte(Tag.map);
    this.#writer.varint(size);
    let at = 0;
    for (const [key, entry] of map) {
      this.#at(at, key);
      this.#at(at, entry);
      at++;
    }
    if (at !== size) throw this.#refuse("a map that changes while it is read");
  }

  #set(set: Set<unknown>): void {
    const { size } = set;
    this.#writer.byte(Tag.set);
    this.#writer.varint(size);
    let at = 0;
    for (const entry of set) this.#at(at++, entry);
    if (at !== size) throw this.#refuse("a set that changes while it is read");
  }

  #bytes(value: ArrayBufferView | ArrayBuffer): void {
    const kind = byteViews.findIndex((name) => nameOfView(value) === name);
    if (kind < 0) throw this.#refuse(whatInstance(value));
    const bytes =
      value instanceof ArrayBuffer
        ? new Uint8Array(value)
        : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    this.#writer.byte(Tag.bytes);
    this.#writer.byte(kind);
    this.#writer.varint(bytes.length);
    this.#writer.bytes(bytes);
  }

  #error(error: Error): void {
    const writer = this.#writer;
    writer.byte(Tag.error);
    this.text(classOf(error));
    this.text(ownText(error.name, "Error"));
    this.text(ownText(error.message, ""));
    this.text(ownText(error.stack, ""));
    const fields = Object.keys(error).filter((name) => !errorTexts.has(name));
    const hidden = hiddenFields.filter((name) => !fields.includes(name) && isHiddenField(error, name));
    writer.varint(hidden.length);
    for (const name of hidden) this.#named(name, error);
    writer.varint(fields.length);
    for (const name of fields) this.#named(name, error);
  }

  #named(name: string, of: object): void {
    this.text(name);
    // The way to a getter that throws is known as well.
    this.#path.push(name);
    this.#write(Reflect.get(of, name));
    this.#path.pop();
  }

  #at(step: number, value: unknown): void {
    this.#path.push(step);
    this.#write(value);
    this.#path.pop();
  }

  #field(): string {
    const steps = this.#path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`));
    return `$${steps.join("")}`.slice(0, LONGEST_FIELD);
  }

  #refuse(what: string): CodecError {
    const field = this.#field();
    return new CodecError(
      "cannot_carry",
      `Cannot carry ${what} to another node, at ${field}: send plain data, and keep what belongs to this process here`,
      field,
    );
  }
}

/** The texts of an error, which cross by themselves. */
const errorTexts: ReadonlySet<string> = new Set(["name", "message", "stack"]);
/** What errors have without its being among their enumerable fields. */
const hiddenFields: readonly string[] = ["cause", "errors", "code"];

/** A `code` may be a getter of the class, as that of a `DOMException` is. */
function isHiddenField(error: Error, name: string): boolean {
  if (Object.hasOwn(error, name)) return true;
  return (
    name === "code" && (typeof Reflect.get(error, name) === "string" || typeof Reflect.get(error, name) === "number")
  );
}

/** The nearest class of errors that another node can make. */
function classOf(error: Error): string {
  if (error instanceof AggregateError) return AGGREGATE;
  for (const [name, known] of errorClasses) if (error instanceof known) return name;
  return "Error";
}

function ownText(value: unknown, otherwise: string): string {
  return typeof value === "string" ? value : otherwise;
}

function nameOfView(value: object): string {
  return value instanceof Uint8Array
    ? value instanceof Uint8ClampedArray
      ? "Uint8ClampedArray"
      : "Uint8Array"
    : Object.prototype.toString.call(value).slice(8, -1);
}

/** A class is all that people need to find the value; its text may be of any length, or run code. */
function whatInstance(value: object): string {
  const { constructor } = value;
  const name: unknown = typeof constructor === "function" ? constructor.name : undefined;
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "an object of a class of its own";
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error && typeof thrown.message === "string"
    ? thrown.message.slice(0, LONGEST_FIELD)
    : "it threw";
}

const loneSurrogate = /\p{Surrogate}/u;

function isWellFormed(text: string): boolean {
  return !loneSurrogate.test(text);
}
