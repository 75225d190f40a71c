import type { Claim } from "./claim.js";

/** Those who wait with one priority, first come first served. */
class Lane<Resource, Holder, Ticket> {
  readonly priority: number;
  first: Claim<Resource, Holder, Ticket> | undefined;
  last: Claim<Resource, Holder, Ticket> | undefined;

  constructor(priority: number) {
    this.priority = priority;
  }
}

/**
 * The claims that wait for a resource: a higher priority first, first come first served within each; any of them can leave at the cost of the first.
 *
 * There is a lane for each priority that was ever used, and whoever checks requests sees to it that those are few.
 */
export class WaitQueue<Resource, Holder, Ticket> {
  // The highest priority first.
  readonly #lanes: Lane<Resource, Holder, Ticket>[] = [];
  /** How many wait. */
  size = 0;

  /** The claim that will be served first. */
  get first(): Claim<Resource, Holder, Ticket> | undefined {
    if (this.size === 0) return undefined;
    for (const { first } of this.#lanes) if (first !== undefined) return first;
    return undefined;
  }

  /** The claim that will be served after this one, which waits. */
  after(claim: Claim<Resource, Holder, Ticket>): Claim<Resource, Holder, Ticket> | undefined {
    if (claim.queueNext !== undefined) return claim.queueNext;
    for (const { priority, first } of this.#lanes) if (priority < claim.priority && first !== undefined) return first;
    return undefined;
  }

  /** Adds the claim behind all others of its priority. */
  add(claim: Claim<Resource, Holder, Ticket>): void {
    const lane = this.#laneOf(claim.priority);
    const { last } = lane;
    claim.queuePrevious = last;
    if (last === undefined) lane.first = claim;
    else last.queueNext = claim;
    lane.last = claim;
    claim.waiting = true;
    this.size++;
  }

  /** Takes the claim out, wherever it stands. It must be here. */
  remove(claim: Claim<Resource, Holder, Ticket>): void {
    const lane = this.#laneOf(claim.priority);
    const { queueNext: next, queuePrevious: previous } = claim;
    if (previous === undefined) lane.first = next;
    else previous.queueNext = next;
    if (next === undefined) lane.last = previous;
    else next.queuePrevious = previous;
    claim.queueNext = undefined;
    claim.queuePrevious = undefined;
    claim.waiting = false;
    this.size--;
  }

  /** The waiting claims in the order in which they will be served. */
  *[Symbol.iterator](): Generator<Claim<Resource, Holder, Ticket>> {
    for (const lane of this.#lanes)
      for (let claim = lane.first; claim !== undefined; claim = claim.queueNext) yield claim;
  }

  #laneOf(priority: number): Lane<Resource, Holder, Ticket> {
    const lanes = this.#lanes;
    let at = 0;
    for (; at < lanes.length; at++) {
      const known = lanes[at];
      if (known === undefined || known.priority < priority) break;
      if (known.priority === priority) return known;
    }
    const lane = new Lane<Resource, Holder, Ticket>(priority);
    lanes.splice(at, 0, lane);
    return lane;
  }
}
