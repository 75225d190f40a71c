import type { CircuitState } from "./circuit.js";
import type { Lease } from "./lease.js";
import type { WaitTimes } from "./wait-times.js";

/** Why a request for a lease was not granted. */
export type LeaseRefusal =
  /** Nothing became free in time. */
  | { readonly ok: false; readonly reason: "timeout" }
  /** Too many wait already, or nothing is free and the request does not wait. `retryAfterMs` is when it may be worth asking again. */
  | { readonly ok: false; readonly reason: "busy"; readonly retryAfterMs: number }
  /** There is no resource, and none can be made at the moment. `retryAfterMs` is when the next attempt is made; `Infinity` when there is none. */
  | { readonly ok: false; readonly reason: "unavailable"; readonly retryAfterMs: number }
  /** The manager is being drained, or was: it lends nothing any more. */
  | { readonly ok: false; readonly reason: "draining" }
  /** The signal of the request was aborted. */
  | { readonly ok: false; readonly reason: "aborted" }
  /** The actor that was to hold the lease is not alive. */
  | { readonly ok: false; readonly reason: "holder_dead" }
  /** A lease without expiry needs a holder that can be watched: call from an actor, or give `holder`. */
  | { readonly ok: false; readonly reason: "holder_required" }
  /** The options cannot be used; `expected` says what would be, and what came. */
  | { readonly ok: false; readonly reason: "bad_options"; readonly expected: string };

/** The answer to a request for a lease. */
export type GetLeaseResult<Resource> = { readonly ok: true; readonly lease: Lease<Resource> } | LeaseRefusal;

/** The answer to a return: `not_holder` when the lease had expired, was returned before, or never was. */
export type ReturnLeaseResult = { readonly ok: true } | { readonly ok: false; readonly reason: "not_holder" };

/** The answer to a renewal. */
export type RenewLeaseResult<Resource> =
  | { readonly ok: true; readonly lease: Lease<Resource> }
  | { readonly ok: false; readonly reason: "not_holder" }
  | { readonly ok: false; readonly reason: "bad_options"; readonly expected: string };

/** The answer to a drain, when every resource is closed; `revoked` is how many leases were still out when its time was over. */
export type LeaseDrainResult =
  | { readonly ok: true; readonly revoked: number }
  | { readonly ok: false; readonly reason: "bad_options"; readonly expected: string };

/** What a lease manager has and what it did since its start. */
export interface LeaseStats {
  /** Resources there are, lent or not. */
  readonly size: number;
  readonly free: number;
  readonly held: number;
  readonly waiting: number;
  readonly maxWaiting: number;
  readonly draining: boolean;
  readonly totals: Readonly<LeaseTotals>;
  /** How long those waited who got a lease. */
  readonly waits: WaitTimes;
  /** Of a manager with a factory. */
  readonly pool: ResourcePoolStats | undefined;
}

/** What is being done to the resources of a pool. */
export interface ResourcePoolStats {
  readonly min: number;
  readonly max: number;
  readonly creating: number;
  readonly checking: number;
  readonly closing: number;
  readonly circuit: CircuitState;
  /** How many attempts to make a resource failed since the last that did not. */
  readonly failures: number;
  /** When the next attempt is made, where the circuit pauses. */
  readonly retryAfterMs: number | undefined;
  /** Since the start. */
  readonly totals: Readonly<ResourcePoolTotals>;
}

/** Counts since the start of a lease manager. */
export interface LeaseTotals {
  granted: number;
  returned: number;
  expired: number;
  /** Leases taken back because their holder died. */
  holderDied: number;
  timedOut: number;
  busy: number;
  /** Requests that were refused because no resource could be made. */
  unavailable: number;
  aborted: number;
  /** Leases whose holder had the resource destroyed. */
  destroyed: number;
}

/** What a lease manager with a factory counts besides. */
export interface ResourcePoolTotals {
  created: number;
  createFailed: number;
  checkFailed: number;
  /** Resources that said by themselves that they are broken. */
  broken: number;
  closed: number;
  closeFailed: number;
}

/** What the inspector is shown of a lease manager. */
export interface LeaseManagerStatus extends LeaseStats {
  readonly kind: "lease-manager";
  /** How long the first in the queue has waited; `undefined` when nobody waits. */
  readonly longestWaitMs: number | undefined;
  /** The leases in the order of their grants, at most 100. */
  readonly leases: readonly LeaseStatus[];
  /** Who waits, the first first, at most 100. */
  readonly queue: readonly WaiterStatus[];
}

/** One lease as the inspector is shown it; `undefined` for a holder or an end that it does not have. */
export interface LeaseStatus {
  readonly token: number;
  readonly holder: string | undefined;
  readonly ageMs: number;
  readonly expiresInMs: number | undefined;
}

/** One who waits, as the inspector is shown it. */
export interface WaiterStatus {
  readonly holder: string | undefined;
  readonly priority: number;
  readonly waitedMs: number;
}
