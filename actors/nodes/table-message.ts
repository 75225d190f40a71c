/** One row as it is told: its key, and its value; `undefined` for one that is not there any more. */
export type TableRow<Value> = readonly [key: string, value: Value | undefined];

/**
 * All rows, in parts that follow each other: `first` begins, `last` ends them.
 *
 * `asks` wants the same of the one who hears it, `lost` says that something else that was to be told was not.
 */
export interface TableState<Value> {
  readonly kind: "state";
  readonly version: number;
  readonly first: boolean;
  readonly last: boolean;
  readonly asks: boolean;
  readonly lost: boolean;
  readonly rows: readonly TableRow<Value>[];
}

/** What a node tells another of its table: all of it, or what has changed since the version before. */
export type TableMessage<Value> =
  | TableState<Value>
  | { readonly kind: "row"; readonly version: number; readonly row: TableRow<Value> };

/** A message as it came; `undefined` for anything that is none. `isValue` tells whether a value is one. */
export function tableMessageOf<Value>(
  told: unknown,
  isValue: (value: unknown) => value is Value,
): TableMessage<Value> | undefined {
  if (typeof told !== "object" || told === null) return undefined;
  if (!("kind" in told && "version" in told) || typeof told.version !== "number") return undefined;
  const { kind, version } = told;
  if (kind === "row") {
    const row = "row" in told ? rowOf(told.row, isValue) : undefined;
    return row === undefined ? undefined : { kind, version, row };
  }
  if (kind !== "state" || !("rows" in told) || !Array.isArray(told.rows)) return undefined;
  const rows: TableRow<Value>[] = [];
  for (const each of told.rows) {
    const row = rowOf(each, isValue);
    if (row === undefined) return undefined;
    rows.push(row);
  }
  const isSet = (flag: "first" | "last" | "asks" | "lost"): boolean => Reflect.get(told, flag) === true;
  const [first, last] = [isSet("first"), isSet("last")];
  return { kind, version, first, last, asks: isSet("asks"), lost: isSet("lost"), rows };
}

function rowOf<Value>(told: unknown, isValue: (value: unknown) => value is Value): TableRow<Value> | undefined {
  if (!Array.isArray(told)) return undefined;
  const [key, value] = told as readonly unknown[];
  if (typeof key !== "string") return undefined;
  return value === undefined || isValue(value) ? [key, value] : undefined;
}
