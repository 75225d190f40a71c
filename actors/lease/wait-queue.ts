import type { Claim } from "./claim.js";

/** The claims that wait for a resource, first come first served; any of them can leave at the cost of the first. */
export class WaitQueue<Resource, Holder, Ticket> {
  #first: Claim<Resource, Holder, Ticket> | undefined;
  #last: Claim<Resource, Holder, Ticket> | undefined;
  /** How many wait. */
  size = 0;

  get first(): Claim<Resource, Holder, Ticket> | undefined {
    return this.#first;
  }

  /** Adds the claim behind all others. */
  add(claim: Claim<Resource, Holder, Ticket>): void {
    const last = this.#last;
    claim.queuePrevious = last;
    if (last === undefined) this.#first = claim;
    else last.queueNext = claim;
    this.#last = claim;
    claim.waiting = true;
    this.size++;
  }

  /** Takes the claim out, wherever it stands. It must be here. */
  remove(claim: Claim<Resource, Holder, Ticket>): void {
    const { queueNext: next, queuePrevious: previous } = claim;
    if (previous === undefined) this.#first = next;
    else previous.queueNext = next;
    if (next === undefined) this.#last = previous;
    else next.queuePrevious = previous;
    claim.queueNext = undefined;
    claim.queuePrevious = undefined;
    claim.waiting = false;
    this.size--;
  }

  /** The waiting claims in the order in which they will be served. */
  *[Symbol.iterator](): Generator<Claim<Resource, Holder, Ticket>> {
    for (let claim = this.#first; claim !== undefined; claim = claim.queueNext) yield claim;
  }
}
