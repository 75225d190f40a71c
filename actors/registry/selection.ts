import type { KeyTable } from "./key-table.js";
import { type Kind, KINDS } from "./kind.js";
import type { CompiledQuery } from "./query.js";
import type { Row } from "./row.js";

/** Where a selection stopped; the next one goes on from there. Only good for the registry that it comes from. */
export class Cursor {
  /** @internal */
  readonly kind: Kind;
  /** @internal */
  readonly order: number;

  constructor(kind: Kind, order: number) {
    this.kind = kind;
    this.order = order;
  }
}

/** One page of what was selected. */
export interface Page<Selected> {
  readonly rows: readonly Selected[];
  /** Where to go on; `undefined` when nothing is left. */
  readonly cursor: Cursor | undefined;
}

/** How much to select, and from where. */
export interface PageOptions {
  /** Most rows; 1,000 by default. */
  readonly limit?: number;
  /** The cursor of the page before. */
  readonly after?: Cursor | undefined;
}

/** Selects the entries that fit one of the queries, each once, made into what the first that fits makes of it. */
export function selectPage<Owner, Selected>(
  table: KeyTable<Owner>,
  queries: readonly CompiledQuery<Owner, Selected>[],
  page: { readonly limit: number; readonly after: Cursor | undefined },
): Page<Selected> {
  const rows: Selected[] = [];
  let last: Row<Owner> | undefined;
  let more = false;
  scan(table, queries, page.after, (row) => {
    for (const query of queries) {
      const bound = fits(query, row) ? query.match(row) : undefined;
      if (bound === undefined) continue;
      // Looked for one beyond the page, so that a full page that is the last one says so.
      more = rows.length === page.limit;
      if (more) return true;
      rows.push(query.select(row, bound));
      last = row;
      return false;
    }
    return false;
  });
  return { rows, cursor: more && last !== undefined ? new Cursor(last.kind, last.order) : undefined };
}

/** Counts the entries that fit one of the queries. */
export function countMatches<Owner>(table: KeyTable<Owner>, queries: readonly CompiledQuery<Owner, unknown>[]): number {
  let count = 0;
  const [only] = queries;
  if (queries.length === 1 && only !== undefined) {
    scan(table, queries, undefined, (row) => {
      if (only.match(row) !== undefined) count++;
      return false;
    });
    return count;
  }
  scan(table, queries, undefined, (row) => {
    if (queries.some((query) => fits(query, row) && query.match(row) !== undefined)) count++;
    return false;
  });
  return count;
}

function fits<Owner>(query: CompiledQuery<Owner, unknown>, row: Row<Owner>): boolean {
  return query.kinds.includes(row.kind) && (query.onlyId === undefined || query.onlyId === row.id);
}

/** Goes through all rows that may fit: by key where one query names a key, else through all of its kinds. */
function scan<Owner>(
  table: KeyTable<Owner>,
  queries: readonly CompiledQuery<Owner, unknown>[],
  after: Cursor | undefined,
  visit: (row: Row<Owner>) => boolean,
): void {
  const [only] = queries;
  const onlyId = queries.length === 1 ? only?.onlyId : undefined;
  let stopped = false;
  const visitOne = (row: Row<Owner>): boolean => (stopped = visit(row));
  for (const kind of KINDS) {
    if (stopped) return;
    if (after !== undefined && KINDS.indexOf(kind) < KINDS.indexOf(after.kind)) continue;
    if (!queries.some((query) => query.kinds.includes(kind))) continue;
    const from = after?.kind === kind ? after.order : 0;
    if (onlyId === undefined) table.store(kind).rows.scan(from, visitOne);
    else scanKey(table.store(kind).under(onlyId), from, visitOne);
  }
}

/** The rows under one key come by owner: put in the order of registration, so that a cursor fits them. */
function scanKey<Owner>(rows: Row<Owner>[], from: number, visit: (row: Row<Owner>) => boolean): void {
  for (const row of rows.sort((one, other) => one.order - other.order)) {
    if (row.order > from && row.live && visit(row)) return;
  }
}
