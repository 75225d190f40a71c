import type { SchemaIssue } from "../../src/index.js";
import type { Checked } from "./channel-schemas.js";

/** What a client is answered whose params or payload were refused. */
export interface Refusal {
  readonly reason: string;
  /** With what does not fit: at most 10 issues, each with a text of at most 200 characters and a path. */
  readonly issues?: readonly SchemaIssue[];
  /** How many issues there were besides. */
  readonly omitted?: number;
}

/**
 * The answer to what did not pass its check; `misfit` is the reason for a value that does not fit.
 *
 * Of a schema that failed the client is told that and nothing more: what went wrong is the server's own.
 */
export function refusalFor(checked: Exclude<Checked, { ok: true }>, misfit: string): Refusal {
  if (checked === "unknown_event") return { reason: "unknown_event" };
  if (checked.reason === "schema_failed") return { reason: "schema_failed" };
  const { issues, omitted } = checked;
  return omitted === 0 ? { reason: misfit, issues } : { reason: misfit, issues, omitted };
}
