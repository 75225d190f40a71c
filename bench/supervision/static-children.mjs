/**
 * Children per second that a supervisor with 1,000 static children starts in order, and stops in reverse order, each waited for.
 *
 * @import { Durations } from "../micro/meter.mjs"
 */
import { loadKernel, loadSupervisors } from "../harness/packages.mjs";
import { medianRound } from "../micro/meter.mjs";

const CHILDREN = 1_000;

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();
  const { Supervisor, child } = await loadSupervisors();
  let running = 0;

  /** @extends {Actor<number>} */
  class Child extends Actor {
    sum = 0;
    /** @param {number} sum @override */
    init(sum) {
      this.sum = sum;
      running++;
    }
  }

  class Top extends Supervisor {
    /** @override */
    init() {
      return { children: Array.from({ length: CHILDREN }, (_, i) => child(Child, { id: i, args: i })) };
    }
  }

  const system = await createSystem({ reporter: () => undefined });
  /** @type {number[]} */ const stops = [];
  const startMs = await medianRound(durations, async () => {
    running = 0;
    const startedAtMs = performance.now();
    const top = await system.start(Top);
    const took = performance.now() - startedAtMs;
    if (running !== CHILDREN) throw new Error(`Expected ${CHILDREN} children, got ${running}`);
    const [{ ref } = { ref: undefined }] = await top.call.whichChildren();
    const stoppedAtMs = performance.now();
    await system.stopActor(top, "shutdown");
    stops.push(performance.now() - stoppedAtMs);
    if (ref === undefined || system.isAlive(ref)) throw new Error("Expected the children to have ended");
    return took;
  });
  // The first half is the warm-up's.
  const late = stops.slice(stops.length >> 1).sort((a, b) => a - b);
  const stopMs = /** @type {number} */ (late[late.length >> 1]);
  return { start: (CHILDREN * 1_000) / startMs, stop: (CHILDREN * 1_000) / stopMs };
}
