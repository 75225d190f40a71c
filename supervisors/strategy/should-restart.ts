import { type ExitReason, isNormalExit } from "../../src/index.js";
import type { RestartType, Shutdown } from "./terms.js";

/**
 * Tells whether a child that ended by itself with `reason` must be started again.
 *
 * | restart | normal end | other end |
 * |---|---|---|
 * | permanent | yes | yes |
 * | transient | no | yes |
 * | temporary | no | no |
 */
export function shouldRestart(restart: RestartType, reason: ExitReason): boolean {
  switch (restart) {
    case "permanent":
      return true;
    case "transient":
      return !isNormalExit(reason);
    case "temporary":
      return false;
  }
}

/** Tells whether the end of a child is reported as `child_terminated`: any end of a permanent child, the abnormal end of another. */
export function isTerminationReported(restart: RestartType, reason: ExitReason): boolean {
  return restart === "permanent" || !isNormalExit(reason);
}

/**
 * Tells whether a child that its supervisor stopped ended in another way than asked, which is reported as `shutdown_error`.
 *
 * Asked for is `"shutdown"`, or `"killed"` where the child is killed at once; `"normal"` and `{ shutdown: detail }` will do for a child that is
 * not permanent. `"killed"` after an expired time-out is an error.
 */
export function isShutdownError(restart: RestartType, shutdown: Shutdown, reason: ExitReason): boolean {
  if (shutdown === "brutal_kill") {
    if (reason === "killed") return false;
  } else if (reason === "shutdown") {
    return false;
  }
  return restart === "permanent" || !isNormalExit(reason);
}
