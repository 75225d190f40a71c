/** Where all randomness in the runtime comes from, so that a test can seed it. Secrets do not come from here. */
export interface Random {
  /** The next number from 0 (inclusive) to 1 (exclusive). */
  next(): number;
}

/** `Math.random`. */
export const systemRandom: Random = { next: () => Math.random() };

/**
 * A random source that gives the same sequence for the same seed (mulberry32).
 *
 * Good for jitter and for tests, not for secrets.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
