/**
 * Idle actors spawned per second by one actor, without waiting: `spawn` of either. The count ends when each has run its `init`.
 *
 * What was spawned is ended between the batches, outside the measured time.
 *
 * @import { Durations } from "./meter.mjs"
 */
import { loadKernel } from "../harness/packages.mjs";
import { medianRound } from "./meter.mjs";

const SPAWNS = 20_000;

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();
  let left = 0;
  let allRun = () => {};

  class Idle extends Actor {
    sum = 0;
    /** @override */
    init() {
      if (--left === 0) allRun();
    }
  }

  class Spawner extends Actor {
    spawnAll() {
      for (let i = 0; i < SPAWNS; i++) this.spawn(Idle, undefined, { link: true });
    }
  }

  const system = await createSystem();
  const ms = await medianRound(durations, async () => {
    const spawner = await system.start(Spawner);
    left = SPAWNS;
    const done = new Promise((resolve) => {
      allRun = () => resolve(undefined);
    });
    const startedAtMs = performance.now();
    spawner.cast.spawnAll();
    await done;
    const took = performance.now() - startedAtMs;
    system.exit(spawner, "kill");
    await system.exited(spawner);
    await system.idle();
    return took;
  });
  return (SPAWNS * 1_000) / ms;
}
