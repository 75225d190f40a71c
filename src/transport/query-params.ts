/** A value of a query: a text, a nested object, or the texts of `name[]`. */
export type QueryValue = string | string[] | QueryParams;

/** What a query string says. Has no prototype, so that no name can collide with one of `Object`. */
export interface QueryParams {
  [name: string]: QueryValue;
}

/** What {@link parseQuery} accepts. */
export interface QueryLimits {
  /** Pairs in the whole query; 100 by default. */
  readonly pairs?: number;
  /** Names in one key, so `a[b][c]` is 3; 5 by default. */
  readonly depth?: number;
}

/** The params of a query, or why it cannot be read. */
export type ParsedQuery =
  | { readonly ok: true; readonly params: QueryParams }
  | { readonly ok: false; readonly reason: string };

const DEFAULT_PAIRS = 100;
const DEFAULT_DEPTH = 5;
/** Harmless here, but not in what the app may merge the result into. */
const REFUSED_NAMES = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Parses a query string, with nested names as Phoenix clients write them.
 *
 * `a=1&b[c]=2&d[0]=3&e[]=4&e[]=5` becomes `{ a: "1", b: { c: "2" }, d: { "0": "3" }, e: ["4", "5"] }`: an index is a name like any other, so
 * nobody can ask for an array of a million entries. Of a name that comes twice, the last counts. All values are texts.
 */
export function parseQuery(query: string, limits: QueryLimits = {}): ParsedQuery {
  const { pairs: mostPairs = DEFAULT_PAIRS, depth: mostDepth = DEFAULT_DEPTH } = limits;
  const params = emptyParams();
  if (query === "") return { ok: true, params };
  const pairs = query.split("&", mostPairs + 1);
  if (pairs.length > mostPairs) return { ok: false, reason: `the query has more than ${mostPairs} parameters` };
  for (const pair of pairs) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const key = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? "" : decode(pair.slice(equals + 1));
    if (key === undefined || value === undefined) {
      return { ok: false, reason: "the query is not percent-encoded UTF-8" };
    }
    const reason = put(params, key, value, mostDepth);
    if (reason !== undefined) return { ok: false, reason };
  }
  return { ok: true, params };
}

function emptyParams(): QueryParams {
  return Object.create(null) as QueryParams;
}

function put(params: QueryParams, key: string, value: string, mostDepth: number): string | undefined {
  // Nearly all of them: a name without brackets.
  if (key !== "" && !key.includes("[") && !key.includes("]") && !REFUSED_NAMES.has(key)) {
    params[key] = value;
    return undefined;
  }
  const path = namesOf(key);
  if (path === undefined) return "the query has an unbalanced or misplaced bracket in a name";
  if (path.length > mostDepth) return `the query nests a name deeper than ${mostDepth}`;
  const list = path.length > 1 && path.at(-1) === "";
  const names = list ? path.slice(0, -1) : path;
  if (names.some((name) => name === "")) return "the query has an empty name";
  if (names.some((name) => REFUSED_NAMES.has(name))) return "the query has a name that is not allowed";
  const last = names.pop() ?? "";
  let target = params;
  for (const name of names) {
    const inner = target[name];
    if (inner !== undefined && typeof inner !== "string" && !Array.isArray(inner)) target = inner;
    else target = target[name] = emptyParams();
  }
  const earlier = target[last];
  if (!list) target[last] = value;
  else if (Array.isArray(earlier)) earlier.push(value);
  else target[last] = [value];
  return undefined;
}

/** Splits `a[b][c]` into its names; the last may be empty. */
function namesOf(key: string): string[] | undefined {
  const open = key.indexOf("[");
  if (open === -1) return key.includes("]") ? undefined : [key];
  if (open === 0 || !key.endsWith("]")) return undefined;
  const inner = key.slice(open + 1, -1).split("][");
  return inner.some((name) => name.includes("[") || name.includes("]")) ? undefined : [key.slice(0, open), ...inner];
}

function decode(text: string): string | undefined {
  if (!text.includes("%") && !text.includes("+")) return text;
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // URIError: the caller says so.
    return undefined;
  }
}
