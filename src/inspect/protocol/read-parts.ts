import { InspectorError } from "./errors.js";
import { describe, isRecord, type JsonRecord } from "./json.js";

/** An object that the server must have sent. @throws {InspectorError} `protocol` */
export function recordAt(value: unknown, path: string): JsonRecord {
  if (!isRecord(value)) throw unexpected(path, "an object", value);
  return value;
}

/** A list that the server must have sent. @throws {InspectorError} `protocol` */
export function arrayAt(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw unexpected(path, "an array", value);
  return value;
}

/** A property that must be a text. @throws {InspectorError} `protocol` */
export function textAt(record: JsonRecord, key: string, path: string): string {
  const value = record[key];
  if (typeof value !== "string") throw unexpected(`${path}.${key}`, "a string", value);
  return value;
}

/** A property that must be a number. @throws {InspectorError} `protocol` */
export function numberAt(record: JsonRecord, key: string, path: string): number {
  const value = record[key];
  if (typeof value !== "number") throw unexpected(`${path}.${key}`, "a number", value);
  return value;
}

/** A property that is a text where it is present, ready to be spread. @throws {InspectorError} `protocol` */
export function optionalText<Key extends string>(
  record: JsonRecord,
  key: Key,
  path: string,
): { readonly [K in Key]?: string } {
  return record[key] === undefined ? {} : pair(key, textAt(record, key, path));
}

/** A property that is a number where it is present, ready to be spread. @throws {InspectorError} `protocol` */
export function optionalNumber<Key extends string>(
  record: JsonRecord,
  key: Key,
  path: string,
): { readonly [K in Key]?: number } {
  return record[key] === undefined ? {} : pair(key, numberAt(record, key, path));
}

function pair<Key extends string, Value>(key: Key, value: Value): { [K in Key]?: Value } {
  const result: { [K in Key]?: Value } = {};
  result[key] = value;
  return result;
}

/** What to throw for a part of another form than was expected. */
export function unexpected(path: string, expected: string, value: unknown): InspectorError {
  return new InspectorError(
    "protocol",
    `The server's answer was not understood: expected ${path} to be ${expected}, got ${describe(value)}.`,
  );
}
