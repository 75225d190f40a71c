import { errorOfReason, formatReason, StartError } from "holdfast";
import { CoresError } from "holdfast/cluster";

/**
 * Why the server did not start, in one sentence for a person.
 *
 * A supervisor that cannot start says which child could not, and that child why, down to the error that was thrown: that one is told.
 */
export function startProblem(error: unknown): string {
  // Of a core's error the sentence is enough, as of one's own.
  if (error instanceof CoresError) return error.message.split("\n")[0] ?? "";
  if (!(error instanceof StartError)) return error instanceof Error ? error.message : String(error);
  let { reason } = error;
  for (let inner = causeOf(reason); inner !== undefined; inner = causeOf(reason)) reason = inner;
  return errorOfReason(reason)?.message ?? formatReason(reason);
}

/** What a reason of the shape `{ shutdown: { failed_to_start_child, reason } }` was caused by. */
function causeOf(reason: unknown): unknown {
  if (typeof reason !== "object" || reason === null || !("shutdown" in reason)) return undefined;
  const { shutdown } = reason;
  return typeof shutdown === "object" && shutdown !== null && "reason" in shutdown ? shutdown.reason : undefined;
}
