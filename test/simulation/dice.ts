import { type Random, seededRandom } from "../../src/kernel/random.js";

/** Draws what happens from a seed. */
export class Dice {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  below(end: number): number {
    return Math.floor(this.#random.next() * end);
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Whether one of so many chances came true; never for 0. */
  oneIn(chances: number): boolean {
    return chances > 0 && this.below(chances) === 0;
  }

  oneOf<Choice>(...choices: readonly [Choice, ...Choice[]]): Choice {
    return choices[this.below(choices.length)] ?? choices[0];
  }
}
