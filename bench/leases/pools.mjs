/**
 * What the lease rows share: a pool of 100 resources, and clients that get one and give it back, again and again.
 *
 * A cycle is a get and a return. In Holdfast each client is an actor, and so a holder that is watched; its leases are fenced and have an end. The peers'
 * clients are async functions, which nobody watches; their pools have no time-outs switched on beyond those that they insist on. Resources
 * are made before the count, and never checked: no peer does anything but hand them out.
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { loadActors, loadKernel } from "../harness/packages.mjs";
import { Meter } from "../micro/meter.mjs";

/** Resources of each pool. */
export const RESOURCES = 100;
const CYCLES_A_TICK = 100;

/**
 * A pool of a peer: the client's loop has to be its own, so that no adapter stands between.
 *
 * @typedef {(meter: Meter) => Promise<void>} Client
 */

/**
 * @param {Durations} durations
 * @param {number} clients that get and return at the same time
 */
export async function holdfastCycles(durations, clients) {
  const { Actor, createSystem } = await loadKernel();
  const { LeaseManager, leasesOf } = await loadActors();

  class Client extends Actor {
    /**
     * @param {import("../../actors/index.js").LocalLeases<{}>} pool
     * @param {Meter} meter
     */
    async run(pool, meter) {
      const mine = { holder: this.self() };
      do {
        for (let i = 0; i < CYCLES_A_TICK; i++) {
          const answer = await pool.get(mine);
          if (!answer.ok) throw new Error(`Expected a lease, got ${answer.reason}`);
          pool.return(answer.lease);
        }
      } while (meter.tick(CYCLES_A_TICK));
    }
  }

  const system = await createSystem();
  const pool = leasesOf(system, await startManager(system, LeaseManager, clients));
  const meter = new Meter(durations);
  for (let i = 0; i < clients; i++) (await system.start(Client)).cast.run(pool, meter);
  return meter.rate;
}

/**
 * The same by messages to the manager, as an actor on another node does it, and as a gen_server is used.
 *
 * @param {Durations} durations
 * @param {number} clients that get and return at the same time
 */
export async function messageCycles(durations, clients) {
  const { Actor, createSystem } = await loadKernel();
  const { LeaseManager } = await loadActors();

  class Client extends Actor {
    /**
     * @param {import("../../src/index.js").ActorRef<import("../../actors/index.js").LeaseManager<{}>>} pool
     * @param {Meter} meter
     */
    async run(pool, meter) {
      do {
        for (let i = 0; i < CYCLES_A_TICK; i++) {
          const answer = await pool.call.get();
          if (!answer.ok) throw new Error(`Expected a lease, got ${answer.reason}`);
          pool.cast.return(answer.lease);
        }
      } while (meter.tick(CYCLES_A_TICK));
    }
  }

  const system = await createSystem();
  const pool = await startManager(system, LeaseManager, clients);
  const meter = new Meter(durations);
  for (let i = 0; i < clients; i++) (await system.start(Client)).cast.run(pool, meter);
  return meter.rate;
}

/**
 * @param {import("../../src/index.js").ActorSystem} system
 * @param {typeof import("../../actors/index.js").LeaseManager} LeaseManager
 * @param {number} maxWaiting
 * @returns {Promise<import("../../src/index.js").ActorRef<import("../../actors/index.js").LeaseManager<{}>>>}
 */
function startManager(system, LeaseManager, maxWaiting) {
  return system.start(LeaseManager, { resources: Array.from({ length: RESOURCES }, () => ({})), maxWaiting });
}

/**
 * @param {Durations} durations
 * @param {number} clients
 */
export async function genericPoolCycles(durations, clients) {
  // Named by a variable: the peers are installed on the first bench, type checks run without them.
  const name = "generic-pool";
  const { default: genericPool } = await import(name);
  const factory = { create: async () => ({}), destroy: async () => {} };
  const pool = genericPool.createPool(factory, { min: RESOURCES, max: RESOURCES });
  await pool.ready();
  return cycles(durations, clients, async (meter) => {
    do {
      for (let i = 0; i < CYCLES_A_TICK; i++) {
        const resource = await pool.acquire();
        // Its answer is a promise that nobody needs.
        pool.release(resource);
      }
    } while (meter.tick(CYCLES_A_TICK));
  });
}

/**
 * @param {Durations} durations
 * @param {number} clients
 */
export async function tarnCycles(durations, clients) {
  const name = "tarn";
  const { Pool } = await import(name);
  const pool = new Pool({ create: async () => ({}), destroy: () => {}, min: RESOURCES, max: RESOURCES });
  return cycles(durations, clients, async (meter) => {
    do {
      for (let i = 0; i < CYCLES_A_TICK; i++) {
        const resource = await pool.acquire().promise;
        pool.release(resource);
      }
    } while (meter.tick(CYCLES_A_TICK));
  });
}

/** A client of PostgreSQL that is connected to nothing: pg-pool makes its resources by itself. */
class NoClient {
  /** @param {(error?: Error) => void} done */
  connect(done) {
    done();
  }
  on() {}
  once() {}
  removeListener() {}
  /** @param {() => void} [done] */
  end(done) {
    done?.();
  }
}

/**
 * @param {Durations} durations
 * @param {number} clients
 */
export async function pgPoolCycles(durations, clients) {
  const name = "pg-pool";
  const { default: Pool } = await import(name);
  const pool = new Pool({ Client: NoClient, max: RESOURCES, idleTimeoutMillis: 0 });
  return cycles(durations, clients, async (meter) => {
    do {
      for (let i = 0; i < CYCLES_A_TICK; i++) {
        const client = await pool.connect();
        client.release();
      }
    } while (meter.tick(CYCLES_A_TICK));
  });
}

/**
 * @param {Durations} durations
 * @param {number} clients
 * @param {Client} client
 */
function cycles(durations, clients, client) {
  const meter = new Meter(durations);
  return new Promise((resolve, reject) => {
    meter.rate.then(resolve);
    for (let i = 0; i < clients; i++) client(meter).catch(reject);
  });
}
