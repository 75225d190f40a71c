/**
 * Hops per second of one token that goes round a ring of 1,000 actors.
 *
 * @import { Durations } from "./meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 */
import { loadKernel, startComedy, startNact } from "../harness/packages.mjs";
import { Meter } from "./meter.mjs";

const MEMBERS = 1_000;

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();

  /** @extends {Actor<ActorRef<Hop>>} */
  class Hop extends Actor {
    /** @param {ActorRef<Hop>} next @override */
    init(next) {
      this.next = next;
    }
    token() {
      this.next?.cast.token();
    }
  }

  class Last extends Actor {
    /** @type {ActorRef<Hop> | undefined} */ first = undefined;
    /** @type {Meter | undefined} */ meter = undefined;
    /**
     * @param {ActorRef<Hop>} first
     * @param {Meter} meter
     */
    close(first, meter) {
      this.first = first;
      this.meter = meter;
      first.cast.token();
    }
    token() {
      if (this.meter?.tick(MEMBERS)) this.first?.cast.token();
    }
  }

  const system = await createSystem();
  const meter = new Meter(durations);
  const last = await system.start(Last);
  /** @type {ActorRef<Hop>} */
  let first = last;
  for (let i = 1; i < MEMBERS; i++) first = await system.start(Hop, first);
  last.cast.close(first, meter);
  return meter.rate;
}

/** @param {Durations} durations */
export async function comedy(durations) {
  const root = await startComedy();
  const meter = new Meter(durations);
  const last = await root.createChild({
    token() {
      if (meter.tick(MEMBERS)) first.send("token");
    },
  });
  let first = last;
  for (let i = 1; i < MEMBERS; i++) {
    const next = first;
    first = await root.createChild({
      token() {
        next.send("token");
      },
    });
  }
  first.send("token");
  return meter.rate;
}

/** @param {Durations} durations */
export async function nact(durations) {
  const { system, spawn, dispatch } = await startNact();
  const meter = new Meter(durations);
  const last = spawn(system, () => {
    if (meter.tick(MEMBERS)) dispatch(first, "token");
  });
  let first = last;
  for (let i = 1; i < MEMBERS; i++) {
    const next = first;
    first = spawn(system, () => dispatch(next, "token"));
  }
  dispatch(first, "token");
  return meter.rate;
}
