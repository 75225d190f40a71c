import type { ResumeFailure, ResumeRequest } from "../../src/protocol/handshake.js";
import type { SecretVerdict } from "./secrets.js";

/** Where a session stands when a client wants it back. */
export interface SessionPosition {
  /** The highest number given to a frame. */
  readonly tx: number;
  /** The highest number that was acknowledged: what is above it can still be sent again. */
  readonly acknowledged: number;
  /** The highest client number taken. */
  readonly rx: number;
}

/**
 * What to do with a wish to resume: attach, answer with a fresh session for a reason, close this socket alone because its client has gone
 * on since, or end the session because its secret was stolen.
 */
export type AttachVerdict =
  | { readonly kind: "attach"; readonly presented: "current" | "previous" }
  | { readonly kind: "refuse"; readonly reason: ResumeFailure }
  | { readonly kind: "stale" }
  | { readonly kind: "revoke" };

/** How far one attempt may be above the last: a thief who counts high keeps its owner out for no longer than that many tries. */
const MOST_AHEAD = 16;

/**
 * Decides whether a client may have its session back.
 *
 * Pure. A wrong secret and an unknown session get the same answer, so that guessing tells nothing. The positions of both ends must fit:
 * what the client has not seen must still be here (`gap` else), and it can neither have seen nor dropped what never existed (`corrupt`).
 * `lastAttempt` is that of the hello that was let in last: a secret that has been replaced, with an attempt that is not above it, comes from
 * a hello that was held up on its way while its client connected anew (`stale`). Of a client that does not count nothing is stale.
 */
export function decideAttach(
  verdict: SecretVerdict,
  sameUser: boolean,
  request: ResumeRequest,
  position: SessionPosition,
  lastAttempt = 0,
): AttachVerdict {
  const { attempt = 0 } = request;
  if (verdict === "retired") return { kind: attempt > 0 && attempt <= lastAttempt ? "stale" : "revoke" };
  if (verdict === "wrong") return { kind: "refuse", reason: "unknown" };
  if (!sameUser) return { kind: "refuse", reason: "auth" };
  if (verdict === "previous" && lastAttempt > 0 && attempt <= lastAttempt) return { kind: "stale" };
  if (request.rx > position.tx || request.txFirst > position.rx + 1) return { kind: "refuse", reason: "corrupt" };
  if (request.rx < position.acknowledged) return { kind: "refuse", reason: "gap" };
  return { kind: "attach", presented: verdict };
}

/** The last attempt, after one that was let in. */
export function nextAttempt(lastAttempt: number, { attempt = 0 }: ResumeRequest): number {
  return Math.max(lastAttempt, Math.min(attempt, lastAttempt + MOST_AHEAD));
}
