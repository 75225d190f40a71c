/** A value that JSON can carry unchanged. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An object of JSON, or any other plain holder of properties whose values are not known yet. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Tells whether the value is an object with properties: neither null nor an array. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Describes a value in a few words for an error text, as in `an array of 3` or `"abc"`.
 *
 * Strings are quoted and cut after 40 characters, so a hostile value cannot fill the text.
 */
export function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "object") return "an object";
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : `a ${typeof value}`;
}
