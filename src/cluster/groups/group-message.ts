import { Cell } from "../../kernel/cell.js";

/** One member of one group, and how often it has joined; 0 when it has left. */
export type GroupEntry = readonly [group: string, member: Cell, times: number];

/**
 * What the groups of one node say to those of another.
 *
 * `state`: all of a node's own members, in parts; `delta`: what has changed since the version before; `ask`: something was missed, say all
 * again; `send`: a message for the members of a group on the node that gets it.
 */
export type GroupMessage =
  | {
      readonly kind: "state";
      readonly version: number;
      readonly first: boolean;
      readonly entries: readonly GroupEntry[];
    }
  | { readonly kind: "delta"; readonly version: number; readonly entry: GroupEntry }
  | { readonly kind: "ask" }
  | { readonly kind: "send"; readonly group: string; readonly message: unknown };

/** A message as it came; `undefined` for anything that is none. */
export function groupMessageOf(value: unknown): GroupMessage | undefined {
  if (typeof value !== "object" || value === null || !("kind" in value)) return undefined;
  if (value.kind === "ask") return { kind: "ask" };
  if (value.kind === "send") {
    return "group" in value && typeof value.group === "string" && "message" in value
      ? { kind: "send", group: value.group, message: value.message }
      : undefined;
  }
  if (!("version" in value) || typeof value.version !== "number") return undefined;
  const { version } = value;
  if (value.kind === "delta") {
    const entry = "entry" in value ? entryOf(value.entry) : undefined;
    return entry === undefined ? undefined : { kind: "delta", version, entry };
  }
  if (value.kind !== "state" || !("entries" in value) || !Array.isArray(value.entries)) return undefined;
  const entries = value.entries.map(entryOf);
  if (!entries.every((entry) => entry !== undefined)) return undefined;
  return { kind: "state", version, first: "first" in value && value.first === true, entries };
}

function entryOf(value: unknown): GroupEntry | undefined {
  if (!Array.isArray(value)) return undefined;
  const [group, member, times] = value as readonly unknown[];
  const isEntry = typeof group === "string" && member instanceof Cell && typeof times === "number" && times >= 0;
  return isEntry ? [group, member, times] : undefined;
}
