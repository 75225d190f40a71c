/**
 * What is asked of any link between two processes, and how it is counted: the same loops for Holdfast and for what stands beside it.
 *
 * @typedef {object} Link
 * @property {(k: number) => void} cast has the other process add a number, and waits for nothing
 * @property {() => Promise<number>} handled how many numbers it has added, when all that was cast before is
 * @property {(k: number) => Promise<number>} call has it add a number and answer the sum
 * @property {() => Promise<{ user: number, system: number }>} usage the CPU time of the other process, in microseconds
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { BATCH, Meter } from "../micro/meter.mjs";

/** Batches that may be on their way: the sender does not stand still while the last one is acknowledged. */
const WINDOW = 4;
const CALLS_A_TICK = 16;
/** How often is asked whether the last casts have been handled, where they need not come before the question. */
const QUESTIONS = 1_000;
/** What is waited for to let the microtasks have their turn. */
const PAUSE = Promise.resolve();
/** What is kept of single calls' times; far more than a run makes. */
const MOST_TIMES = 1_000_000;

/**
 * Casts per second.
 *
 * @param {Link} link
 * @param {number} together how many are cast before the loop's microtasks have their turn: so many can share a frame
 * @param {Durations} durations
 * @returns {Promise<{ rate: number, us: number }>} and CPU time of both processes for each, in microseconds
 */
export function countCasts(link, together, durations) {
  return warmed(durations, (stretch) => castFor(link, together, stretch));
}

/**
 * Does something once for the warm-up, and then once for the count: CPU time is that of the count alone, as the rate is.
 *
 * @template T
 * @param {Durations} durations
 * @param {(stretch: Durations) => Promise<T>} count
 * @returns {Promise<T>}
 */
export async function warmed({ warmMs, runMs }, count) {
  await count({ warmMs: 0, runMs: warmMs });
  return count({ warmMs: 0, runMs });
}

/**
 * @param {Link} link
 * @param {number} together
 * @param {Durations} stretch
 */
async function castFor(link, together, stretch) {
  const meter = new Meter(stretch);
  const before = await link.handled();
  /** @type {Promise<number>[]} */ const unanswered = [];
  let cast = 0;
  let handled = before;
  const spent = await cpuOfBoth(link, async () => {
    do {
      for (let posted = 0; posted < BATCH; posted += together) {
        for (let i = 0; i < together; i++) link.cast(1);
        if (together < BATCH) await PAUSE;
      }
      cast += BATCH;
      unanswered.push(link.handled());
      if (unanswered.length === WINDOW) handled = (await unanswered.shift()) ?? 0;
    } while (meter.tick(BATCH));
    for (const answer of unanswered) handled = await answer;
    for (let asked = 0; handled - before < cast && asked < QUESTIONS; asked++) handled = await link.handled();
  });
  if (handled - before !== cast) throw new Error(`Expected ${cast} casts to be handled, got ${handled - before}`);
  return { rate: await meter.rate, us: spent / cast };
}

/**
 * Calls, one after the other, as one client of several makes them.
 *
 * @param {Pick<Link, "call">} link
 * @param {Meter} meter
 * @returns {Promise<number>} how many
 */
export async function callOn(link, meter) {
  let calls = 0;
  do {
    for (let i = 0; i < CALLS_A_TICK; i++) await link.call(1);
    calls += CALLS_A_TICK;
  } while (meter.tick(CALLS_A_TICK));
  return calls;
}

/**
 * Calls per second of many clients, each of which has one under way.
 *
 * @param {Pick<Link, "usage">} link
 * @param {(meter: Meter) => Promise<number>[]} clients starts them; each answers how many calls it has made
 * @param {Durations} durations
 * @returns {Promise<{ rate: number, us: number }>} and CPU time of both processes for each call, in microseconds
 */
export function countCalls(link, clients, durations) {
  return warmed(durations, async (stretch) => {
    const meter = new Meter(stretch);
    let calls = 0;
    const spent = await cpuOfBoth(link, async () => {
      for (const made of await Promise.all(clients(meter))) calls += made;
    });
    return { rate: await meter.rate, us: spent / calls };
  });
}

/**
 * Calls one at a time, each with its time.
 *
 * @param {Pick<Link, "call">} link
 * @param {Durations} durations
 * @returns {Promise<{ rate: number, p50: number, p99: number }>} calls per second, and their times in microseconds
 */
export async function timeCalls(link, { warmMs, runMs }) {
  for (const warmUntilMs = performance.now() + warmMs; performance.now() < warmUntilMs; ) await link.call(1);
  const times = new Float64Array(MOST_TIMES);
  const startedAtMs = performance.now();
  let before = startedAtMs;
  let calls = 0;
  while (before < startedAtMs + runMs && calls < MOST_TIMES) {
    await link.call(1);
    const now = performance.now();
    times[calls++] = now - before;
    before = now;
  }
  const sorted = times.subarray(0, calls).sort();
  const at = (/** @type {number} */ share) => (sorted[Math.floor((calls - 1) * share)] ?? 0) * 1_000;
  return { rate: (calls * 1_000) / (before - startedAtMs), p50: at(0.5), p99: at(0.99) };
}

/**
 * @param {Pick<Link, "usage">} link
 * @param {() => Promise<void>} work
 * @returns {Promise<number>} microseconds of both processes
 */
export async function cpuOfBoth(link, work) {
  const there = total(await link.usage());
  const here = total(process.cpuUsage());
  await work();
  const spentHere = total(process.cpuUsage()) - here;
  return spentHere + total(await link.usage()) - there;
}

/** @param {{ user: number, system: number }} usage */
function total({ user, system }) {
  return user + system;
}
