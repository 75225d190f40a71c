import type { Overflow } from "../../actors/channel/overflow.js";

/** The topics of the simulation: each name begins with the policy of its class. */
export const POLICIES: readonly Overflow[] = ["cursor", "conflate", "drop_oldest", "close"];

const KEYS = 3;

/** The name of a topic of that policy. */
export function topicOf(policy: Overflow, index: number): string {
  return `${policy}:${index + 1}`;
}

/** The policy of a topic. */
export function policyOf(topic: string): Overflow {
  return POLICIES.find((policy) => topic.startsWith(`${policy}:`)) ?? "cursor";
}

/** The key under which a broadcast is conflated; only where that is done. */
export function keyOf(topic: string, n: number): string | undefined {
  return policyOf(topic) === "conflate" ? `k${n % KEYS}` : undefined;
}

/** The latest broadcasts of each key, up to one. */
export function latestOfKeys(topic: string, published: number): number[] {
  if (policyOf(topic) !== "conflate") return [];
  return Array.from({ length: Math.min(KEYS, published) }, (_, back) => published - back);
}
