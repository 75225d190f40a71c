import { type ActorSystem, type AnyRef, BadArgumentError } from "../../src/index.js";
import { type GetLeaseOptions, wrongGetOptions } from "./lease-options.js";
import type { LeaseRefusal } from "./lease-results.js";

/** The refusals that say nothing but their reason, made once. */
export const TIMED_OUT: LeaseRefusal = { ok: false, reason: "timeout" };
export const DRAINING: LeaseRefusal = { ok: false, reason: "draining" };
export const ABORTED: LeaseRefusal = { ok: false, reason: "aborted" };
export const HOLDER_DEAD: LeaseRefusal = { ok: false, reason: "holder_dead" };
const HOLDER_REQUIRED: LeaseRefusal = { ok: false, reason: "holder_required" };

/** Why a request with these options is refused; `undefined` when they can be used. */
export function refusalOfOptions(options: GetLeaseOptions): LeaseRefusal | undefined {
  const wrong = wrongGetOptions(options);
  return wrong === undefined ? undefined : { ok: false, reason: "bad_options", expected: wrong };
}

/** Why an actor that is not watched yet, or nobody, cannot be the holder of a lease; `undefined` when it can. */
export function refusalOfHolder(
  system: ActorSystem,
  holder: AnyRef | undefined,
  leaseMs: number,
): LeaseRefusal | undefined {
  if (holder === undefined) return leaseMs === Number.POSITIVE_INFINITY ? HOLDER_REQUIRED : undefined;
  try {
    return system.isAlive(holder) ? undefined : HOLDER_DEAD;
  } catch (error) {
    if (error instanceof BadArgumentError) return { ok: false, reason: "bad_options", expected: error.message };
    throw error;
  }
}
