import type { Behaviour } from "../kernel/behaviour.js";
import type { Cell } from "../kernel/cell.js";
import { extrasOf } from "../kernel/extras.js";
import { DEAD } from "../kernel/flags.js";

/** A class of this node, by the number under which other nodes know it. */
interface ExportedClass {
  readonly number: number;
  readonly messages: readonly string[];
}

/**
 * The actors of this node that others were given refs of, by their numbers.
 *
 * Only these can be addressed from outside, and only while they live: a number that was never sent means nothing, as with a pid that one
 * cannot guess.
 */
export class ExportedActors {
  readonly #actors = new Map<number, Cell>();
  readonly #classes = new Map<Behaviour, ExportedClass>();

  /** How many live actors can be addressed from outside. */
  get size(): number {
    return this.#actors.size;
  }

  /** Makes an actor known, and gives its class. One that has ended is not made known; its ref crosses all the same, as that of a dead actor. */
  add(cell: Cell): ExportedClass {
    if ((cell.flags & DEAD) === 0 && !this.#actors.has(cell.id)) {
      this.#actors.set(cell.id, cell);
      const extras = extrasOf(cell);
      extras.exitWaiters ??= new Set();
      extras.exitWaiters.add(() => this.#actors.delete(cell.id));
    }
    return this.#classOf(cell.behaviour);
  }

  /** The live actor with a number, if its ref was ever sent out. */
  get(id: number): Cell | undefined {
    return this.#actors.get(id);
  }

  /** The name of one of an actor's messages, by the number under which others know it. */
  messageName(cell: Cell, number: number): string | undefined {
    return this.#classOf(cell.behaviour).messages[number];
  }

  #classOf(behaviour: Behaviour): ExportedClass {
    let found = this.#classes.get(behaviour);
    if (found === undefined) {
      found = { number: this.#classes.size, messages: behaviour.messageNames };
      this.#classes.set(behaviour, found);
    }
    return found;
  }
}
