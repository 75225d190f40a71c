/** What a supervisor does to the siblings of a child that must be restarted; see {@link plan}. */
export type Strategy = "one_for_one" | "one_for_all" | "rest_for_one";

/**
 * When an ended child is started again: `permanent` always, `transient` after an abnormal end only, `temporary` never.
 *
 * The ends that count as normal are those of `isNormalExit`: `"normal"`, `"shutdown"` and `{ shutdown: detail }`.
 */
export type RestartType = "permanent" | "transient" | "temporary";

/**
 * How a child is stopped: milliseconds from the exit signal `shutdown` until it is killed, `"infinity"` to wait as long as it takes, or
 * `"brutal_kill"` to kill it at once, without its `terminate`.
 */
export type Shutdown = number | "infinity" | "brutal_kill";

/** Whether a child is itself a supervisor: decides the default `shutdown` and how it is counted. */
export type ChildType = "worker" | "supervisor";

/**
 * Whether a supervisor stops when its significant children end by themselves: `never`, with the first of them (`any_significant`) or with
 * the last (`all_significant`).
 */
export type AutoShutdown = "never" | "any_significant" | "all_significant";

/** The name of a child among its siblings. */
export type ChildId = string | number;
