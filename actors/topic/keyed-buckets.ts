import { type BucketRule, waitForTokens, withoutTokens } from "../../src/transport/admission/token-bucket.js";

/** How much is kept when there is no room: making room costs what there is, so it is not made for one key at a time. */
const KEPT = 0.9;

/**
 * Token buckets by key, as many as there are keys in use lately. Pure: times come in as data.
 *
 * A bucket that is full is as good as none, so it is forgotten when room is needed. With more in use than there is room for, those that were
 * made first are forgotten, whose owners get full ones.
 */
export class KeyedBuckets<Key> {
  readonly #most: number;
  readonly #fullAtMs = new Map<Key, number>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#fullAtMs.size;
  }

  /** How long to wait for a token; 0 when there is one. */
  wait(key: Key, rule: BucketRule, nowMs: number): number {
    return waitForTokens(rule, this.#fullAtMs.get(key) ?? 0, nowMs, 1);
  }

  /** Takes a token. */
  take(key: Key, rule: BucketRule, nowMs: number): void {
    const known = this.#fullAtMs.get(key);
    if (known === undefined && this.#fullAtMs.size >= this.#most) this.#makeRoom(nowMs);
    this.#fullAtMs.set(key, withoutTokens(rule, known ?? 0, nowMs, 1));
  }

  clear(): void {
    this.#fullAtMs.clear();
  }

  #makeRoom(nowMs: number): void {
    for (const [key, fullAtMs] of this.#fullAtMs) if (fullAtMs <= nowMs) this.#fullAtMs.delete(key);
    for (const key of this.#fullAtMs.keys()) {
      if (this.#fullAtMs.size < this.#most && this.#fullAtMs.size <= this.#most * KEPT) break;
      this.#fullAtMs.delete(key);
    }
  }
}
