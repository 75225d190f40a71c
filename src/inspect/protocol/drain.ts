import { numberAt, optionalText, recordAt, textAt, unexpected } from "./read-parts.js";

/** The states of a drain: it goes on, has told everybody, was cancelled, or broke off. */
const DRAIN_STATES = ["running", "done", "cancelled", "failed"] as const;

/** One of `running`, `done`, `cancelled` and `failed`. */
export type DrainState = (typeof DRAIN_STATES)[number];

/** The clients of one endpoint, and how far the last hand-over of them has come. */
export interface DrainView {
  readonly system: { readonly name: string; readonly pid: number };
  /** The endpoint's name. */
  readonly endpoint: string;
  /** How many are connected now. */
  readonly clients: number;
  /** Whether the endpoint takes no new connections. */
  readonly closed: boolean;
  /** The drain that runs, or the last one; absent when there was none. */
  readonly drain?: DrainProgress;
}

/** How far a drain has come. */
export interface DrainProgress {
  /** Counts the drains of this server, from 1. */
  readonly number: number;
  readonly state: DrainState;
  /** How many clients it is about. Those who connect meanwhile are not among them. */
  readonly total: number;
  /** How many of them have not been told yet. */
  readonly left: number;
  /** The pace that was asked for. */
  readonly perSecond: number;
  /** For how long it has been running, or ran. */
  readonly elapsedMs: number;
  /** Why it broke off. */
  readonly reason?: string;
}

/**
 * Reads the result of `drain.look` and `drain.start`; properties that this version does not know are left out.
 *
 * @throws {InspectorError} `protocol` with the path of the first part that is wrong
 */
export function readDrainView(value: unknown): DrainView {
  const record = recordAt(value, "drain");
  const system = recordAt(record["system"], "drain.system");
  const drain = record["drain"];
  return {
    system: { name: textAt(system, "name", "drain.system"), pid: numberAt(system, "pid", "drain.system") },
    endpoint: textAt(record, "endpoint", "drain"),
    clients: numberAt(record, "clients", "drain"),
    closed: record["closed"] === true,
    ...(drain === undefined ? {} : { drain: readProgress(drain, "drain.drain") }),
  };
}

function readProgress(value: unknown, path: string): DrainProgress {
  const record = recordAt(value, path);
  const state = DRAIN_STATES.find((one) => one === record["state"]);
  if (state === undefined) throw unexpected(`${path}.state`, DRAIN_STATES.join(" or "), record["state"]);
  return {
    number: numberAt(record, "number", path),
    state,
    total: numberAt(record, "total", path),
    left: numberAt(record, "left", path),
    perSecond: numberAt(record, "perSecond", path),
    elapsedMs: numberAt(record, "elapsedMs", path),
    ...optionalText(record, "reason", path),
  };
}
