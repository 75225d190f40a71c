import { BadArgumentError, whatCame } from "../../src/index.js";
import { type CounterKey, idOf, isKey, type KeyId, type KeyPart, type wildcard } from "./key.js";
import { type Kind, KINDS } from "./kind.js";
import { type Bindings, hasVariables, type Matcher, matcherOf, type Pattern, type Variable } from "./pattern.js";
import type { EntryOf, Row } from "./row.js";

/** What the keys of the entries wanted look like: a key, or a list with wildcards and variables. */
export type KeyPattern = CounterKey | typeof wildcard | Variable | readonly (KeyPart | typeof wildcard | Variable)[];

/** Which entries are wanted; what is left out may be anything. All that is given must fit. */
export interface QueryOf<Owner, Value = unknown, Selected = EntryOf<Owner>> {
  readonly kind?: Kind;
  readonly key?: KeyPattern;
  readonly owner?: Owner;
  readonly value?: Pattern<Value>;
  /** A last condition, on the entry and on what the variables stand for. Must not change the registry. */
  readonly where?: (entry: EntryOf<Owner>, bound: Bindings) => boolean;
  /** What to make of each entry; the entry itself by default. */
  readonly select?: (entry: EntryOf<Owner>, bound: Bindings) => Selected;
}

/** A query made ready for many rows. */
export interface CompiledQuery<Owner, Selected> {
  readonly kinds: readonly Kind[];
  /** The id of the only key that fits, if there is only one. */
  readonly onlyId: KeyId | undefined;
  /** What the variables stand for, when the row fits; `undefined` when it does not. */
  readonly match: (row: Row<Owner>) => Bindings | undefined;
  readonly select: (entry: EntryOf<Owner>, bound: Bindings) => Selected;
}

const NOTHING_BOUND: Record<string, unknown> = Object.freeze({});
const MEMBERS: ReadonlySet<string> = new Set(["kind", "key", "owner", "value", "where", "select"]);

/** Checks a query and makes it ready. @throws {BadArgumentError} for one of another shape */
export function compileQuery<Owner, Value, Selected>(
  query: QueryOf<Owner, Value, Selected>,
  whole: (entry: EntryOf<Owner>) => Selected,
): CompiledQuery<Owner, Selected> {
  checkQuery(query);
  const { kind, key, owner, value, where } = query;
  const keyMatcher = key === undefined ? undefined : matcherOf(key);
  const valueMatcher = value === undefined ? undefined : matcherOf(value);
  const binds = hasVariables(key) || hasVariables(value);
  const isOnlyKey = key !== undefined && isKey(key);
  return {
    kinds: kind === undefined ? KINDS : [kind],
    onlyId: isOnlyKey ? idOf(key) : undefined,
    match: matchRow({ owner, key: isOnlyKey ? undefined : keyMatcher, value: valueMatcher, where, binds }),
    select: query.select ?? whole,
  };
}

interface Conditions<Owner> {
  readonly owner: Owner | undefined;
  readonly key: Matcher | undefined;
  readonly value: Matcher | undefined;
  readonly where: ((entry: EntryOf<Owner>, bound: Bindings) => boolean) | undefined;
  readonly binds: boolean;
}

function matchRow<Owner>({
  owner,
  key,
  value,
  where,
  binds,
}: Conditions<Owner>): (row: Row<Owner>) => Bindings | undefined {
  return (row) => {
    if (owner !== undefined && row.owner !== owner) return undefined;
    // Most patterns have no variable; then no object is made for each row.
    const bound = binds ? {} : NOTHING_BOUND;
    if (key !== undefined && !key(row.key, bound)) return undefined;
    if (value !== undefined && !value(row.value, bound)) return undefined;
    return where === undefined || where(row, bound) ? bound : undefined;
  };
}

function checkQuery(query: unknown): void {
  if (typeof query !== "object" || query === null || Array.isArray(query)) throw wrong("an object", query);
  for (const [name, member] of Object.entries(query)) {
    if (!MEMBERS.has(name)) throw wrong(`only ${[...MEMBERS].join(", ")}`, name);
    if ((name === "where" || name === "select") && member !== undefined && typeof member !== "function") {
      throw wrong(`${name} to be a function`, member);
    }
    if (name === "kind" && member !== undefined && !KINDS.some((kind) => kind === member)) {
      throw wrong(`kind to be one of ${KINDS.join(", ")}`, member);
    }
  }
}

function wrong(expected: string, came: unknown): BadArgumentError {
  return new BadArgumentError(`Cannot use this query of a registry: expected ${expected}, got ${whatCame(came)}`);
}
