/** When something was retained or cleared, and by which node: the later one holds, and of two at once that of the node whose name is greater. */
export interface RetainedStamp {
  /** Milliseconds since 1970 by the node's clock, or one more than of the latest that the node knew: so it is above all of these in any case. */
  readonly time: number;
  readonly node: string;
}

/** Most topics of which it is remembered that what was retained of them was cleared. */
const MOST_CLEARED = 10_000;

/**
 * Which of the values that were retained of a topic holds, on every node the same whatever the order in which they come.
 *
 * Pure. That a topic was cleared is remembered of the latest 10,000: of one before these an old value may come back with a node that was away.
 */
export class RetainedStamps {
  readonly #held = new Map<string, RetainedStamp>();
  readonly #cleared = new Map<string, RetainedStamp>();
  #time = 0;

  /** A stamp above all that are known. */
  next(node: string, wallTimeMs: number): RetainedStamp {
    return { time: Math.max(this.#time + 1, Math.floor(wallTimeMs)), node };
  }

  /** Takes a stamp in; false for one that does not hold against what is known. */
  take(topic: string, stamp: RetainedStamp, cleared: boolean): boolean {
    this.#time = Math.max(this.#time, stamp.time);
    const known = this.#held.get(topic) ?? this.#cleared.get(topic);
    if (known !== undefined && !isAbove(stamp, known)) return false;
    this.#held.delete(topic);
    this.#cleared.delete(topic);
    (cleared ? this.#cleared : this.#held).set(topic, stamp);
    if (this.#cleared.size > MOST_CLEARED) {
      const [oldest] = this.#cleared.keys();
      if (oldest !== undefined) this.#cleared.delete(oldest);
    }
    return true;
  }

  /** The topics that have a value. */
  held(): Iterable<readonly [topic: string, stamp: RetainedStamp]> {
    return this.#held;
  }

  /** The topics that were cleared. */
  cleared(): Iterable<readonly [topic: string, stamp: RetainedStamp]> {
    return this.#cleared;
  }

  clear(): void {
    this.#held.clear();
    this.#cleared.clear();
  }
}

function isAbove(one: RetainedStamp, other: RetainedStamp): boolean {
  return one.time > other.time || (one.time === other.time && one.node > other.node);
}
