import { BadArgumentError, whatCame } from "../../src/index.js";
import type { CircuitOptions } from "./circuit.js";

/** How large the pool of a lease manager with a factory is, and how its resources are looked after. */
export interface ResourcePoolOptions {
  /** So many resources are kept at least, made before anyone asks; 0 by default: none is made before the first request. */
  readonly min?: number;
  /** Never more than so many at once, those being made or closed included; 10 by default. */
  readonly max?: number;
  /** A resource not known to be good for so long is checked before it is lent, in milliseconds; 1,000 by default, 0 always, `Infinity` never. */
  readonly checkAfterMs?: number;
  /** A free resource is checked so often, in milliseconds; 30,000 by default, `Infinity` never. */
  readonly checkEveryMs?: number;
  /** A resource that nobody wanted for so long is closed while there are more than `min`, in milliseconds; 60,000 by default. */
  readonly idleMs?: number;
  /** A resource of this age is closed when it is free, in milliseconds; 1,800,000 by default. Up to a tenth less, drawn for each. */
  readonly maxAgeMs?: number;
  /** How long making a resource may take, in milliseconds; 10,000 by default. */
  readonly createTimeoutMs?: number;
  /** How long a check may take, in milliseconds; 5,000 by default. */
  readonly checkTimeoutMs?: number;
  /** How long closing may take, in milliseconds; 5,000 by default. Then the resource is forgotten. */
  readonly closeTimeoutMs?: number;
  /** After how many failures in a row to make one nobody waits for the next attempt any more, and the pauses between attempts: 5, 100 ms, 30,000 ms. */
  readonly circuit?: Partial<CircuitOptions>;
}

/** The names of all options of a pool. */
export const poolOptionNames = [
  "min",
  "max",
  "checkAfterMs",
  "checkEveryMs",
  "idleMs",
  "maxAgeMs",
  "createTimeoutMs",
  "checkTimeoutMs",
  "closeTimeoutMs",
  "circuit",
] as const satisfies readonly (keyof ResourcePoolOptions)[];

/** Options of a pool with every default filled in. */
export type CheckedResourcePoolOptions = Required<Omit<ResourcePoolOptions, "circuit">> & {
  readonly circuit: CircuitOptions;
};

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
const FAILURES = 5;

/**
 * Checks the options of a pool and fills in the defaults.
 *
 * @throws {BadArgumentError} for the first that cannot be used
 */
export function checkPoolOptions(options: ResourcePoolOptions): CheckedResourcePoolOptions {
  const {
    min = 0,
    max = 10,
    checkAfterMs = 1_000,
    checkEveryMs = 30_000,
    idleMs = 60_000,
    maxAgeMs = 1_800_000,
    createTimeoutMs = 10_000,
    checkTimeoutMs = 5_000,
    closeTimeoutMs = 5_000,
    circuit = {},
  } = options;
  const { failures = FAILURES, firstPauseMs = FIRST_PAUSE_MS, longestPauseMs = LONGEST_PAUSE_MS } = circuit;
  checkCount("max", max, 1);
  checkCount("min", min, 0);
  if (min > max) throw new BadArgumentError(`Expected min to be at most max, ${max}; got ${min}`);
  checkCount("circuit.failures", failures, 1);
  checkDuration("checkAfterMs", checkAfterMs, 0);
  const durations = { checkEveryMs, idleMs, maxAgeMs, createTimeoutMs, checkTimeoutMs, closeTimeoutMs };
  for (const [name, value] of Object.entries(durations)) checkDuration(name, value, 1);
  for (const [name, value] of Object.entries({ firstPauseMs, longestPauseMs })) {
    checkDuration(`circuit.${name}`, value, 1);
    if (!Number.isFinite(value)) throw new BadArgumentError(`Expected circuit.${name} to be finite; got ${value}`);
  }
  return { min, max, checkAfterMs, ...durations, circuit: { failures, firstPauseMs, longestPauseMs } };
}

function checkCount(name: string, value: unknown, least: number): void {
  if (Number.isSafeInteger(value) && typeof value === "number" && value >= least) return;
  throw new BadArgumentError(`Expected ${name} to be a whole number from ${least}; got ${whatCame(value)}`);
}

function checkDuration(name: string, value: unknown, least: number): void {
  if (typeof value === "number" && value >= least) return;
  throw new BadArgumentError(
    `Expected ${name} to be a number of milliseconds from ${least}, or Infinity; got ${whatCame(value)}`,
  );
}
