import type { Lease } from "./claim.js";

/** Why a request for a lease was not granted. */
export type LeaseRefusal =
  /** Nothing became free in time. */
  | { readonly ok: false; readonly reason: "timeout" }
  /** Too many wait already, or nothing is free and the request does not wait. `retryAfterMs` is when it may be worth asking again. */
  | { readonly ok: false; readonly reason: "busy"; readonly retryAfterMs: number }
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

/** What the inspector is shown of a lease manager. */
export interface LeaseManagerStatus {
  readonly kind: "lease-manager";
  readonly size: number;
  readonly free: number;
  readonly held: number;
  readonly waiting: number;
  readonly maxWaiting: number;
  /** How long the first in the queue has waited; `undefined` when nobody waits. */
  readonly longestWaitMs: number | undefined;
  /** What happened since the start. */
  readonly totals: Readonly<LeaseTotals>;
  /** The leases in the order of their grants, at most 100. */
  readonly leases: readonly LeaseStatus[];
  /** Who waits, the first first, at most 100. */
  readonly queue: readonly WaiterStatus[];
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
  readonly waitedMs: number;
}
