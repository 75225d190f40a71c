/** How the micro programs count: a warm-up, then a measured stretch. The programs in bench/peers do the same. */

/** Messages a sender posts before it waits for the receiver to have handled all of them. The same for each peer. */
export const BATCH = 1_000;

/** Actors made, or kept, at once in rows about many of them. */
export const MANY = 100_000;

/**
 * @typedef {object} Durations
 * @property {number} warmMs time in which nothing is counted, so that the compiler has settled
 * @property {number} runMs time in which it is
 */

/** Counts operations per second after a warm-up. */
export class Meter {
  /** @param {Durations} durations */
  constructor({ warmMs, runMs }) {
    this.#runMs = runMs;
    this.#untilMs = performance.now() + warmMs;
    /** Operations per second, when the stretch is over. @type {Promise<number>} */
    this.rate = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  #runMs;
  #untilMs;
  #startedAtMs = -1;
  #operations = 0;
  /** @type {(rate: number) => void} */ #resolve = () => {};

  /**
   * Counts a batch that is done. Called once a batch, so that reading the clock costs nothing.
   *
   * @param {number} operations in that batch
   * @returns {boolean} whether to go on
   */
  tick(operations) {
    const nowMs = performance.now();
    if (this.#startedAtMs !== -1) this.#operations += operations;
    if (nowMs < this.#untilMs) return true;
    if (this.#startedAtMs === -1) {
      this.#startedAtMs = nowMs;
      this.#untilMs = nowMs + this.#runMs;
      return true;
    }
    this.#resolve((this.#operations * 1_000) / (nowMs - this.#startedAtMs));
    return false;
  }
}

/**
 * Repeats a timed round: first for the warm-up, then for the measured stretch.
 *
 * A round that takes longer than both has warmed itself: it is the only one, and counts.
 *
 * @param {Durations} durations
 * @param {() => number | Promise<number>} round answers the milliseconds that count; what else it does is free
 * @returns {Promise<number>} the median round, in milliseconds
 */
export async function medianRound({ warmMs, runMs }, round) {
  const warmUntilMs = performance.now() + warmMs;
  do {
    const ms = await round();
    if (ms > warmMs + runMs) return ms;
  } while (performance.now() < warmUntilMs);
  const untilMs = performance.now() + runMs;
  /** @type {number[]} */ const rounds = [];
  do rounds.push(await round());
  while (performance.now() < untilMs);
  rounds.sort((a, b) => a - b);
  return /** @type {number} */ (rounds[Math.floor((rounds.length - 1) / 2)]);
}

/**
 * Counts the bytes of many things that are made and kept.
 *
 * @param {number} count
 * @param {(slots: unknown[]) => Promise<void>} make fills `slots`, which has room for all of them before the first count
 * @returns {Promise<number>} live bytes of each: heap and memory outside it, after full collections
 */
export async function bytesOfEach(count, make) {
  const { gc } = globalThis;
  if (gc === undefined)
    throw new Error("Expected node to run with --expose-gc: live bytes are counted after full collections");
  // A first few make the classes, hidden classes and compiled code that all share.
  await make(new Array(100).fill(null));
  const slots = new Array(count).fill(null);
  const before = await settled(gc);
  await make(slots);
  const after = await settled(gc);
  if (slots.at(-1) === null) throw new Error("Expected each slot to be filled");
  return (after - before) / count;
}

/** @param {() => void} gc */
async function settled(gc) {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    gc();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
