import type { Actor } from "../kernel/actor.js";
import { seededRandom } from "../kernel/random.js";
import type { Report } from "../kernel/report.js";
import { type ActorSystem, createSystem, type SystemOptions } from "../kernel/system.js";
import { assertNoLeaks } from "./leak-check.js";
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

/** Makes a {@link TestSystem}; `options` are those of `createSystem`, of which clock, random source and reporter have test defaults. */
export async function createTestSystem<Root extends Actor<never>>(
  options: SystemOptions<Root> = {},
): Promise<TestSystem> {
  const clock = createVirtualClock();
  const reports: Report[] = [];
  const reporter = (report: Report): void => {
    reports.push(report);
  };
  const system = await createSystem({ clock, random: seededRandom(1), reporter, ...options });
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
