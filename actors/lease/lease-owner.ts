import type { Claim } from "./claim.js";

/**
 * One who may hold leases and wait for them: its claims in one list, so that its death costs what it had and no more.
 *
 * Made and kept by the user of the table, who also decides how long to keep one that has no claims.
 */
export class LeaseOwner<Resource, Holder, Ticket> {
  readonly holder: Holder;
  // The older ones hang on it.
  #newest: Claim<Resource, Holder, Ticket> | undefined;

  constructor(holder: Holder) {
    this.holder = holder;
  }

  /** Whether it holds nothing and waits for nothing. */
  get idle(): boolean {
    return this.#newest === undefined;
  }

  add(claim: Claim<Resource, Holder, Ticket>): void {
    const older = this.#newest;
    claim.ownerNext = older;
    if (older !== undefined) older.ownerPrevious = claim;
    this.#newest = claim;
  }

  /** Takes a claim out. It must be one of this owner's. */
  remove(claim: Claim<Resource, Holder, Ticket>): void {
    const { ownerNext: next, ownerPrevious: previous } = claim;
    if (next !== undefined) next.ownerPrevious = previous;
    if (previous !== undefined) previous.ownerNext = next;
    else this.#newest = next;
    claim.ownerNext = undefined;
    claim.ownerPrevious = undefined;
  }

  /** Its claims, the oldest first: a list of its own that later changes do not touch. */
  claims(): Claim<Resource, Holder, Ticket>[] {
    const claims: Claim<Resource, Holder, Ticket>[] = [];
    for (let claim = this.#newest; claim !== undefined; claim = claim.ownerNext) claims.push(claim);
    return claims.reverse();
  }
}
