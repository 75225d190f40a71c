/** How the Savina programs start, are timed, and are checked: a program that computes something else than it should has no figure. */
import { loadKernel } from "../harness/packages.mjs";
import { medianRound } from "../micro/meter.mjs";

/** @typedef {Readonly<Record<string, number>>} Counts what a program counted, by name */

/**
 * Runs a whole program again and again, and checks what each run counted.
 *
 * @param {import("../micro/meter.mjs").Durations} durations
 * @param {Counts} expected
 * @param {() => Promise<Counts>} program one run, from the first actor to the last answer
 * @returns {Promise<number>} milliseconds of the median run
 * @throws {Error} when a run counted anything else
 */
export function timedProgram(durations, expected, program) {
  return medianRound(durations, async () => {
    const startedAtMs = performance.now();
    const counted = await program();
    const took = performance.now() - startedAtMs;
    checkCounts(counted, expected);
    return took;
  });
}

/**
 * @param {Counts} counted
 * @param {Counts} expected
 * @throws {Error} which names the first count that is wrong
 */
export function checkCounts(counted, expected) {
  for (const [name, count] of Object.entries(expected)) {
    if (counted[name] !== count) throw new Error(`Expected ${count} ${name}, got ${counted[name]}`);
  }
}

/**
 * Loads the kernel and starts a system in which nothing may go wrong: an actor that crashes ends the process, as the program would never end.
 *
 * @returns {Promise<{ Actor: typeof import("../../src/index.js").Actor, system: import("../../src/index.js").ActorSystem }>}
 */
export async function startStrict() {
  const { Actor, createSystem } = await loadKernel();
  const system = await createSystem({
    reporter: ({ level, text }) => {
      if (level !== "error") return;
      process.stderr.write(`${text}\n`);
      process.exit(1);
    },
  });
  return { Actor, system };
}

/**
 * The piece of work that an actor of the fork-join programs does for a message.
 *
 * @param {number} theta
 * @returns {number} never 0 for the angle that is used, which every receiver checks, so that no compiler leaves it out
 */
export function compute(theta) {
  const sine = Math.sin(theta);
  return sine * sine;
}

/** The angle that the fork-join programs compute with. */
export const THETA = 37.2;

/**
 * The next of a chain of numbers below 65,536 that looks random and is the same for every peer.
 *
 * @param {number} seed the one before, or any to begin with
 * @returns {number}
 */
export function nextRandom(seed) {
  return (seed * 20_077 + 12_345) & 0xffff;
}
