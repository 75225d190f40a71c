/**
 * Leases a second whose holders die instead of returning them: an actor starts, gets a resource and ends, and the pool has it back.
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { loadActors, loadKernel } from "../harness/packages.mjs";
import { Meter } from "../micro/meter.mjs";
import { RESOURCES } from "./pools.mjs";

const DEATHS_A_TICK = 100;

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();
  const { LeaseManager, leasesOf } = await loadActors();

  class Mortal extends Actor {
    /** @param {import("../../actors/index.js").LocalLeases<{}>} pool */
    async take(pool) {
      const answer = await pool.get();
      if (!answer.ok) throw new Error(`Expected a lease, got ${answer.reason}`);
      this.stop();
    }
  }

  class Client extends Actor {
    /**
     * @param {import("../../actors/index.js").LocalLeases<{}>} pool
     * @param {Meter} meter
     */
    async run(pool, meter) {
      do {
        for (let i = 0; i < DEATHS_A_TICK; i++) await this.spawn(Mortal).call.take(pool);
      } while (meter.tick(DEATHS_A_TICK));
    }
  }

  const system = await createSystem();
  const resources = Array.from({ length: RESOURCES }, () => ({}));
  const pool = await system.start(LeaseManager, { resources });
  const meter = new Meter(durations);
  (await system.start(Client)).cast.run(leasesOf(system, pool), meter);
  const rate = await meter.rate;
  const { totals } = await pool.call.stats();
  if (totals.holderDied < totals.granted - RESOURCES) throw new Error("Expected each lease to end with its holder");
  return rate;
}
