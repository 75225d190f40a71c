/**
 * Casts from one actor to another, per second.
 *
 * The sender posts a batch, whose last message asks for an answer; when that answer comes, all of the batch was handled.
 *
 * @import { Durations } from "./meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 */
import { loadKernel, startComedy, startNact } from "../harness/packages.mjs";
import { BATCH, Meter } from "./meter.mjs";

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();

  class Adder extends Actor {
    sum = 0;
    /** @param {number} k */
    add(k) {
      this.sum += k;
    }
    /** @param {ActorRef<Sender>} sender */
    flush(sender) {
      sender.cast.handled();
    }
  }

  /** @extends {Actor<{ adder: ActorRef<Adder>, meter: Meter }>} */
  class Sender extends Actor {
    /** @param {{ adder: ActorRef<Adder>, meter: Meter }} args @override */
    init({ adder, meter }) {
      this.adder = adder;
      this.meter = meter;
      this.#post();
    }
    handled() {
      if (this.meter?.tick(BATCH)) this.#post();
    }
    #post() {
      const { adder } = this;
      if (adder === undefined) return;
      for (let i = 1; i < BATCH; i++) adder.cast.add(1);
      adder.cast.flush(this.self());
    }
  }

  const system = await createSystem();
  const meter = new Meter(durations);
  const adder = await system.start(Adder);
  await system.start(Sender, { adder, meter });
  return meter.rate;
}

/** @param {Durations} durations */
export async function comedy(durations) {
  const root = await startComedy();
  const meter = new Meter(durations);
  let sum = 0;
  const adder = await root.createChild({
    /** @param {number} k */
    add(k) {
      sum += k;
    },
    flush() {
      sender.send("handled");
    },
  });
  const sender = await root.createChild({
    handled() {
      if (meter.tick(BATCH)) post();
    },
  });
  const post = () => {
    for (let i = 1; i < BATCH; i++) adder.send("add", 1);
    adder.send("flush");
  };
  post();
  return meter.rate;
}

/** @param {Durations} durations */
export async function nact(durations) {
  const { system, spawn, dispatch } = await startNact();
  const meter = new Meter(durations);
  const adder = spawn(
    system,
    (sum, message) => {
      if (message.flush) dispatch(sender, "handled");
      return sum + message.add;
    },
    0,
  );
  const sender = spawn(system, () => {
    if (meter.tick(BATCH)) post();
  });
  const post = () => {
    for (let i = 1; i < BATCH; i++) dispatch(adder, { add: 1, flush: false });
    dispatch(adder, { add: 1, flush: true });
  };
  post();
  return meter.rate;
}
