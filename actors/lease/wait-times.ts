/** Waiting times of a pool's grants, in milliseconds; those that did not wait count as 0. */
export interface WaitTimes {
  /** Grants counted. */
  readonly count: number;
  /** How many of them had to wait. */
  readonly waited: number;
  /** Half of all waited no longer than this; within a fifth. */
  readonly p50Ms: number;
  /** 99 of 100 waited no longer than this; within a fifth. */
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Steps to each doubling: neighbours lie 19 % apart. */
const STEPS = 4;
const SHORTEST_MS = 2 ** -6;
/** Up to 2^26 ms, most of a day; what is longer counts as that. */
const BUCKETS = 32 * STEPS;

/** A histogram of waiting times in a fixed number of buckets, each a fifth wider than the one before. */
export class WaitHistogram {
  readonly #buckets = new Uint32Array(BUCKETS);
  #immediate = 0;
  #waited = 0;
  #maxMs = 0;

  /** Counts a grant that did not wait. */
  addImmediate(): void {
    this.#immediate++;
  }

  /** Counts a grant that waited so many milliseconds. */
  add(waitedMs: number): void {
    const at = Math.floor(Math.log2(waitedMs / SHORTEST_MS) * STEPS);
    const bucket = Math.min(BUCKETS - 1, Math.max(0, at));
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#waited++;
    if (waitedMs > this.#maxMs) this.#maxMs = waitedMs;
  }

  /** What was counted since the start. */
  get times(): WaitTimes {
    return {
      count: this.#immediate + this.#waited,
      waited: this.#waited,
      p50Ms: this.#percentile(0.5),
      p99Ms: this.#percentile(0.99),
      maxMs: rounded(this.#maxMs),
    };
  }

  #percentile(part: number): number {
    let left = Math.ceil((this.#immediate + this.#waited) * part) - this.#immediate;
    if (left <= 0) return 0;
    for (let at = 0; at < BUCKETS; at++) {
      left -= this.#buckets[at] ?? 0;
      // The upper bound of the bucket, so that no wait looks shorter than it was.
      if (left <= 0) return rounded(Math.min(this.#maxMs, SHORTEST_MS * 2 ** ((at + 1) / STEPS)));
    }
    return rounded(this.#maxMs);
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 100) / 100;
}
