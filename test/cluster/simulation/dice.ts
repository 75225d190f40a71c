import { seededRandom } from "../../../src/kernel/random.js";

/** Chance that a seed decides. */
export class Dice {
  readonly #random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  /** A whole number from 0, below a bound. */
  below(bound: number): number {
    return Math.floor(this.#random.next() * bound);
  }

  oneOf<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)];
    if (value === undefined) throw new RangeError("Expected a value to choose, got none");
    return value;
  }
}
