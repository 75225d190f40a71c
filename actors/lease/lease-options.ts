import { type AnyRef, BadArgumentError, whatCame } from "../../src/index.js";

/** What a lease manager is given at its start. */
export interface LeaseManagerOptions<Resource> {
  /** The pool, at least one. Each element is a resource of its own, also where two are equal. */
  readonly resources: readonly Resource[];
  /** How long a lease lasts unless it is renewed, in milliseconds; 30,000 by default, `Infinity` until it is returned. */
  readonly leaseMs?: number;
  /**
   * How long a request waits for a resource, in milliseconds; 4,000 by default, a little less than a call waits for its reply, so that the answer
   * is `timeout` and not a failed call. `Infinity` waits for ever.
   */
  readonly timeoutMs?: number;
  /** How many requests may wait at once; one more is answered `busy`. 1,000 by default. */
  readonly maxWaiting?: number;
}

/** What a request for a lease may say. */
export interface GetLeaseOptions {
  /** How long to wait, in milliseconds; 0 does not wait. The manager's `timeoutMs` by default. */
  readonly timeoutMs?: number;
  /** How long the lease lasts, in milliseconds. The manager's `leaseMs` by default. */
  readonly leaseMs?: number;
  /**
   * The actor whose death returns the lease; the actor that calls by default.
   *
   * Give it where the runtime cannot know who calls: after the first `await` of a handler, and for a holder other than the caller.
   */
  readonly holder?: AnyRef;
}

/** Options of a lease manager with every default filled in. */
export type CheckedLeaseManagerOptions<Resource> = Required<LeaseManagerOptions<Resource>>;

const DEFAULT_LEASE_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 4_000;
const DEFAULT_MAX_WAITING = 1_000;

/**
 * Checks the options of a lease manager and fills in the defaults.
 *
 * @throws {BadArgumentError} for the first that cannot be used
 */
export function checkLeaseManagerOptions<Resource>(
  options: LeaseManagerOptions<Resource>,
): CheckedLeaseManagerOptions<Resource> {
  if (
    typeof options !== "object" ||
    options === null ||
    !Array.isArray(options.resources) ||
    options.resources.length === 0
  ) {
    throw new BadArgumentError(
      `Expected the options of a lease manager with at least one of resources; got ${whatCame(options)}`,
    );
  }
  const {
    resources,
    leaseMs = DEFAULT_LEASE_MS,
    timeoutMs = DEFAULT_TIMEOUT_MS,
    maxWaiting = DEFAULT_MAX_WAITING,
  } = options;
  const wrong = wrongDuration("leaseMs", leaseMs, 1) ?? wrongDuration("timeoutMs", timeoutMs, 0);
  if (wrong !== undefined) throw new BadArgumentError(wrong);
  if (!Number.isSafeInteger(maxWaiting) || maxWaiting < 0) {
    throw new BadArgumentError(`Expected maxWaiting to be a whole number from 0; got ${whatCame(maxWaiting)}`);
  }
  return { resources, leaseMs, timeoutMs, maxWaiting };
}

/** What is wrong with the options of a request, as a text; `undefined` when nothing is. */
export function wrongGetOptions({ timeoutMs, leaseMs }: GetLeaseOptions): string | undefined {
  const wrongTimeout = timeoutMs === undefined ? undefined : wrongDuration("timeoutMs", timeoutMs, 0);
  return wrongTimeout ?? wrongLeaseMs(leaseMs);
}

/** What is wrong with the duration of a lease, as a text; `undefined` when nothing is. */
export function wrongLeaseMs(leaseMs: number | undefined): string | undefined {
  return leaseMs === undefined ? undefined : wrongDuration("leaseMs", leaseMs, 1);
}

function wrongDuration(name: string, value: unknown, least: number): string | undefined {
  if (typeof value === "number" && value >= least) return undefined;
  return `Expected ${name} to be a number of milliseconds from ${least}, or Infinity; got ${whatCame(value)}`;
}
