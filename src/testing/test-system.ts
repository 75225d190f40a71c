import type { Actor } from "../kernel/actor.js";
import { seededRandom } from "../kernel/random.js";
import type { Report } from "../kernel/report.js";
import { type ActorSystem, createScheduledSystem, createSystem, type SystemOptions } from "../kernel/system.js";
import { assertNoLeaks } from "./leak-check.js";
import { SeededScheduler } from "./seeded-scheduler.js";
import { createVirtualClock, type VirtualClock } from "./virtual-clock.js";

/** A system under test: on a virtual clock, with a seeded random source, its reports collected. */
export interface TestSystem {
  readonly system: ActorSystem;
  readonly clock: VirtualClock;
  /** Every report so far, oldest first. */
  readonly reports: Report[];
  /** Stops the system and checks that nothing is left; see {@link assertNoLeaks}. */
  stop(): Promise<void>;
}

/** Options of {@link createTestSystem}: those of `createSystem`, of which clock, random source and reporter have test defaults. */
export interface TestSystemOptions<Root> extends SystemOptions<Root> {
  /**
   * Runs the actors in an order drawn from this seed, and seeds the random source with it; see {@link SeededScheduler}.
   *
   * Without a seed they run first come first served, as they do in production.
   */
  readonly seed?: number;
}

/** Makes a {@link TestSystem}. With {@link forEachSeed} a test runs under many orders. */
export async function createTestSystem<Root extends Actor<never>>(
  options: TestSystemOptions<Root> = {},
): Promise<TestSystem> {
  const clock = createVirtualClock();
  const reports: Report[] = [];
  const reporter = (report: Report): void => {
    reports.push(report);
  };
  const { seed, ...rest } = options;
  const complete = { clock, random: seededRandom(seed ?? 1), reporter, ...rest };
  const system =
    seed === undefined
      ? await createSystem(complete)
      : await createScheduledSystem(complete, (setup) => new SeededScheduler(setup, seed));
  clock.attach(system);
  return {
    system,
    clock,
    reports,
    async stop() {
      await stopOnVirtualTime(system, clock);
      assertNoLeaks(system);
    },
  };
}

const LONGEST_STOP_MS = 3_600_000;
const STEP_MS = 1_000;

/** A stop may have to wait for time-outs: the clock is moved on until it is over. */
async function stopOnVirtualTime(system: ActorSystem, clock: VirtualClock): Promise<void> {
  let stopped = false;
  const stopping = system.stop().then(() => {
    stopped = true;
  });
  await clock.settle();
  for (let waited = 0; !stopped && waited < LONGEST_STOP_MS; waited += STEP_MS) await clock.advance(STEP_MS);
  if (!stopped) throw new Error(`The system ${system.name} did not stop within an hour of virtual time`);
  await stopping;
}
