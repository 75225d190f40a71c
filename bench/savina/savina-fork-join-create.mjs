/**
 * Savina "Fork Join (actor creation)": 40,000 actors are started, get one message each, compute for it, and end.
 *
 * comedy is left out: ending one of its actors takes a time linear in its siblings, half a millisecond at 20,000.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { Counts } from "./check.mjs"
 */
import { THETA, compute, startStrict, timedProgram } from "./check.mjs";
import { plainNact } from "./plain.mjs";

const ACTORS = 40_000;
const EXPECTED = { computed: ACTORS, ended: ACTORS };

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, system } = await startStrict();
  let computed = 0;
  let ended = 0;
  /** @type {(counts: Counts) => void} */ let done = () => {};

  class Worker extends Actor {
    /** @param {number} theta */
    work(theta) {
      if (compute(theta) > 0) computed++;
      this.stop();
      if (++ended === ACTORS) done({ computed, ended });
    }
  }

  class Main extends Actor {
    run() {
      for (let i = 0; i < ACTORS; i++) this.spawn(Worker).cast.work(THETA);
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

/** @param {Durations} durations */
export async function nact(durations) {
  const { spawn, send, stop } = await plainNact();
  return timedProgram(durations, EXPECTED, () => {
    let computed = 0;
    let ended = 0;
    return new Promise((done) => {
      for (let i = 0; i < ACTORS; i++) {
        const worker = spawn((theta) => {
          if (compute(theta) > 0) computed++;
          stop(worker);
          if (++ended === ACTORS) done({ computed, ended });
        });
        send(worker, THETA);
      }
    });
  });
}
