import type { ExitReason } from "../src/index.js";
import type { ChildEntry } from "./results.js";
import type { StaticChild } from "./static-child.js";
import type { RestartAttempts } from "./strategy/backoff.js";
import type { RestartWindow } from "./strategy/intensity.js";
import type { RestartType, Shutdown, Strategy } from "./strategy/terms.js";

/** How near a supervisor is to giving up. */
export interface RestartStatus {
  /** Restarts that count now; one above `max` ends the supervisor. */
  readonly inWindow: number;
  readonly max: number;
  readonly periodMs: number;
  /** All restarts since the supervisor started. */
  readonly total: number;
}

/** A supervisor's child as the inspector is shown it. */
export interface ChildStatus extends ChildEntry {
  readonly restart: RestartType;
  readonly shutdown: Shutdown;
  readonly significant: boolean;
  /** How many attempts to restart it were made. */
  readonly restarts: number;
  /** Why it ended last, by itself; `undefined` when it never did. */
  readonly lastExit: ExitReason;
  /** The name or label of a child of a dynamic supervisor, where it has one. */
  readonly name?: string;
  /** The attempt that its back-off is waiting for; absent otherwise. */
  readonly nextTry?: NextTry;
}

/** An attempt to restart a child that has to wait. */
export interface NextTry {
  /** Its number among those made in a row, from 1. */
  readonly attempt: number;
  /** In how many milliseconds it is due; 0 when it is being made. */
  readonly inMs: number;
}

/** What the inspector is shown of a supervisor. */
export interface SupervisorStatus {
  readonly kind: "supervisor";
  readonly strategy: Strategy;
  /** Whether its children are added while it runs, all alike and without ids. */
  readonly dynamic: boolean;
  readonly restarts: RestartStatus;
  /** Specifications, whether their children run or not. */
  readonly children: number;
  /** Children that run. */
  readonly active: number;
  /**
   * The children in start order, at most 1,000 of them; for a dynamic supervisor those that are being restarted.
   *
   * What a dynamic supervisor does not keep of its children, their restarts and last exits, is 0 and `undefined` there.
   */
  readonly entries: readonly ChildStatus[];
  /** Most children, for a dynamic supervisor. */
  readonly maxChildren?: number;
}

/** The restarts of a window as the inspector is shown them. */
export function restartStatus(window: RestartWindow, now: number): RestartStatus {
  const { intensity, periodMs } = window.limit;
  return { inWindow: window.inWindow(now), max: intensity, periodMs, total: window.total };
}

/** Most children that a status lists. */
export const MOST_LISTED = 1_000;

/** A child as the inspector is shown it at `now`. */
export function childStatus(child: StaticChild, now: number): ChildStatus {
  const { entry, spec, restarts, lastExit, retry, attempts } = child;
  const { restart, shutdown, significant } = spec;
  return { ...entry, restart, shutdown, significant, restarts, lastExit, ...nextTry(retry?.due?.atMs, attempts, now) };
}

/** The attempt that is due at `atMs`, for a status; nothing where no back-off is waiting. */
export function nextTry(
  atMs: number | undefined,
  attempts: RestartAttempts | undefined,
  now: number,
): Pick<ChildStatus, "nextTry"> {
  if (atMs === undefined || attempts === undefined) return {};
  return { nextTry: { attempt: attempts.made, inMs: Math.max(0, Math.ceil(atMs - now)) } };
}
