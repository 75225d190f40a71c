import type { ChildId, RestartType, Strategy } from "./terms.js";

/** What {@link plan} needs to know of a child. */
export interface PlannedChild {
  readonly id: ChildId;
  readonly restart: RestartType;
}

/** What one restart does, each list in the order of execution: first all of `stop`, then all of `start`. */
export interface RestartPlan<Child> {
  /** Siblings to stop, the youngest first. Some may not be running: there is nothing to stop then. */
  readonly stop: readonly Child[];
  /** Children to start, the oldest first; the failed one is among them. */
  readonly start: readonly Child[];
  /** Children whose specification goes away: temporary ones are stopped with the group and never come back. */
  readonly drop: readonly Child[];
}

/**
 * Decides which children a restart of `failedId` stops, starts and drops.
 *
 * `children` are in start order. Children that do not run (ended, terminated by hand, ignored) are started together with their group, as in
 * OTP. A temporary child is never restarted and never takes siblings with it: its plan drops it and does nothing else. The plan of an id that
 * is not among the children is empty.
 *
 * ```ts
 * plan(children("a", "b", "d", "e"), "b", "rest_for_one"); // stop e, d; start b, d, e
 * ```
 */
export function plan<Child extends PlannedChild>(
  children: readonly Child[],
  failedId: ChildId,
  strategy: Strategy,
): RestartPlan<Child> {
  const at = children.findIndex((child) => child.id === failedId);
  const failed = children[at];
  if (failed === undefined) return { stop: [], start: [], drop: [] };
  if (failed.restart === "temporary") return { stop: [], start: [], drop: [failed] };
  switch (strategy) {
    case "one_for_one":
      return { stop: [], start: [failed], drop: [] };
    case "rest_for_one":
      return planGroup(children.slice(at), failed);
    case "one_for_all":
      return planGroup(children, failed);
  }
}

function planGroup<Child extends PlannedChild>(group: readonly Child[], failed: Child): RestartPlan<Child> {
  const stop = group.filter((child) => child !== failed).reverse();
  const start = group.filter((child) => child.restart !== "temporary");
  const drop = group.filter((child) => child.restart === "temporary");
  return { stop, start, drop };
}
