import { BadArgumentError, whatCame } from "../kernel/errors.js";
import type { Engine } from "./engine.js";

/** Runs the program on several cores of one machine: a process for each, and one more that keeps them running. */
export interface CoresOptions {
  /** How many processes run the application, from 1 to 256. */
  readonly cores: number;
  /** The module that each of them loads, as a path; by default the one that this process was started with. */
  readonly main?: string;
  /** How a core is started again that has ended. */
  readonly restart?: CoreRestart;
  /** How long a core may take to start, in milliseconds; 30,000 by default. */
  readonly startTimeoutMs?: number;
  /** How long a core may take to stop, in milliseconds; then its process is ended. 30,000 by default. */
  readonly stopTimeoutMs?: number;
  /** How long a core that is stopped, or too busy to say that it lives, keeps what it holds, in milliseconds; 5,000 by default. */
  readonly leaseMs?: number;
}

/** The waits between the attempts to start a core again, which grow, and how many there are in a row. */
export interface CoreRestart {
  /** The longest delay before the first attempt, in milliseconds; 100 by default. */
  readonly baseMs?: number;
  /** The longest delay of all, in milliseconds; 10,000 by default. */
  readonly capMs?: number;
  /** How long a core must have run for its attempts to count anew, in milliseconds; 10,000 by default. */
  readonly stableMs?: number;
  /** After how many attempts in a row the host gives up, which stops all cores; 8 by default. */
  readonly maxAttempts?: number;
}

/** Joins a cluster through an engine. */
export interface EngineOptions {
  readonly engine: Engine;
  /** This node's name in the cluster, which stays the same when its process starts again; the engine chooses one by default. */
  readonly name?: string;
}

/** The option `cluster` of `createSystem`. */
export type ClusterOptions = CoresOptions | EngineOptions;

/** {@link CoresOptions} with their defaults. */
export interface CoresSettings {
  readonly cores: number;
  readonly main: string | undefined;
  readonly restart: Required<CoreRestart>;
  readonly startTimeoutMs: number;
  readonly stopTimeoutMs: number;
  readonly leaseMs: number;
}

const MOST_CORES = 256;

/** Checks the options and fills in the defaults. @throws {BadArgumentError} */
export function resolveCores(options: CoresOptions): CoresSettings {
  const { cores, main, restart = {}, startTimeoutMs = 30_000, stopTimeoutMs = 30_000, leaseMs = 5_000 } = options;
  if (!Number.isInteger(cores) || cores < 1 || cores > MOST_CORES) {
    throw new BadArgumentError(
      `Expected cluster.cores to be an integer from 1 to ${MOST_CORES}, got ${whatCame(cores)}`,
    );
  }
  if (main !== undefined && (typeof main !== "string" || main === "")) {
    throw new BadArgumentError(`Expected cluster.main to be the path of a module, got ${whatCame(main)}`);
  }
  const { baseMs = 100, capMs = 10_000, stableMs = 10_000, maxAttempts = 8 } = restart;
  const times = { startTimeoutMs, stopTimeoutMs, leaseMs, baseMs, capMs, stableMs, maxAttempts };
  for (const [name, value] of Object.entries(times)) checkAtLeast(name, value, name === "leaseMs" ? 1_000 : 1);
  return {
    cores,
    main,
    restart: { baseMs, capMs, stableMs, maxAttempts },
    startTimeoutMs,
    stopTimeoutMs,
    leaseMs,
  };
}

function checkAtLeast(name: string, value: number, least: number): void {
  if (typeof value === "number" && value >= least) return;
  throw new BadArgumentError(`Expected cluster.${name} to be a number from ${least}, got ${whatCame(value)}`);
}
