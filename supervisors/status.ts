import type { ExitReason } from "../src/index.js";
import type { ChildEntry } from "./results.js";
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
  /** The children in start order, at most 1,000 of them; none for a dynamic supervisor. */
  readonly entries: readonly ChildStatus[];
  /** Most children, for a dynamic supervisor. */
  readonly maxChildren?: number;
}

/** The restarts of a window as the inspector is shown them. */
export function restartStatus(window: RestartWindow, now: number): RestartStatus {
  const { intensity, periodMs } = window.limit;
  return { inWindow: window.inWindow(now), max: intensity, periodMs, total: window.total };
}
