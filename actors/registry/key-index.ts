import { partitionOfKey } from "../../supervisors/partition-routing.js";
import type { KeyId } from "./key.js";

/**
 * Finds values by the ids of keys, in as many maps as there are partitions.
 *
 * One map is fastest up to a few hundred thousand keys. A larger one stops the world for some milliseconds each time that it doubles, and ends at
 * 16.7 million keys: with partitions each map is that much smaller.
 */
export class KeyIndex<Value> {
  readonly #maps: readonly Map<KeyId, Value>[];
  readonly #only: Map<KeyId, Value> | undefined;

  constructor(partitions: number) {
    this.#maps = Array.from({ length: partitions }, () => new Map<KeyId, Value>());
    this.#only = partitions === 1 ? this.#maps[0] : undefined;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#maps.reduce((sum, map) => sum + map.size, 0);
  }

  get(id: KeyId): Value | undefined {
    return this.#mapOf(id)?.get(id);
  }

  set(id: KeyId, value: Value): void {
    this.#mapOf(id)?.set(id, value);
  }

  delete(id: KeyId): void {
    this.#mapOf(id)?.delete(id);
  }

  #mapOf(id: KeyId): Map<KeyId, Value> | undefined {
    if (this.#only !== undefined) return this.#only;
    return this.#maps[partitionOfKey(typeof id === "boolean" ? String(id) : id, this.#maps.length)];
  }
}
