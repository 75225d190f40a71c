import type { Member, RegisterChange } from "../../../src/cluster/engine.js";
import type { NodeIdentity } from "../../../src/cluster/node-identity.js";

/** What a node in a process of its own is asked; a number goes with it. */
export type NodeOrder =
  | { readonly kind: "members" | "holdsPlace" | "drain" | "leave" }
  | { readonly kind: "send"; readonly to: NodeIdentity; readonly frame: Uint8Array }
  | { readonly kind: "get" | "list"; readonly key: string }
  | { readonly kind: "put"; readonly key: string; readonly value: Uint8Array; readonly expected: number }
  | { readonly kind: "delete"; readonly key: string; readonly expected: number }
  | { readonly kind: "watch"; readonly watch: number; readonly key: string }
  | { readonly kind: "unwatch"; readonly watch: number };

/** What it answers, with the number of the order. */
export type NodeAnswer =
  | { readonly event: "answer"; readonly number: number; readonly result: unknown }
  | { readonly event: "refusal"; readonly number: number; readonly code: string };

/** What it tells by itself. */
export type NodeEvent =
  | { readonly event: "joined"; readonly self: NodeIdentity }
  | { readonly event: "member"; readonly member: Member }
  | { readonly event: "frame"; readonly from: NodeIdentity; readonly frame: Uint8Array }
  | { readonly event: "beat" }
  | { readonly event: "fenced"; readonly why: string }
  | { readonly event: "changed"; readonly watch: number; readonly change: RegisterChange }
  | { readonly event: "reset"; readonly watch: number };
