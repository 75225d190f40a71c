/**
 * Raw messages from one actor to another, per second: `send` of Holdfast, `!` of Erlang, `dispatch` of nact. comedy has named messages only.
 *
 * The shape is that of `cast`.
 *
 * @import { Durations } from "./meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 */
import { loadKernel } from "../harness/packages.mjs";
import { BATCH, Meter } from "./meter.mjs";

// nact has one kind of message: what it does here is what it does for a cast.
export { nact } from "./cast.mjs";

const DONE = "done";

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();

  class Adder extends Actor {
    sum = 0;
    /** @param {unknown} message @override */
    handleInfo(message) {
      const { add, flush } = /** @type {{ add: number, flush: ActorRef | undefined }} */ (message);
      this.sum += add;
      flush?.send(DONE);
    }
  }

  /** @extends {Actor<{ adder: ActorRef, meter: Meter }>} */
  class Sender extends Actor {
    /** @param {{ adder: ActorRef, meter: Meter }} args @override */
    init({ adder, meter }) {
      this.adder = adder;
      this.meter = meter;
      this.#post();
    }
    /** @override */
    handleInfo() {
      if (this.meter?.tick(BATCH)) this.#post();
    }
    #post() {
      const { adder } = this;
      // Each message is a value of its own, as each of Erlang's is a tuple of its own.
      for (let i = 1; i < BATCH; i++) adder?.send({ add: 1, flush: undefined });
      adder?.send({ add: 1, flush: this.self() });
    }
  }

  const system = await createSystem();
  const meter = new Meter(durations);
  const adder = await system.start(Adder);
  await system.start(Sender, { adder, meter });
  return meter.rate;
}
