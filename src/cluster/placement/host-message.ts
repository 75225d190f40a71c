import type { AnyRef } from "../../kernel/actor-ref.js";

/**
 * Why a host did not open an actor. `full` and `start_failed` stay so; the others may be over in a moment: its node drains, or another one is the
 * owner, it is on its way to another node, the node that has it or the register cannot be reached, too many wait, or its place is lost.
 */
export type Refusal =
  | "full"
  | "start_failed"
  | "draining"
  | "not_owner"
  | "moving"
  | "unreachable"
  | "busy"
  | "not_joined";

/** What a host answers to whoever wants an actor that belongs there. */
export type OpenAnswer =
  | { readonly ok: true; readonly ref: AnyRef }
  | { readonly ok: false; readonly reason: Refusal; readonly text?: string };

/** What a host answers to one that wants to give it an actor. */
export type ExpectAnswer = "yes" | "full" | "draining" | "not_owner" | "has_it";

/** What a host answers to one that has given it an actor: `held` when it runs elsewhere by now. */
export type TakeAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: Refusal | "held"; readonly node?: string };

/** What the starts and moves of one kind of actor are bounded by. */
export interface HostLimits {
  readonly maxEntities: number;
  readonly maxWaiting: number;
  readonly maxMoves: number;
  readonly moveTimeoutMs: number;
}
