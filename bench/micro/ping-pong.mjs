/**
 * Round trips per second between two actors that answer each other, one message at a time.
 *
 * @import { Durations } from "./meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 */
import { loadKernel, startComedy, startNact } from "../harness/packages.mjs";
import { Meter } from "./meter.mjs";

const TRIPS_A_TICK = 1_000;

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();

  class Pong extends Actor {
    /** @param {ActorRef<Ping>} ping */
    hit(ping) {
      ping.cast.back();
    }
  }

  /** @extends {Actor<{ pong: ActorRef<Pong>, meter: Meter }>} */
  class Ping extends Actor {
    trips = 0;
    /** @param {{ pong: ActorRef<Pong>, meter: Meter }} args @override */
    init({ pong, meter }) {
      this.pong = pong;
      this.meter = meter;
      pong.cast.hit(this.self());
    }
    back() {
      if (++this.trips === TRIPS_A_TICK) {
        this.trips = 0;
        if (!this.meter?.tick(TRIPS_A_TICK)) return;
      }
      this.pong?.cast.hit(this.self());
    }
  }

  const system = await createSystem();
  const meter = new Meter(durations);
  const pong = await system.start(Pong);
  await system.start(Ping, { pong, meter });
  return meter.rate;
}

/** @param {Durations} durations */
export async function comedy(durations) {
  const root = await startComedy();
  const meter = new Meter(durations);
  let trips = 0;
  const pong = await root.createChild({
    hit() {
      ping.send("back");
    },
  });
  const ping = await root.createChild({
    back() {
      if (++trips === TRIPS_A_TICK) {
        trips = 0;
        if (!meter.tick(TRIPS_A_TICK)) return;
      }
      pong.send("hit");
    },
  });
  pong.send("hit");
  return meter.rate;
}

/** @param {Durations} durations */
export async function nact(durations) {
  const { system, spawn, dispatch } = await startNact();
  const meter = new Meter(durations);
  const pong = spawn(system, () => dispatch(ping, "back"));
  const ping = spawn(
    system,
    (trips) => {
      const made = (trips + 1) % TRIPS_A_TICK;
      if (made > 0 || meter.tick(TRIPS_A_TICK)) dispatch(pong, "hit");
      return made;
    },
    0,
  );
  dispatch(pong, "hit");
  return meter.rate;
}
