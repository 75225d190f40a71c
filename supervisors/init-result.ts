import { BadReturnError, formatReason, type InitResult } from "../src/index.js";

/** Tells whether an `init` answered for itself, with `{ ignore: true }` or `{ stop: reason }`, and has no plan. */
export function isInitResult(returned: unknown): returned is InitResult {
  if (typeof returned !== "object" || returned === null) return false;
  return ("ignore" in returned && returned.ignore === true) || "stop" in returned;
}

/** Lets `{ ignore: true }` pass where a code change asked `init` again. @throws {BadReturnError} for `{ stop: reason }` */
export function refuseStop(result: InitResult, behaviour: string): void {
  if (!("stop" in result)) return;
  throw new BadReturnError(
    `${behaviour}.init returned { stop: ${formatReason(result.stop)} } to a code change: the supervisor goes on as it was`,
  );
}
