/** What the inspector is shown of a stage. */
export interface StageStatus {
  readonly kind: "stage";
  readonly type: "producer" | "producer_consumer" | "consumer";
  /** Subscriptions to others, and whom to, the first 100. */
  readonly producers?: { readonly count: number; readonly list: readonly string[] };
  /** Subscriptions of others, and whose, the first 100. */
  readonly consumers?: { readonly count: number; readonly list: readonly string[] };
  /** Events that wait for demand. */
  readonly buffered?: number;
  /** Events that did not fit since the start. */
  readonly discarded?: number;
  readonly demand?: "forward" | "accumulate";
}

const MOST_LISTED = 100;

/** A list of stages in a status. */
export function listed(refs: readonly { toString(): string }[]): {
  readonly count: number;
  readonly list: readonly string[];
} {
  return { count: refs.length, list: refs.slice(0, MOST_LISTED).map(String) };
}
