import { expect } from "vitest";
import type { OwnerIndex } from "../../../actors/registry/owner-index.js";

/** Finds what a table keeps for owners that are texts. */
export class MapIndex<Kept> implements OwnerIndex<string, Kept> {
  readonly #kept = new Map<string, Kept>();

  get size(): number {
    return this.#kept.size;
  }

  find(owner: string): Kept | undefined {
    return this.#kept.get(owner);
  }

  add(owner: string, kept: Kept): void {
    expect(this.#kept.has(owner)).toBe(false);
    this.#kept.set(owner, kept);
  }

  delete(owner: string, kept: Kept): boolean {
    return this.#kept.get(owner) === kept && this.#kept.delete(owner);
  }

  [Symbol.iterator](): Iterator<Kept> {
    return this.#kept.values();
  }
}
