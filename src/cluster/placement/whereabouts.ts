import type { AnyRef } from "../../kernel/actor-ref.js";
import { cellOf } from "../../kernel/cell.js";
import type { GlobalNames } from "../names/global-names.js";
import { addressOf } from "../remote-address.js";

/** Who has a name, as far as it is known here: `"unreachable"` when it is an actor of a node that was not heard from for a while. */
export function whereabouts(names: GlobalNames, name: string): AnyRef | "unreachable" | undefined {
  const ref = names.whereis(name);
  return ref === undefined || isReachable(ref) ? ref : "unreachable";
}

/** Whether the node of an actor can be reached; always true for one of this node. */
export function isReachable(ref: AnyRef): boolean {
  const at = addressOf(cellOf(ref));
  return at === undefined || at.peer?.isReachable === true;
}
