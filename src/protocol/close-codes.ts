import { DEFAULT_LIMITS } from "./limits.js";
import { utf8Length } from "./text-bytes.js";

/** Codes that a client judges by itself; apart from the table of names, which a page that names none then need not carry. */
export const CLOSE_NORMAL = 1000;
export const CLOSE_TOO_BIG = 1009;
export const CLOSE_DROPPED = 4200;
export const CLOSE_HEARTBEAT = 4203;

/**
 * Every WebSocket close code that the protocol uses.
 *
 * | range | meaning |
 * |---|---|
 * | 1000 | the session ended as wanted: do not reconnect |
 * | 4000-4099 | terminal: do not reconnect |
 * | 4100-4199 | reconnect with a new session |
 * | 4200-4299, and every other code | reconnect and resume, not before `retryAfterMs` |
 */
export const CloseCode = {
  /** The session ended as wanted: `bye`, or a clean stop. A stock Phoenix client never gets it. */
  normal: CLOSE_NORMAL,
  /** For a stock Phoenix client: kicked. */
  goingAway: 1001,
  /** The connection broke without a close frame. Never sent, only seen. */
  abnormal: 1006,
  /** A frame above the payload limit; the WebSocket layer sends it. */
  messageTooBig: CLOSE_TOO_BIG,
  /** For a stock Phoenix client: the server's side crashed. */
  internalError: 1011,
  /** For a stock Phoenix client: drain. */
  serviceRestart: 1012,
  /** A newer connection attached to the session. */
  takenOver: 4001,
  /** The app closed the client's sessions. */
  kicked: 4002,
  /** The user may not connect. */
  forbidden: 4003,
  /** A malformed frame, or one that the protocol does not allow there. */
  protocolError: 4005,
  /** The server does not speak the client's protocol version. */
  version: 4006,
  /** An old secret was used again: the session is revoked. */
  sessionRevoked: 4007,
  /** The user has too many sessions. */
  userLimit: 4009,
  /** The session has expired. */
  expired: 4101,
  /** The session's state cannot be used. */
  corrupt: 4102,
  /** The token has expired: get a new one first. */
  authExpired: 4103,
  /** The client dropped the connection and keeps the session. Sent by clients only. */
  dropped: CLOSE_DROPPED,
  /** The server is being drained. */
  drain: 4201,
  /** The client reads too slowly. */
  slowConsumer: 4202,
  /** Nothing was heard for too long. */
  heartbeat: CLOSE_HEARTBEAT,
  /** The session lives elsewhere now. */
  moved: 4204,
  /** The server has too much to do. */
  overloaded: 4205,
  /** The client asks for too much. */
  rateLimited: 4206,
  /** The server failed. */
  serverError: 4207,
} as const;

/** Tells whether a client must not reconnect by itself after this code: 1000 and 4000-4099. */
export function isTerminal(code: number): boolean {
  return code === CLOSE_NORMAL || (code >= 4000 && code < 4100);
}

/** Tells whether a client reconnects after this code with a new session: 4100-4199. */
export function needsNewSession(code: number): boolean {
  return code >= 4100 && code < 4200;
}

/** Tells whether a client reconnects after this code and resumes: 4200-4299 and every code of no other range. */
export function mayResume(code: number): boolean {
  return !isTerminal(code) && !needsNewSession(code);
}

/**
 * Gives the code that a stock Phoenix client gets in place of one of ours.
 *
 * Such a client knows no ranges: it never reconnects after 1000 (older releases) and always after anything else. So drain
 * becomes 1012, a kick and a clean end 1001, a failure 1011; the rest stay, because they tell an operator more.
 */
export function stockCloseCode(code: number): number {
  switch (code) {
    case CloseCode.drain:
    case CloseCode.moved:
      return CloseCode.serviceRestart;
    case CloseCode.kicked:
    case CloseCode.normal:
      return CloseCode.goingAway;
    case CloseCode.serverError:
      return CloseCode.internalError;
    default:
      return code;
  }
}

/** What the reason of a close says: a short stable word or sentence, and when to come back. */
export interface CloseReason {
  readonly reason: string;
  /** The earliest moment to reconnect, in milliseconds from the close. */
  readonly retryAfterMs?: number;
}

/**
 * Writes a close reason as JSON of at most 123 bytes of UTF-8.
 *
 * A `reason` that does not fit is cut between characters and ends in `...`, so that the JSON stays whole; `retryAfterMs` is
 * rounded up to a whole number and never cut. A `retryAfterMs` that is not a finite number from 0 is left out.
 */
export function encodeCloseReason({ reason, retryAfterMs }: CloseReason): string {
  const write = (text: string): string =>
    JSON.stringify(isDelay(retryAfterMs) ? { reason: text, retryAfterMs: Math.ceil(retryAfterMs) } : { reason: text });
  const whole = write(reason);
  if (utf8Length(whole) <= DEFAULT_LIMITS.closeReasonBytes) return whole;
  let room = DEFAULT_LIMITS.closeReasonBytes - utf8Length(write("..."));
  let kept = "";
  for (const character of reason) {
    // Measured as it will be written: an escaped character takes up to six bytes.
    room -= utf8Length(JSON.stringify(character)) - 2;
    if (room < 0) break;
    kept += character;
  }
  return write(`${kept}...`);
}

/**
 * Reads a close reason.
 *
 * Never throws. Text that is not our JSON is the reason itself; a `retryAfterMs` that is not a finite number from 0 is left out.
 */
export function decodeCloseReason(text: string): CloseReason {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    // Not ours: proxies and other servers write plain sentences.
    return { reason: text };
  }
  if (typeof data !== "object" || data === null || !("reason" in data) || typeof data.reason !== "string") {
    return { reason: text };
  }
  const retryAfterMs = "retryAfterMs" in data ? data.retryAfterMs : undefined;
  return isDelay(retryAfterMs) ? { reason: data.reason, retryAfterMs } : { reason: data.reason };
}

function isDelay(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
