import { wildcard } from "./key.js";

/** Stands for anything in a pattern and remembers it under a name; where the name comes again, the same must stand. Made with {@link variable}. */
export class Variable {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A part of a pattern that fits anything and binds it to a name: `[variable("x"), wildcard, variable("x")]`. */
export function variable(name: string): Variable {
  return new Variable(name);
}

/**
 * What values shall look like.
 *
 * {@link wildcard} fits anything, {@link variable} too but remembers it, a plain value fits itself, a list fits lists of its length whose parts
 * fit, an object fits objects that have its members and possibly others.
 */
export type Pattern<Value = unknown> =
  | typeof wildcard
  | Variable
  | (unknown extends Value
      ? unknown
      : Value extends readonly unknown[]
        ? { readonly [Index in keyof Value]: Pattern<Value[Index]> }
        : Value extends object
          ? { readonly [Name in keyof Value]?: Pattern<Value[Name]> }
          : Value);

/** What the variables of a pattern stand for, by name. */
export type Bindings = Readonly<Record<string, unknown>>;

/** A pattern made ready: tells whether a value fits, and binds its variables. */
export type Matcher = (value: unknown, bindings: Record<string, unknown>) => boolean;

/** Makes a pattern ready for many values; `undefined` for one that fits anything and binds nothing. */
export function matcherOf(pattern: unknown): Matcher | undefined {
  if (pattern === wildcard) return undefined;
  if (pattern instanceof Variable) return variableMatcher(pattern.name);
  if (Array.isArray(pattern)) return listMatcher(pattern);
  if (isPlainObject(pattern)) return objectMatcher(pattern);
  return (value) => Object.is(value, pattern);
}

/** Tells whether a pattern has variables. */
export function hasVariables(pattern: unknown): boolean {
  if (pattern instanceof Variable) return true;
  if (Array.isArray(pattern)) return pattern.some(hasVariables);
  return isPlainObject(pattern) && Object.values(pattern).some(hasVariables);
}

/** Tells whether two values are the same: plain values, lists and plain objects by what is in them, all others by identity. */
function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one)) {
    return (
      Array.isArray(other) && one.length === other.length && one.every((part, index) => isSame(part, other[index]))
    );
  }
  if (!isPlainObject(one) || !isPlainObject(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  );
}

function variableMatcher(name: string): Matcher {
  return (value, bindings) => {
    if (Object.hasOwn(bindings, name)) return isSame(bindings[name], value);
    bindings[name] = value;
    return true;
  };
}

function listMatcher(pattern: readonly unknown[]): Matcher {
  const parts = pattern.map(matcherOf);
  return (value, bindings) => {
    if (!Array.isArray(value) || value.length !== parts.length) return false;
    return parts.every((part, index) => part === undefined || part(value[index], bindings));
  };
}

function objectMatcher(pattern: Readonly<Record<string, unknown>>): Matcher {
  const members = Object.entries(pattern).map(([name, part]) => ({ name, matches: matcherOf(part) }));
  return (value, bindings) => {
    if (!isRecord(value)) return false;
    for (let index = 0; index < members.length; index++) {
      const member = members[index];
      if (member === undefined) continue;
      const { name, matches } = member;
      // Looked at first: of a million values most fail here, and whose member it is need not be asked.
      if (matches !== undefined && !matches(value[name], bindings)) return false;
      if (!Object.hasOwn(value, name)) return false;
    }
    return true;
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
