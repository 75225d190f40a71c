import type { InitResult } from "../src/index.js";

/** Tells whether an `init` answered for itself, with `{ ignore: true }` or `{ stop: reason }`, and has no plan. */
export function isInitResult(returned: unknown): returned is InitResult {
  if (typeof returned !== "object" || returned === null) return false;
  return ("ignore" in returned && returned.ignore === true) || "stop" in returned;
}
