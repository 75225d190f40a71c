import type { TimerRef } from "../../src/index.js";
import type { AuthenticatedUser } from "../endpoint/context.js";

/** What a connection sends itself when its client's token is about to expire, and when the client has had its time to bring another one. */
export const TOKEN_DUE = "token is due";
export const TOKEN_LATE = "token is late";

/** How long before its end a client is asked for another token, and how long it may take. */
export const TOKEN_GRACE_MS = 25_000;

/** The longest time for one timer: clocks of machines are set anew, and timers have a longest time. */
const LONGEST_TIMER_MS = 3_600_000;

/** A client's token that will expire. */
export interface TokenExpiry {
  /** What the client said when it connected: a later token is looked at together with it. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly expiresAtMs: number;
  timer: TimerRef;
}

/** How long until a client is to be asked, or until that is looked at again; 0 when it is time. */
export function untilDue(expiresAtMs: number, wallTimeMs: number): number {
  return Math.min(LONGEST_TIMER_MS, Math.max(0, expiresAtMs - wallTimeMs - TOKEN_GRACE_MS));
}

/** The end of a user's token; `undefined` for one that does not expire. */
export function expiryOf({ expiresAtMs }: AuthenticatedUser): number | undefined {
  return typeof expiresAtMs === "number" && Number.isFinite(expiresAtMs) ? expiresAtMs : undefined;
}
