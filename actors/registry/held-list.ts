import { Holding } from "../../src/index.js";

/** One thing of a {@link HeldList}: the list runs through the things themselves. */
export interface Held<Each> {
  previous: Each | null;
  next: Each | null;
}

/** All that an owner has of one sort, the oldest first: adding and removing cost constant time, and the end of the owner costs what it had. */
export abstract class HeldList<Each extends Held<Each>> extends Holding {
  #first: Each | null = null;
  #last: Each | null = null;

  /** The thing it has had longest. */
  get first(): Each | null {
    return this.#first;
  }

  add(each: Each): void {
    each.previous = this.#last;
    each.next = null;
    if (this.#last === null) this.#first = each;
    else this.#last.next = each;
    this.#last = each;
  }

  /** Takes something out. It must be one of this owner's. */
  remove(each: Each): void {
    const { previous, next } = each;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    each.previous = null;
    each.next = null;
  }
}
