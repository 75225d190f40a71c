import { isRecord, type Json } from "../inspect/protocol/json.js";
import { formatCount } from "./quantities.js";
import { cutText, printable } from "./safe-text.js";

const LONGEST_VALUE = 60;

/**
 * The properties of an actor's status, taken one by one by those who know how to show them; the rest is shown as it is.
 *
 * A property of an unexpected type is not taken, so it is never lost.
 */
export class StatusFields {
  readonly #left: Map<string, Json>;

  constructor(status: Json | undefined) {
    this.#left = new Map();
    if (status === undefined) return;
    if (isJsonObject(status)) for (const [key, value] of Object.entries(status)) this.#left.set(key, value);
    else this.#left.set("status", status);
  }

  /** Takes a property that is a text, made printable. */
  text(key: string): string | undefined {
    const value = this.#left.get(key);
    if (typeof value !== "string") return undefined;
    this.#left.delete(key);
    return printable(value);
  }

  /** Takes a property that is a number. */
  number(key: string): number | undefined {
    const value = this.#left.get(key);
    if (typeof value !== "number") return undefined;
    this.#left.delete(key);
    return value;
  }

  /** Takes a property that is an object, as the fields it has in turn. */
  fields(key: string): StatusFields | undefined {
    const value = this.#left.get(key);
    if (value === undefined || !isJsonObject(value)) return undefined;
    this.#left.delete(key);
    return new StatusFields(value);
  }

  /** Takes a property that is a list or a number, as how many there are. */
  count(key: string): number | undefined {
    const value = this.#left.get(key);
    if (!Array.isArray(value)) return this.number(key);
    this.#left.delete(key);
    return value.length;
  }

  /** Takes all properties that are numbers, as their sum. */
  sum(): number {
    return [...this.#left.keys()].reduce((sum, key) => sum + (this.number(key) ?? 0), 0);
  }

  /** Whether a property is the number 0. */
  isZero(key: string): boolean {
    return this.#left.get(key) === 0;
  }

  /** Drops properties that a row has no room for; `info` and `--json` show them. */
  leaveOut(...keys: readonly string[]): void {
    for (const key of keys) this.#left.delete(key);
  }

  /** What nobody took, as `key value`; long values are cut. */
  rest(ellipsis: string): readonly string[] {
    return [...this.#left].map(
      ([key, value]) => `${printable(key)} ${cutText(valueText(value), LONGEST_VALUE, ellipsis)}`,
    );
  }
}

function valueText(value: Json): string {
  if (typeof value === "string") return printable(value);
  if (typeof value === "number" && Number.isInteger(value)) return formatCount(value);
  return printable(JSON.stringify(value));
}

function isJsonObject(value: Json): value is { readonly [key: string]: Json } {
  return isRecord(value);
}
