import type { ClientRandom } from "./clock.js";
import type { BackoffRules } from "./options.js";

/**
 * Draws the delay before an attempt: full jitter, `random(0, min(cap, base * 2^attempt))`, from the very first one.
 *
 * `attempt` counts from 0. A thousand clients that lost one server at one moment thus come back spread over the whole range.
 */
export function backoffDelay(
  attempt: number,
  { backoff, random }: { readonly backoff: Pick<BackoffRules, "baseMs" | "capMs">; readonly random: ClientRandom },
): number {
  // From 1,024 on the power is Infinity, of which a base of 0 would make NaN.
  return random.next() * Math.min(backoff.capMs, backoff.baseMs * 2 ** attempt || 0);
}
