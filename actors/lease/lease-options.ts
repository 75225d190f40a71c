import { type AnyRef, BadArgumentError, whatCame } from "../../src/index.js";
import {
  type CheckedResourcePoolOptions,
  checkPoolOptions,
  type ResourcePoolOptions,
  poolOptionNames,
} from "./pool-options.js";
import type { ResourceFactory } from "./resource-factory.js";
import type { StoredTokensOptions } from "./stored-tokens.js";

/**
 * What a lease manager is given at its start: `resources` that are there already, or a `factory` that makes them, with the options of a pool.
 *
 * One of the two is required.
 */
export interface LeaseManagerOptions<Resource> extends ResourcePoolOptions {
  /** The pool, at least one. Each element is a resource of its own, also where two are equal. */
  readonly resources?: readonly Resource[];
  /** Makes, checks and closes resources as they are wanted. */
  readonly factory?: ResourceFactory<Resource>;
  /** How long a lease lasts unless it is renewed, in milliseconds; 30,000 by default, `Infinity` until it is returned. */
  readonly leaseMs?: number;
  /**
   * How long a request waits for a resource, in milliseconds; 4,000 by default, a little less than a call waits for its reply, so that the answer
   * is `timeout` and not a failed call. `Infinity` waits for ever.
   */
  readonly timeoutMs?: number;
  /** How many requests may wait at once; one more is answered `busy`. 1,000 by default. */
  readonly maxWaiting?: number;
  /**
   * What becomes of a resource whose lease ended without a return: its holder died, or its time was over. `"destroy"` closes it, so that a holder that
   * still runs can do no harm with it, and is the default with a factory; `"reuse"` lends it on, and is the only way without one.
   */
  readonly lostLease?: "destroy" | "reuse";
  /** Keeps the fencing tokens rising across restarts of the process also when the machine's clock was set back; see {@link StoredTokensOptions}. */
  readonly tokens?: StoredTokensOptions;
}

/** What a request for a lease may say. */
export interface GetLeaseOptions {
  /** How long to wait, in milliseconds; 0 does not wait. The manager's `timeoutMs` by default. */
  readonly timeoutMs?: number;
  /** How long the lease lasts, in milliseconds. The manager's `leaseMs` by default. */
  readonly leaseMs?: number;
  /** Who has a higher one is served first: a whole number from -100 to 100, 0 by default. Low ones may wait as long as there are higher ones. */
  readonly priority?: number;
  /** Ends the wait when it is aborted: the answer is `aborted`. */
  readonly signal?: AbortSignal;
  /**
   * The actor whose death returns the lease; the actor that calls by default.
   *
   * Give it where the runtime cannot know who calls: after the first `await` of a handler, and for a holder other than the caller.
   */
  readonly holder?: AnyRef;
}

/** What a drain may say. */
export interface LeaseDrainOptions {
  /** How long to wait for leases that are out, in milliseconds; 30,000 by default, `Infinity` for ever. Then they are revoked. */
  readonly timeoutMs?: number;
}

/** Options of a lease manager with every default filled in. */
export interface CheckedLeaseManagerOptions<Resource> {
  readonly resources: readonly Resource[];
  readonly factory: ResourceFactory<Resource> | undefined;
  readonly pool: CheckedResourcePoolOptions;
  readonly leaseMs: number;
  readonly timeoutMs: number;
  readonly maxWaiting: number;
  readonly lostLease: "destroy" | "reuse";
  readonly tokens: StoredTokensOptions | undefined;
}

const DEFAULT_LEASE_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 4_000;
const DEFAULT_MAX_WAITING = 1_000;
const HIGHEST_PRIORITY = 100;

/**
 * Checks the options of a lease manager and fills in the defaults.
 *
 * @throws {BadArgumentError} for the first that cannot be used
 */
export function checkLeaseManagerOptions<Resource>(
  options: LeaseManagerOptions<Resource>,
): CheckedLeaseManagerOptions<Resource> {
  const { resources, factory } = typeof options === "object" && options !== null ? options : {};
  if (factory === undefined ? !isFilled(resources) : resources !== undefined || typeof factory.create !== "function") {
    throw new BadArgumentError(
      `Expected the options of a lease manager with at least one of resources, or with a factory that has create; got ${whatCame(options)}`,
    );
  }
  const {
    leaseMs = DEFAULT_LEASE_MS,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    maxWaiting = DEFAULT_MAX_WAITING,
    lostLease = factory === undefined ? "reuse" : "destroy",
    tokens,
  } = options;
  const wrong = wrongDuration("leaseMs", leaseMs, 1) ?? wrongDuration("timeoutMs", timeoutMs, 0);
  if (wrong !== undefined) throw new BadArgumentError(wrong);
  if (!Number.isSafeInteger(maxWaiting) || maxWaiting < 0) {
    throw new BadArgumentError(`Expected maxWaiting to be a whole number from 0; got ${whatCame(maxWaiting)}`);
  }
  if (lostLease !== "reuse" && (lostLease !== "destroy" || factory === undefined)) {
    throw new BadArgumentError(
      `Expected lostLease to be "reuse", or with a factory "destroy"; got ${whatCame(lostLease)}`,
    );
  }
  const idle = factory === undefined ? poolOptionNames.find((name) => options[name] !== undefined) : undefined;
  if (idle !== undefined) {
    throw new BadArgumentError(
      `Expected ${idle} only with a factory: resources that are given are neither made nor closed`,
    );
  }
  const pool = checkPoolOptions(options);
  return { resources: resources ?? [], factory, pool, leaseMs, timeoutMs, maxWaiting, lostLease, tokens };
}

/** What is wrong with the options of a request, as a text; `undefined` when nothing is. */
export function wrongGetOptions({ timeoutMs, leaseMs, priority, signal }: GetLeaseOptions): string | undefined {
  if (timeoutMs !== undefined) {
    const wrong = wrongDuration("timeoutMs", timeoutMs, 0);
    if (wrong !== undefined) return wrong;
  }
  if (priority !== undefined && !(Number.isInteger(priority) && Math.abs(priority) <= HIGHEST_PRIORITY)) {
    return `Expected priority to be a whole number from -${HIGHEST_PRIORITY} to ${HIGHEST_PRIORITY}; got ${whatCame(priority)}`;
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    return `Expected signal to be an AbortSignal; got ${whatCame(signal)}`;
  }
  return wrongLeaseMs(leaseMs);
}

/** What is wrong with the duration of a lease, as a text; `undefined` when nothing is. */
export function wrongLeaseMs(leaseMs: number | undefined): string | undefined {
  return leaseMs === undefined ? undefined : wrongDuration("leaseMs", leaseMs, 1);
}

/** What is wrong with the options of a drain, as a text; `undefined` when nothing is. */
export function wrongDrainOptions({ timeoutMs = 0 }: LeaseDrainOptions): string | undefined {
  return wrongDuration("timeoutMs", timeoutMs, 0);
}

function isFilled(resources: unknown): boolean {
  return Array.isArray(resources) && resources.length > 0;
}

function wrongDuration(name: string, value: unknown, least: number): string | undefined {
  if (typeof value === "number" && value >= least) return undefined;
  return `Expected ${name} to be a number of milliseconds from ${least}, or Infinity; got ${whatCame(value)}`;
}

/** What a manager has for the moment between its making and its start. */
export function uncheckedOptions<Resource>(): CheckedLeaseManagerOptions<Resource> {
  return {
    resources: [],
    factory: undefined,
    pool: checkPoolOptions({}),
    leaseMs: 0,
    timeoutMs: 0,
    maxWaiting: 0,
    lostLease: "reuse",
    tokens: undefined,
  };
}
