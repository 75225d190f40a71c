import { SupervisorSpecError, unexpected } from "./spec-error.js";
import type { RestartLimit } from "./strategy/intensity.js";
import type { AutoShutdown, Strategy } from "./strategy/terms.js";

/** The flags of a supervisor: how it restarts its children, and when it gives up. */
export interface SupervisorFlags {
  /** What a restart does to the siblings; `"one_for_one"` by default. */
  readonly strategy?: Strategy;
  /** Most restarts within {@link SupervisorFlags.periodMs}; one more ends the supervisor. 3 by default. */
  readonly intensity?: number;
  /** The time in which restarts are counted, in milliseconds; 5,000 by default. */
  readonly periodMs?: number;
  /** Whether the supervisor stops when its significant children have ended; `"never"` by default. */
  readonly autoShutdown?: AutoShutdown;
}

/** Supervisor flags with every default filled in. */
export type CheckedFlags = Required<SupervisorFlags>;

type Unchecked = { readonly [Key in keyof SupervisorFlags]?: unknown };

/**
 * Checks supervisor flags and fills in the defaults. Unknown flags are ignored.
 *
 * @throws {SupervisorSpecError} for the first flag that cannot be used
 */
export function checkFlags(flags: Unchecked): CheckedFlags {
  const { strategy = "one_for_one", autoShutdown = "never" } = flags;
  if (!isStrategy(strategy)) {
    throw unexpected("invalid_strategy", "strategy", '"one_for_one", "one_for_all" or "rest_for_one"', strategy);
  }
  const limit = checkLimit(flags);
  if (!isAutoShutdown(autoShutdown)) {
    const expected = '"never", "any_significant" or "all_significant"';
    throw unexpected("invalid_auto_shutdown", "autoShutdown", expected, autoShutdown);
  }
  return { strategy, ...limit, autoShutdown };
}

/** The flags of a dynamic supervisor. */
export interface DynamicSupervisorFlags {
  /** A dynamic supervisor knows one strategy, `"one_for_one"`. */
  readonly strategy?: "one_for_one";
  /** Most restarts within {@link DynamicSupervisorFlags.periodMs}, of all children together; one more ends the supervisor. 3 by default. */
  readonly intensity?: number;
  /** The time in which restarts are counted, in milliseconds; 5,000 by default. */
  readonly periodMs?: number;
  /** Most children at a time, those that are being restarted included; `Infinity` by default. */
  readonly maxChildren?: number;
}

/** Flags of a dynamic supervisor with every default filled in. */
export type CheckedDynamicFlags = RestartLimit & { readonly maxChildren: number };

/**
 * Checks the flags of a dynamic supervisor and fills in the defaults. Unknown flags are ignored.
 *
 * @throws {SupervisorSpecError} for the first flag that cannot be used
 */
export function checkDynamicFlags(
  flags: Unchecked & { readonly [Key in keyof DynamicSupervisorFlags]?: unknown },
): CheckedDynamicFlags {
  const { strategy = "one_for_one", autoShutdown = "never", maxChildren = Number.POSITIVE_INFINITY } = flags;
  if (strategy !== "one_for_one") {
    throw unexpected("invalid_strategy", "strategy of a dynamic supervisor", '"one_for_one"', strategy);
  }
  if (autoShutdown !== "never") {
    const text = 'Expected autoShutdown to be "never": the children of a dynamic supervisor cannot be significant';
    throw new SupervisorSpecError(isAutoShutdown(autoShutdown) ? "bad_combination" : "invalid_auto_shutdown", text);
  }
  if (!isWholeFrom(maxChildren, 0) && maxChildren !== Number.POSITIVE_INFINITY) {
    throw unexpected("invalid_max_children", "maxChildren", "a whole number from 0, or Infinity", maxChildren);
  }
  return { ...checkLimit(flags), maxChildren };
}

const DEFAULT_INTENSITY = 3;
const DEFAULT_PERIOD_MS = 5_000;

function checkLimit({ intensity = DEFAULT_INTENSITY, periodMs = DEFAULT_PERIOD_MS }: Unchecked): RestartLimit {
  if (!isWholeFrom(intensity, 0))
    throw unexpected("invalid_intensity", "intensity", "a whole number from 0", intensity);
  if (!isWholeFrom(periodMs, 1)) {
    throw unexpected("invalid_period", "periodMs", "a whole number of milliseconds from 1", periodMs);
  }
  return { intensity, periodMs };
}

function isWholeFrom(value: unknown, least: number): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= least;
}

function isStrategy(value: unknown): value is Strategy {
  return value === "one_for_one" || value === "one_for_all" || value === "rest_for_one";
}

function isAutoShutdown(value: unknown): value is AutoShutdown {
  return value === "never" || value === "any_significant" || value === "all_significant";
}
