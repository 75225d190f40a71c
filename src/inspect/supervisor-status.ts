import { formatReason } from "../kernel/exit-reason.js";
import { ownText } from "./bounded-data.js";
import { isRecord, type JsonRecord } from "./protocol/json.js";
import type { AbsentChild, SupervisorState } from "./protocol/tree.js";

/** What a supervisor knows of one child and the kernel does not. */
export interface ChildSpecification {
  readonly id?: string;
  readonly restart?: string;
  readonly restarts?: number;
  readonly lastExit?: string;
}

/** What a supervisor's `formatStatus` tells the inspector. */
export interface SupervisorStatus {
  readonly state: SupervisorState;
  /** What it told of the children that run, by the child's reference as text. */
  readonly specifications: ReadonlyMap<string, ChildSpecification>;
  /** What the status holds beside that, to be shown as it is; undefined when that is nothing. */
  readonly rest: JsonRecord | undefined;
}

const MOST_ENTRIES = 1_000;
const MOST_ABSENT = 50;

/**
 * Reads the status of a supervisor: `{kind: "supervisor", strategy, dynamic?, restarts: {inWindow, max, periodMs, total?}, entries?}`.
 *
 * `entries` tells of its children what only it knows: `[{id, name?, ref?, state, behaviour, restart, restarts, lastExit, nextTry?}]`, of which
 * the first 1,000 are read; the name is that of a child without an id. The counts `children`, `active` and `maxChildren` are left out: the tree itself shows them.
 *
 * @returns undefined if the status is of another form
 */
export function readSupervisorStatus(status: unknown): SupervisorStatus | undefined {
  if (!isRecord(status) || status["kind"] !== "supervisor") return undefined;
  const {
    kind: _kind,
    strategy,
    dynamic,
    restarts,
    entries,
    children: _children,
    active: _active,
    maxChildren: _max,
    ...rest
  } = status;
  if (typeof strategy !== "string" || !isRecord(restarts)) return undefined;
  const { inWindow, max, periodMs, total } = restarts;
  if (typeof inWindow !== "number" || typeof max !== "number" || typeof periodMs !== "number") return undefined;
  const known = entriesIn(entries);
  const absent = known.filter((entry) => entry["ref"] === undefined || entry["ref"] === null).map(absentChild);
  return {
    state: {
      strategy,
      dynamic: dynamic === true,
      restarts: { inWindow, max, periodMs, ...(typeof total === "number" ? { total } : {}) },
      ...(absent.length === 0 ? {} : { absent: absent.slice(0, MOST_ABSENT) }),
    },
    specifications: specificationsIn(known),
    rest: Object.keys(rest).length === 0 ? undefined : rest,
  };
}

function entriesIn(entries: unknown): readonly JsonRecord[] {
  if (!Array.isArray(entries)) return [];
  const first: readonly unknown[] = entries.slice(0, MOST_ENTRIES);
  return first.filter(isRecord);
}

function specificationsIn(entries: readonly JsonRecord[]): ReadonlyMap<string, ChildSpecification> {
  const found = new Map<string, ChildSpecification>();
  for (const entry of entries) {
    const ref = refText(entry["ref"]);
    if (ref !== undefined) found.set(ref, specificationIn(entry));
  }
  return found;
}

function specificationIn({ id, restart, restarts, lastExit }: JsonRecord): ChildSpecification {
  return {
    ...(typeof id === "string" || typeof id === "number" ? { id: String(id) } : {}),
    ...(typeof restart === "string" ? { restart } : {}),
    ...(typeof restarts === "number" && restarts > 0 ? { restarts } : {}),
    ...(lastExit === undefined ? {} : { lastExit: formatReason(lastExit) }),
  };
}

function absentChild(entry: JsonRecord): AbsentChild {
  const { id, name, state, behaviour, nextTry } = entry;
  return {
    ...specificationIn({ ...entry, id: id ?? name }),
    behaviour: typeof behaviour === "string" ? behaviour : "unknown",
    state: typeof state === "string" ? state : "stopped",
    ...nextTryIn(nextTry),
  };
}

function nextTryIn(nextTry: unknown): Pick<AbsentChild, "nextTry"> {
  if (!isRecord(nextTry)) return {};
  const { attempt, inMs } = nextTry;
  return typeof attempt === "number" && typeof inMs === "number" ? { nextTry: { attempt, inMs } } : {};
}

// A reference is given as it is, or as its text.
function refText(ref: unknown): string | undefined {
  if (typeof ref === "string") return ref;
  return typeof ref === "object" && ref !== null ? ownText(ref) : undefined;
}
