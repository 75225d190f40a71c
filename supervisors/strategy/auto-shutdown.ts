import type { AutoShutdown } from "./terms.js";

/** What {@link endsSupervisor} needs to know of a child. */
export interface SignificantChild {
  readonly significant: boolean;
  /** Whether it runs, or is being restarted. */
  readonly present: boolean;
}

/**
 * Tells whether a supervisor must stop because `ended` ended by itself and is not restarted.
 *
 * Only significant children count: with `any_significant` the first that ends decides, with `all_significant` the last one.
 * `children` are those that are left; `ended` itself may be among them, with `present` false.
 */
export function endsSupervisor(
  mode: AutoShutdown,
  ended: { readonly significant: boolean },
  children: Iterable<SignificantChild>,
): boolean {
  if (mode === "never" || !ended.significant) return false;
  if (mode === "any_significant") return true;
  for (const child of children) {
    if (child.significant && child.present) return false;
  }
  return true;
}
