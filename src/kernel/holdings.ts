import type { AnyRef } from "./actor-ref.js";
import { cellOf } from "./cell.js";
import { BadArgumentError } from "./errors.js";
import { type Extras, extrasOf } from "./extras.js";
import { DEAD } from "./flags.js";

/**
 * All that one table keeps for one actor: entries of a registry, memberships of groups.
 *
 * It hangs on the actor itself, so that an actor with nothing costs nothing and no map by actors is needed. See {@link Holdings}.
 */
export abstract class Holding {
  /** The table it is in; `null` when it is in none. @internal */
  holdings: object | null = null;
  /** What another table keeps for the same actor. @internal */
  nextOfOwner: Holding | null = null;
  /** @internal */
  previous: Holding | null = null;
  /** @internal */
  next: Holding | null = null;

  /**
   * Called once, when the actor ends, by when this is off its table. Everything has to be given back here.
   *
   * It comes before links, monitors, `onExit` and pending callers are told, so that whoever hears of the end finds nothing of the actor any more.
   */
  abstract ownerEnded(): void;
}

/**
 * What a table keeps for actors, found by the actor, and given back first of all when it ends.
 *
 * Adding and deleting cost constant time; finding walks the tables that keep something for this actor, which are few: an actor is in as many as
 * there are registries and scopes that know it.
 */
export class Holdings<Kept extends Holding> {
  #first: Holding | null = null;
  #size = 0;

  /** For how many actors it keeps something. */
  get size(): number {
    return this.#size;
  }

  /** What it keeps for an actor. */
  find(owner: AnyRef): Kept | undefined {
    for (let each = cellOf(owner).extras?.holdings ?? null; each !== null; each = each.nextOfOwner) {
      if (this.#keeps(each)) return each;
    }
    return undefined;
  }

  /** Keeps something for an actor, for which it keeps nothing yet. @throws {BadArgumentError} when the actor has ended */
  add(owner: AnyRef, kept: Kept): void {
    const cell = cellOf(owner);
    if ((cell.flags & DEAD) !== 0) {
      throw new BadArgumentError(`Expected an actor that lives, got ${cell.describe()}, which has ended`);
    }
    const extras = extrasOf(cell);
    kept.nextOfOwner = extras.holdings;
    extras.holdings = kept;
    kept.holdings = this;
    kept.next = this.#first;
    if (this.#first !== null) this.#first.previous = kept;
    this.#first = kept;
    this.#size++;
  }

  /** Keeps it no longer; false when it did not. */
  delete(owner: AnyRef, kept: Kept): boolean {
    const { extras } = cellOf(owner);
    if (kept.holdings !== this || extras === null) return false;
    if (extras.holdings === kept) extras.holdings = kept.nextOfOwner;
    else {
      let before = extras.holdings;
      while (before !== null && before.nextOfOwner !== kept) before = before.nextOfOwner;
      if (before === null) return false;
      before.nextOfOwner = kept.nextOfOwner;
    }
    this.#takeOff(kept);
    return true;
  }

  /** All that it keeps, for each actor once. Nothing but what is at hand may be deleted while this runs. */
  *[Symbol.iterator](): Generator<Kept, void, undefined> {
    for (let each = this.#first; each !== null; ) {
      const { next } = each;
      if (this.#keeps(each)) yield each;
      each = next;
    }
  }

  /** Takes it off, when its owner has ended. @internal */
  ended(kept: Holding): void {
    if (this.#keeps(kept)) this.#takeOff(kept);
  }

  #takeOff(kept: Holding): void {
    const { previous, next } = kept;
    if (previous === null) this.#first = next;
    else previous.next = next;
    if (next !== null) next.previous = previous;
    kept.holdings = null;
    kept.nextOfOwner = null;
    kept.previous = null;
    kept.next = null;
    this.#size--;
  }

  #keeps(holding: Holding): holding is Kept {
    return holding.holdings === this;
  }
}

/** Ends all that is kept for an actor that has ended; one that throws is given to `failed`, and the others go on. */
export function endHoldings(extras: Extras, failed: (thrown: unknown) => void): void {
  // From the front each time: what one gives back may make another table let go of the actor as well.
  for (let holding = extras.holdings; holding !== null; holding = extras.holdings) {
    extras.holdings = holding.nextOfOwner;
    if (holding.holdings instanceof Holdings) holding.holdings.ended(holding);
    try {
      holding.ownerEnded();
    } catch (thrown) {
      failed(thrown);
    }
  }
}
