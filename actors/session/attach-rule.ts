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

/** What to do with a wish to resume: attach, answer with a fresh session for a reason, or end the session because its secret was stolen. */
export type AttachVerdict =
  | { readonly kind: "attach"; readonly presented: "current" | "previous" }
  | { readonly kind: "refuse"; readonly reason: ResumeFailure }
  | { readonly kind: "revoke" };

/**
 * Decides whether a client may have its session back.
 *
 * Pure. A wrong secret and an unknown session get the same answer, so that guessing tells nothing. The positions of both ends must fit:
 * what the client has not seen must still be here (`gap` else), and it can neither have seen nor dropped what never existed (`corrupt`).
 */
export function decideAttach(
  verdict: SecretVerdict,
  sameUser: boolean,
  request: ResumeRequest,
  position: SessionPosition,
): AttachVerdict {
  if (verdict === "retired") return { kind: "revoke" };
  if (verdict === "wrong") return { kind: "refuse", reason: "unknown" };
  if (!sameUser) return { kind: "refuse", reason: "auth" };
  if (request.rx > position.tx || request.txFirst > position.rx + 1) return { kind: "refuse", reason: "corrupt" };
  if (request.rx < position.acknowledged) return { kind: "refuse", reason: "gap" };
  return { kind: "attach", presented: verdict };
}
