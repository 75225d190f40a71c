/**
 * Savina "Fork Join (throughput)": 60 actors get 10,000 messages each, dealt out in turn, and compute for every one.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 * @import { Counts } from "./check.mjs"
 * @import { Plain } from "./plain.mjs"
 */
import { THETA, compute, startStrict, timedProgram } from "./check.mjs";
import { plainComedy, plainNact } from "./plain.mjs";

const ACTORS = 60;
const MESSAGES = 10_000;
const EXPECTED = { computed: ACTORS * MESSAGES, ended: ACTORS };

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, system } = await startStrict();
  let computed = 0;
  let ended = 0;
  /** @type {(counts: Counts) => void} */ let done = () => {};

  class Worker extends Actor {
    messages = 0;
    /** @param {number} theta */
    work(theta) {
      if (compute(theta) > 0) computed++;
      if (++this.messages < MESSAGES) return;
      this.stop();
      if (++ended === ACTORS) done({ computed, ended });
    }
  }

  class Main extends Actor {
    run() {
      /** @type {ActorRef<Worker>[]} */ const workers = [];
      for (let i = 0; i < ACTORS; i++) workers.push(this.spawn(Worker));
      for (let i = 0; i < MESSAGES; i++) for (const worker of workers) worker.cast.work(THETA);
    }
  }

  const main = system.spawn(Main);
  return timedProgram(durations, EXPECTED, () => {
    computed = 0;
    ended = 0;
    main.cast.run();
    return new Promise((resolve) => {
      done = resolve;
    });
  });
}

/**
 * @param {Durations} durations
 * @param {Plain} peer
 */
function plain(durations, { spawn, send, stop }) {
  return timedProgram(durations, EXPECTED, async () => {
    let computed = 0;
    let ended = 0;
    let finish = () => {};
    const finished = new Promise((resolve) => {
      finish = () => resolve(undefined);
    });
    /** @type {unknown[]} */ const workers = [];
    for (let i = 0; i < ACTORS; i++) {
      let messages = 0;
      workers.push(
        await spawn((theta) => {
          if (compute(theta) > 0) computed++;
          if (++messages === MESSAGES && ++ended === ACTORS) finish();
        }),
      );
    }
    for (let i = 0; i < MESSAGES; i++) for (const worker of workers) send(worker, THETA);
    await finished;
    for (const worker of workers) await stop(worker);
    return { computed, ended };
  });
}

/** @param {Durations} durations */
export async function comedy(durations) {
  return plain(durations, await plainComedy());
}

/** @param {Durations} durations */
export async function nact(durations) {
  return plain(durations, await plainNact());
}
