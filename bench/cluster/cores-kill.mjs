/**
 * How long it takes until the end of a process that is killed is known, and until what ran in it answers again.
 *
 * Holdfast: an actor of one core monitors one of the other; the time of its DOWN. comedy: the parent's actor for the process, when its state says
 * that it has crashed; nobody else is told. Both clocks are the machine's monotonic one.
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { resolve } from "node:path";
import { BENCH } from "../harness/context.mjs";
import { startForkedComedy } from "../harness/packages.mjs";
import { median } from "../harness/statistics.mjs";
import { startOnCores } from "./on-cores.mjs";

const KILLS = 3;
const PATIENCE_MS = 60_000;
/** How often is looked, where nothing tells. */
const LOOK_MS = 1;

/** @param {Durations} _durations */
export async function holdfast(_durations) {
  const { system, find } = await startOnCores("cluster/two-cores.mjs", 2);
  try {
    const watcher = await find("driver-core-2");
    return await killAgain(async () => {
      const watched = await find("driver-core-1");
      const { adder } = await watched.call.actors();
      await watcher.call.watch(watched);
      const killedAt = await kill(await adder.call.pid());
      const knownAt = await until(() => watcher.call.downAt());
      await until(async () => {
        const { adder: next } = await (await find("driver-core-1")).call.actors();
        return next.call.add(1);
      });
      return { killedAt, knownAt };
    });
  } finally {
    await system.stop();
  }
}

/** @param {Durations} _durations */
export async function comedy(_durations) {
  const { actor, stop } = await startForkedComedy(resolve(BENCH, "cluster/comedy-adder.mjs"));
  try {
    return await killAgain(async () => {
      const killedAt = await kill(await actor.sendAndReceive("pid"));
      const knownAt = await until(async () => (actor.getState() === "crashed" ? process.hrtime.bigint() : undefined));
      await until(() => actor.sendAndReceive("add", 1));
      return { killedAt, knownAt };
    });
  } finally {
    await stop();
  }
}

/**
 * @param {() => Promise<{ killedAt: bigint, knownAt: bigint }>} once resolves when what was killed answers again
 * @returns {Promise<{ known: number, back: number }>} medians in milliseconds
 */
async function killAgain(once) {
  /** @type {number[]} */ const known = [];
  /** @type {number[]} */ const back = [];
  for (let killed = 0; killed < KILLS; killed++) {
    const { killedAt, knownAt } = await once();
    known.push(millis(knownAt - killedAt));
    back.push(millis(process.hrtime.bigint() - killedAt));
  }
  return { known: median(known), back: median(back) };
}

/** @param {number} pid of a process that this one has started */
async function kill(pid) {
  const at = process.hrtime.bigint();
  process.kill(pid, "SIGKILL");
  return at;
}

/**
 * Asks until there is an answer; what fails meanwhile is not there yet.
 *
 * @template T
 * @param {() => Promise<T | undefined>} ask
 * @returns {Promise<T>}
 */
async function until(ask) {
  for (const end = performance.now() + PATIENCE_MS; ; ) {
    /** @type {unknown} */ let last;
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    if (performance.now() > end) throw new Error(`Expected an answer within ${PATIENCE_MS} ms`, { cause: last });
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

/** @param {bigint} ns */
function millis(ns) {
  return Number(ns) / 1e6;
}
