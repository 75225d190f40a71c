import type { Claim } from "./claim.js";

/** The claims of each holder, waiting and held, so that the death of one costs what it had and no more. */
export class HolderIndex<Resource, Holder, Ticket> {
  // The newest claim of each holder; the older ones hang on it.
  readonly #newest = new Map<Holder, Claim<Resource, Holder, Ticket>>();

  /** How many holders have at least one claim. */
  get size(): number {
    return this.#newest.size;
  }

  has(holder: Holder): boolean {
    return this.#newest.has(holder);
  }

  add(claim: Claim<Resource, Holder, Ticket>): void {
    if (claim.holder === undefined) return;
    const older = this.#newest.get(claim.holder);
    if (older !== undefined) {
      claim.holderNext = older;
      older.holderPrevious = claim;
    }
    this.#newest.set(claim.holder, claim);
  }

  /** Takes the claim out. It must be here, unless it has no holder. */
  remove(claim: Claim<Resource, Holder, Ticket>): void {
    if (claim.holder === undefined) return;
    const { holderNext: next, holderPrevious: previous } = claim;
    if (next !== undefined) next.holderPrevious = previous;
    if (previous !== undefined) previous.holderNext = next;
    else if (next !== undefined) this.#newest.set(claim.holder, next);
    else this.#newest.delete(claim.holder);
    claim.holderNext = undefined;
    claim.holderPrevious = undefined;
  }

  /** The claims of a holder, the oldest first. A list of its own: later changes do not touch it. */
  claimsOf(holder: Holder): Claim<Resource, Holder, Ticket>[] {
    const claims: Claim<Resource, Holder, Ticket>[] = [];
    for (let claim = this.#newest.get(holder); claim !== undefined; claim = claim.holderNext) claims.push(claim);
    return claims.reverse();
  }
}
