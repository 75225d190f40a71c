/**
 * Calls per second of one client, one after the other: each waits for its reply.
 *
 * @import { Durations } from "./meter.mjs"
 */
import { loadKernel, startComedy, startNact } from "../harness/packages.mjs";
import { Meter } from "./meter.mjs";

const CALLS_A_TICK = 100;

/** @param {Durations} durations */
export async function holdfast(durations) {
  return holdfastClients(durations, 1);
}

/** @param {Durations} durations */
export async function comedy(durations) {
  return comedyClients(durations, 1);
}

/**
 * @param {Durations} durations
 * @param {number} clients actors that call at the same time, one call each
 */
export async function holdfastClients(durations, clients) {
  const { Actor, createSystem } = await loadKernel();

  class Adder extends Actor {
    sum = 0;
    /** @param {number} k */
    add(k) {
      this.sum += k;
      return this.sum;
    }
  }

  class Client extends Actor {
    /**
     * @param {import("../../src/index.js").ActorRef<Adder>} adder
     * @param {Meter} meter
     */
    async run(adder, meter) {
      do for (let i = 0; i < CALLS_A_TICK; i++) await adder.call.add(1);
      while (meter.tick(CALLS_A_TICK));
    }
  }

  const system = await createSystem();
  const meter = new Meter(durations);
  const adder = await system.start(Adder);
  for (let i = 0; i < clients; i++) (await system.start(Client)).cast.run(adder, meter);
  return meter.rate;
}

/**
 * @param {Durations} durations
 * @param {number} clients actors that call at the same time, one call each
 */
export async function comedyClients(durations, clients) {
  const root = await startComedy();
  const meter = new Meter(durations);
  let sum = 0;
  const adder = await root.createChild({
    /** @param {number} k */
    add(k) {
      sum += k;
      return sum;
    },
  });
  for (let i = 0; i < clients; i++) {
    const client = await root.createChild({
      async run() {
        do for (let n = 0; n < CALLS_A_TICK; n++) await adder.sendAndReceive("add", 1);
        while (meter.tick(CALLS_A_TICK));
      },
    });
    client.send("run");
  }
  return meter.rate;
}

/** @param {Durations} durations */
export async function nact(durations) {
  return nactClients(durations, 1);
}

/** nact wants a timeout for each query. */
const QUERY_TIMEOUT_MS = 5_000;

/**
 * @param {Durations} durations
 * @param {number} clients actors that query at the same time, one query each
 */
export async function nactClients(durations, clients) {
  const { system, spawn, dispatch, query } = await startNact();
  const meter = new Meter(durations);
  const adder = spawn(
    system,
    (sum, message) => {
      dispatch(message.sender, sum + message.add);
      return sum + message.add;
    },
    0,
  );
  for (let i = 0; i < clients; i++) {
    const client = spawn(system, async () => {
      do {
        for (let n = 0; n < CALLS_A_TICK; n++) await query(adder, (sender) => ({ add: 1, sender }), QUERY_TIMEOUT_MS);
      } while (meter.tick(CALLS_A_TICK));
    });
    dispatch(client, "run");
  }
  return meter.rate;
}
