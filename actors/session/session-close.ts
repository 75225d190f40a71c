import type { ExitReason } from "../../src/index.js";
import { CloseCode } from "../../src/protocol/close-codes.js";

/** A close code for a client, and why. */
export interface SessionClose {
  readonly code: number;
  readonly reason: string;
  /** When the client may come back, in milliseconds. */
  readonly retryAfterMs?: number;
}

/**
 * How the socket of a client is closed when its session ends for `reason`: as the reason says, if it is `{ shutdown: { code, reason } }`, by which a session and its connection tell each other; as a drain when
 * the server stops; else as a failure of the server's, after which the client tries to resume.
 */
export function closeFor(reason: ExitReason): SessionClose {
  if (typeof reason === "object" && reason !== null && "shutdown" in reason) {
    const { shutdown } = reason;
    if (isClose(shutdown)) return shutdown;
  }
  if (reason === "shutdown") return { code: CloseCode.drain, reason: "drain" };
  if (reason === "normal") return { code: CloseCode.normal, reason: "" };
  return { code: CloseCode.serverError, reason: "server_error" };
}

function isClose(value: unknown): value is SessionClose {
  return (
    typeof value === "object" &&
    value !== null &&
    "code" in value &&
    typeof value.code === "number" &&
    "reason" in value &&
    typeof value.reason === "string"
  );
}
