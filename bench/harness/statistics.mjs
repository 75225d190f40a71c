/** What becomes of a row's runs: medians, ratios and verdicts. Pure. */

/**
 * @param {readonly number[]} values at least one
 * @returns {number} the middle one; of an even count the mean of the middle two
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) throw new RangeError("Expected at least one value, got none");
  return sorted.length % 2 === 1 ? upper : (upper + /** @type {number} */ (sorted[middle - 1])) / 2;
}

/**
 * @param {readonly number[]} values at least one
 * @returns {number} how far they lie apart, as a share of their median; 0 when there is but one
 */
export function spread(values) {
  return values.length < 2 ? 0 : (Math.max(...values) - Math.min(...values)) / Math.abs(median(values));
}

/**
 * What is to be reached in a row; data of `bench/targets.mjs`.
 *
 * - `ratio`: the row's figure divided by the peer's is at least, or at most, `at`.
 * - `difference`: the row's figure exceeds the peer's by at most `at`, in the row's unit.
 * - `absolute`: the row's figure itself is at least, or at most, `at`.
 *
 * Whether at least or at most follows from the row: more of it is better, or less.
 *
 * @typedef {{ kind: "ratio" | "difference" | "absolute", at: number }} Goal
 */

/**
 * Judges a figure.
 *
 * @param {Goal} goal
 * @param {"more" | "less"} better which way is better in this row
 * @param {number} value the row's figure
 * @param {number | undefined} peer the peer's figure; `undefined` when it was not measured
 * @returns {"met" | "missed" | "open"} `open`: it cannot be said without the peer
 */
export function judge(goal, better, value, peer) {
  if (goal.kind !== "absolute" && peer === undefined) return "open";
  const reached = goal.kind === "absolute" ? value : goal.kind === "ratio" ? value / (peer ?? 1) : value - (peer ?? 0);
  if (goal.kind === "difference") return reached <= goal.at ? "met" : "missed";
  return (better === "more" ? reached >= goal.at : reached <= goal.at) ? "met" : "missed";
}
