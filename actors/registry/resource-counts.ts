import { type CounterKey, type KeyId, wildcardIdOfResource } from "./key.js";

/**
 * How many resources there are under each key, and under each key with a wildcard for its last part.
 *
 * Kept for all resources, not only for those that somebody counts: a counter that is registered later knows its value at once.
 */
export class ResourceCounts {
  readonly #counts = new Map<KeyId, number>();

  /** The number under the id of a key, or of a key that ends in a wildcard. */
  count(id: KeyId): number {
    return this.#counts.get(id) ?? 0;
  }

  /** Counts one resource more or less; returns the ids that count it. */
  add(key: CounterKey, id: KeyId, by: 1 | -1): readonly KeyId[] {
    const wild = wildcardIdOfResource(key);
    this.#change(id, by);
    if (wild === undefined) return [id];
    this.#change(wild, by);
    return [id, wild];
  }

  #change(id: KeyId, by: 1 | -1): void {
    const count = this.count(id) + by;
    if (count === 0) this.#counts.delete(id);
    else this.#counts.set(id, count);
  }
}
