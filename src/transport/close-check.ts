import { TransportError } from "./transport-error.js";

const LONGEST_REASON_BYTES = 123;

/**
 * Checks what a socket is asked to close with; the bounds are those of a WebSocket, whatever carries the conversation.
 *
 * @throws {TransportError} `bad_close` for a code outside 1000-1014 (without 1004-1006) and 3000-4999, or a reason above 123 bytes
 */
export function checkClose(code: number, reason: string): void {
  const sendable = (code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999);
  if (!Number.isInteger(code) || !sendable) {
    throw new TransportError("bad_close", `close code ${code} cannot be sent: use 1000-1003, 1007-1014 or 3000-4999`);
  }
  const bytes = Buffer.byteLength(reason);
  if (bytes > LONGEST_REASON_BYTES) {
    throw new TransportError(
      "bad_close",
      `the reason of close code ${code} has ${bytes} bytes, a close frame has room for ${LONGEST_REASON_BYTES}: shorten it`,
    );
  }
}
