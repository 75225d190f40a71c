import type { ActorSystem, AnyRef } from "../../src/index.js";

/**
 * The actors of one application, so that none is left when it has stopped.
 *
 * The application's master takes in the orphans among its descendants, so all are found as long as it lives: they are noted before it is
 * stopped, and after its last callback.
 */
export class Remains {
  readonly #system: ActorSystem;
  readonly #noted = new Set<AnyRef>();

  constructor(system: ActorSystem) {
    this.#system = system;
  }

  /** Notes all who descend from an actor. */
  note(ancestor: AnyRef): void {
    for (const ref of descendantsOf(this.#system, ancestor)) this.#noted.add(ref);
  }

  /** Kills all that were noted and live, with those that they started since. Gives how many that were. */
  kill(): number {
    // The set grows while it is walked, as the list below does.
    for (const ref of this.#noted) for (const child of this.#system.children(ref)) this.#noted.add(child);
    const alive = [...this.#noted].filter((ref) => this.#system.isAlive(ref));
    for (const ref of alive) this.#system.exit(ref, "kill");
    this.#noted.clear();
    return alive.length;
  }
}

/** Kills every actor of a system, in no order. */
export function killAll(system: ActorSystem): void {
  for (const ref of descendantsOf(system)) system.exit(ref, "kill");
}

/** All who descend from an actor, or all of a system, each behind its parent. */
function descendantsOf(system: ActorSystem, ancestor?: AnyRef): AnyRef[] {
  const found = system.children(ancestor);
  // The list grows while it is walked, so a tree of any depth needs no stack.
  for (const member of found) for (const child of system.children(member)) found.push(child);
  return found;
}
