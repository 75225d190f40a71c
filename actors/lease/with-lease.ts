import { type ActorRef, HoldfastError } from "../../src/index.js";
import type { Lease } from "./lease.js";
import type { LeaseManager } from "./lease-manager.js";
import type { GetLeaseOptions } from "./lease-options.js";
import type { LeaseRefusal } from "./lease-results.js";
import { LocalLeases } from "./local-leases.js";

/** Thrown by {@link withLease} when there was no lease; `code` is the reason of the refusal. */
export class LeaseError extends HoldfastError {
  override readonly name = "LeaseError";
  readonly code: LeaseRefusal["reason"];
  /** For `busy` and `unavailable`: the milliseconds after which it may be worth asking again. */
  readonly retryAfterMs: number | undefined;

  constructor(refusal: LeaseRefusal) {
    super(textOf(refusal));
    this.code = refusal.reason;
    this.retryAfterMs = "retryAfterMs" in refusal ? refusal.retryAfterMs : undefined;
  }
}

/**
 * Runs a function with a lease and returns the lease afterwards, whatever becomes of the function.
 *
 * ```ts
 * const rows = await withLease(pool, { timeoutMs: 500 }, (lease) => lease.resource.query("select 1"));
 * ```
 *
 * The first argument is a manager, or what `leasesOf` has found. Resolves with what the function returned. `options.signal` ends the wait for a lease;
 * the function, which cannot be interrupted, looks at it by itself.
 * The lease is not renewed by itself: a function that may take longer than `leaseMs` renews it, or looks at `lease.held` before it does what
 * must not be done twice; `lease.signal` is aborted when the lease is lost. An actor that calls this after the first `await` of its handler gives
 * itself as `holder`.
 *
 * @throws {LeaseError} when no lease was granted
 * @throws {CallError} when the manager has ended
 */
export async function withLease<Resource, Result>(
  manager: ActorRef<LeaseManager<Resource>> | LocalLeases<Resource>,
  options: GetLeaseOptions,
  use: (lease: Lease<Resource>) => Result | Promise<Result>,
): Promise<Result> {
  const isLocal = manager instanceof LocalLeases;
  // No time-out of the call's own: the manager answers when the wait is over.
  const result = await (isLocal ? manager : manager.callWithin(Number.POSITIVE_INFINITY)).get(options);
  if (!result.ok) throw new LeaseError(result);
  try {
    // The signal may have been aborted while the lease was on its way.
    if (options.signal?.aborted === true) throw new LeaseError({ ok: false, reason: "aborted" });
    return await use(result.lease);
  } finally {
    // Cast, so that a manager that has ended meanwhile does not hide what the function returned or threw.
    (isLocal ? manager : manager.cast).return(result.lease);
  }
}

function textOf(refusal: LeaseRefusal): string {
  switch (refusal.reason) {
    case "timeout":
      return "Got no lease: nothing became free in time";
    case "busy":
      return `Got no lease: too many wait already, try again in ${refusal.retryAfterMs} ms`;
    case "unavailable":
      return refusal.retryAfterMs === Number.POSITIVE_INFINITY
        ? "Got no lease: the pool has no resource left"
        : `Got no lease: there is no resource, and making one keeps failing; the next attempt is in ${refusal.retryAfterMs} ms`;
    case "draining":
      return "Got no lease: the pool is being emptied and lends nothing any more";
    case "aborted":
      return "Got no lease: the signal of the request was aborted";
    case "holder_dead":
      return "Got no lease: the actor that was to hold it is not alive";
    case "holder_required":
      return "Got no lease: one without expiry needs a holder that can be watched. Call from an actor, or give holder or leaseMs.";
    case "bad_options":
      return `Got no lease. ${refusal.expected}`;
  }
}
