import type { Actor, ActorClass } from "./actor.js";
import type { Cell } from "./cell.js";

let constructing: Cell | undefined;

/** Makes the instance of an actor; its class's constructor finds its cell with {@link takeConstructing}. */
export function construct(actorClass: ActorClass<Actor<unknown>>, cell: Cell): Actor<unknown> {
  const before = constructing;
  constructing = cell;
  try {
    return new actorClass();
  } finally {
    constructing = before;
  }
}

/** The cell of the actor that is constructed now; only once, so that an actor made with `new` in another's constructor gets none. */
export function takeConstructing(): Cell | undefined {
  const cell = constructing;
  constructing = undefined;
  return cell;
}
