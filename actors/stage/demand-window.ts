/** Events that a consumer handles at once, and how many more it asks for when it has. */
export interface Batch<Event> {
  readonly events: readonly Event[];
  /** 0 while enough is on its way. */
  readonly ask: number;
}

/** What came of one delivery. */
export interface Split<Event> {
  readonly batches: readonly Batch<Event>[];
  /** Events that nobody asked for. They are handled like the others. */
  readonly excess: number;
}

/**
 * The automatic demand of one subscription: never more than `maxDemand` events are on their way, and at `minDemand` or less more are asked for.
 *
 * It starts with `maxDemand` asked. Events are handled in batches of at most `maxDemand - minDemand`, so that a producer works on the next ones
 * while the consumer works on these.
 */
export class DemandWindow {
  readonly maxDemand: number;
  readonly minDemand: number;
  #pending: number;

  constructor(maxDemand: number, minDemand: number) {
    this.maxDemand = maxDemand;
    this.minDemand = minDemand;
    this.#pending = maxDemand;
  }

  /** Events that have been asked for, or will be when the batches before are handled, and have not come. */
  get pending(): number {
    return this.#pending;
  }

  /** Divides what has come into batches, and says after which of them to ask for how many. */
  split<Event>(events: readonly Event[]): Split<Event> {
    const size = this.maxDemand - this.minDemand;
    const batches: Batch<Event>[] = [];
    const excess = Math.max(0, events.length - this.#pending);
    let expected = events.length - excess;
    for (let start = 0; start < events.length; start += size) {
      const batch = start === 0 && events.length <= size ? events : events.slice(start, start + size);
      const counted = Math.min(batch.length, expected);
      expected -= counted;
      batches.push({ events: batch, ask: this.#count(counted) });
    }
    return { batches, excess };
  }

  #count(handled: number): number {
    const left = this.#pending - handled;
    if (left > this.minDemand) {
      this.#pending = left;
      return 0;
    }
    this.#pending = this.maxDemand;
    return this.maxDemand - left;
  }
}
