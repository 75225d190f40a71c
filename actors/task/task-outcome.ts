import type { ExitReason } from "../../src/index.js";

/** How a task ended: with a value, or with the reason for which it has none. */
export type TaskOutcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly reason: ExitReason };

/**
 * What a shutdown answers, by how the task ended.
 *
 * A task that replied before it ended has its value. One that ended with the reason it was asked to end with has nothing to tell; any other
 * reason is told.
 */
export function outcomeOfShutdown<Value>(
  outcome: TaskOutcome<Value>,
  asked: "shutdown" | "killed",
): TaskOutcome<Value> | undefined {
  return outcome.ok || outcome.reason !== asked ? outcome : undefined;
}
