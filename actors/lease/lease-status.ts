import type { AnyRef } from "../../src/index.js";
import type { Claim } from "./claim.js";
import type { LeaseTable } from "./lease-table.js";
import type { LeaseStatus, LeaseTotals, ResourcePoolStats, WaiterStatus } from "./lease-results.js";
import type { ResourceKeeper } from "./resource-keeper.js";

/** A holder that can be shown. */
interface Shown {
  readonly ref: AnyRef;
}

const MOST_LISTED = 100;

/** The counts of a manager that has done nothing yet. */
export function noTotals(): LeaseTotals {
  return {
    granted: 0,
    returned: 0,
    expired: 0,
    holderDied: 0,
    timedOut: 0,
    busy: 0,
    unavailable: 0,
    aborted: 0,
    destroyed: 0,
  };
}

/** The leases of a table in the order of their grants, at most 100. */
export function leasesOf<Resource, Ticket>(table: LeaseTable<Resource, Shown, Ticket>, now: number): LeaseStatus[] {
  return firstOf(table.heldClaims(), ({ lease, owner, since, deadline }) => ({
    token: lease?.token ?? 0,
    holder: owner?.holder.ref.toString(),
    ageMs: Math.round(now - since),
    expiresInMs: deadline === Number.POSITIVE_INFINITY ? undefined : Math.round(deadline - now),
  }));
}

/** Those who wait, the first first, at most 100. */
export function queueOf<Resource, Ticket>(table: LeaseTable<Resource, Shown, Ticket>, now: number): WaiterStatus[] {
  return firstOf(table.waitingClaims(), ({ owner, priority, since }) => ({
    holder: owner?.holder.ref.toString(),
    priority,
    waitedMs: Math.round(now - since),
  }));
}

/** What is being done to the resources of a pool. */
export function poolStatsOf<Resource, Holder, Ticket>(
  keeper: ResourceKeeper<Resource, Holder, Ticket>,
  checking: number,
  now: number,
): ResourcePoolStats {
  const { options, creating, closing, circuit, totals } = keeper;
  const pauseMs = Math.round(circuit.retryAt - now);
  return {
    min: options.min,
    max: options.max,
    creating,
    checking,
    closing,
    circuit: circuit.state(now),
    failures: circuit.failures,
    retryAfterMs: pauseMs > 0 ? pauseMs : undefined,
    totals: { ...totals },
  };
}

function firstOf<Resource, Ticket, Out>(
  claims: Iterable<Claim<Resource, Shown, Ticket>>,
  show: (claim: Claim<Resource, Shown, Ticket>) => Out,
): Out[] {
  const shown: Out[] = [];
  for (const claim of claims) {
    if (shown.length === MOST_LISTED) break;
    shown.push(show(claim));
  }
  return shown;
}
