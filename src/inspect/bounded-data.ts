import type { Json } from "./protocol/json.js";

/** How much of a value {@link boundData} lets through. */
export interface DataBounds {
  /** Levels of objects and arrays. */
  readonly depth: number;
  /** Entries of each object, array, map or set. */
  readonly entries: number;
  /** Characters of each string. */
  readonly characters: number;
  /** Size of the whole as JSON text in bytes, roughly: what exceeds it is cut. */
  readonly bytes: number;
}

const CUT = "…";

/**
 * Copies any value into plain JSON of bounded size.
 *
 * What JSON has no word for is named: functions as `[function f]`, bigints as `12n`, errors by their text, instances of classes by their own
 * `toString` or as `[Name]`. Cut strings and collections end in `…`. Getters of the value run and may throw; `toJSON` is not called. A value that
 * contains itself is cut at `depth`.
 */
export function boundData(value: unknown, bounds: DataBounds): Json {
  return new Cutter(bounds).copy(value, bounds.depth) ?? null;
}

class Cutter {
  readonly #bounds: DataBounds;
  #bytesLeft: number;

  constructor(bounds: DataBounds) {
    this.#bounds = bounds;
    this.#bytesLeft = bounds.bytes;
  }

  copy(value: unknown, depth: number): Json | undefined {
    switch (typeof value) {
      case "undefined":
        return undefined;
      case "boolean":
        this.#bytesLeft -= 5;
        return value;
      case "number":
        this.#bytesLeft -= 8;
        // Adding 0 turns -0, for which JSON has no word, into 0.
        return Number.isFinite(value) ? value + 0 : String(value);
      case "string":
        return this.#text(value);
      case "bigint":
        return this.#text(`${value}n`);
      case "symbol":
        return this.#text(String(value));
      case "function":
        return this.#text(`[function ${value.name}]`);
      default:
        return typeof value === "object" && value !== null ? this.#object(value, depth) : null;
    }
  }

  #object(value: object, depth: number): Json {
    if (value instanceof Date)
      return this.#text(Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString());
    if (value instanceof Error) return this.#text(`${value.name}: ${value.message}`);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
      return this.#text(`[${className(value)} of ${value.byteLength} bytes]`);
    const isPlain = isPlainObject(value);
    if (!isPlain && !Array.isArray(value) && !(value instanceof Map) && !(value instanceof Set)) {
      return this.#text(ownText(value) ?? `[${className(value)}]`);
    }
    if (depth <= 0) return this.#text(Array.isArray(value) ? "[…]" : "{…}");
    if (isPlain) return this.#properties(Object.entries(value), depth);
    if (value instanceof Map) return this.#properties(mapEntries(value), depth);
    return this.#items(value instanceof Set ? value : Array.isArray(value) ? value : [], depth);
  }

  #properties(entries: Iterable<readonly [string, unknown]>, depth: number): Json {
    const copied: [string, Json][] = [];
    for (const [key, entry] of entries) {
      if (this.#isFull(copied.length)) {
        copied.push([CUT, CUT]);
        break;
      }
      const json = this.copy(entry, depth - 1);
      if (json !== undefined) copied.push([this.#text(key), json]);
    }
    // fromEntries defines properties, so a key such as `__proto__` stays data.
    return Object.fromEntries(copied);
  }

  #items(items: Iterable<unknown>, depth: number): Json {
    const copied: Json[] = [];
    for (const item of items) {
      if (this.#isFull(copied.length)) {
        copied.push(CUT);
        break;
      }
      copied.push(this.copy(item, depth - 1) ?? null);
    }
    return copied;
  }

  #isFull(entries: number): boolean {
    this.#bytesLeft -= 2;
    return entries >= this.#bounds.entries || this.#bytesLeft <= 0;
  }

  #text(text: string): string {
    const most = Math.max(0, Math.min(this.#bounds.characters, this.#bytesLeft));
    const kept = text.length > most ? `${text.slice(0, most)}${CUT}` : text;
    this.#bytesLeft -= Buffer.byteLength(kept) + 2;
    return kept;
  }
}

function* mapEntries(map: ReadonlyMap<unknown, unknown>): Iterable<readonly [string, unknown]> {
  for (const [key, value] of map)
    yield [typeof key === "object" && key !== null ? `[${className(key)}]` : String(key), value];
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** What a value's class says of it, where that has a `toString` of its own, as references of actors do. */
export function ownText(value: object): string | undefined {
  const convert: unknown = Reflect.get(value, "toString");
  if (typeof convert !== "function" || convert === Object.prototype.toString) return undefined;
  const text: unknown = Reflect.apply(convert, value, []);
  return typeof text === "string" ? text : undefined;
}

function className(value: object): string {
  const constructor: unknown = Reflect.get(value, "constructor");
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "object";
}
