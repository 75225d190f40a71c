/**
 * Microseconds until all of 100 children are up again after one of them, in the middle, has crashed under `one_for_all`: 50 are stopped, the
 * last first, 49 more, then 100 are started. Reports are counted, none is written.
 *
 * @import { Durations } from "../micro/meter.mjs"
 * @import { ActorRef } from "../../src/index.js"
 */
import { loadKernel, loadSupervisors } from "../harness/packages.mjs";
import { medianRound } from "../micro/meter.mjs";

const CHILDREN = 100;
const CRASHING = 50;

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();
  const { Supervisor, child } = await loadSupervisors();
  let left = CHILDREN;
  /** @type {ActorRef<Child> | undefined} */ let crashing;
  let allUp = () => {};

  /** @extends {Actor<number>} */
  class Child extends Actor {
    /** @param {number} index @override */
    init(index) {
      if (index === CRASHING) crashing = this.self();
      if (--left === 0) allUp();
    }
    fail() {
      this.stop("boom");
    }
  }

  class Top extends Supervisor {
    /** @override */
    init() {
      const children = Array.from({ length: CHILDREN }, (_, i) => child(Child, { id: `child-${i}`, args: i }));
      return /** @type {const} */ ({ strategy: "one_for_all", children });
    }
  }

  let errors = 0;
  const system = await createSystem({
    reporter: ({ level }) => {
      if (level === "error") errors++;
    },
  });
  let rounds = 0;
  const ms = await medianRound(durations, async () => {
    left = CHILDREN;
    // A fresh one for each round, as the BEAM's program has.
    const top = await system.start(Top);
    left = CHILDREN;
    const up = new Promise((resolve) => {
      allUp = () => resolve(undefined);
    });
    const before = crashing;
    const startedAtMs = performance.now();
    before?.cast.fail();
    await up;
    const took = performance.now() - startedAtMs;
    rounds++;
    // The supervisor is done when it answers nobody but us.
    await system.idle();
    if (crashing === before || left !== 0) throw new Error(`Expected ${CHILDREN} new children, ${left} are missing`);
    await system.stopActor(top, "shutdown");
    return took;
  });
  if (errors < rounds) throw new Error(`Expected at least ${rounds} reports, got ${errors}`);
  return ms * 1_000;
}
