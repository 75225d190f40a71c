/**
 * Live bytes of an idle actor with a number as state under a dynamic supervisor, over 100,000 of them.
 *
 * comedy has no supervisors: its figure is that of a child of its root actor, which is what it restarts.
 *
 * @import { Durations } from "./meter.mjs"
 */
import { loadKernel, loadSupervisors } from "../harness/packages.mjs";
import { MANY, bytesOfEach } from "./meter.mjs";

export { comedy } from "./bytes.mjs";

/** @param {Durations} _durations */
export async function holdfast(_durations) {
  const { Actor, createSystem } = await loadKernel();
  const { DynamicSupervisor, childTemplate, startChild } = await loadSupervisors();

  /** @extends {Actor<number>} */
  class Idle extends Actor {
    sum = 0;
    /** @param {number} sum @override */
    init(sum) {
      this.sum = sum;
    }
    /** @param {number} k */
    add(k) {
      this.sum += k;
    }
  }

  const idle = childTemplate(Idle);
  const system = await createSystem();
  const supervisor = await system.start(DynamicSupervisor);
  return bytesOfEach(MANY, async (slots) => {
    for (let i = 0; i < slots.length; i++) {
      const started = await startChild(supervisor, idle, i);
      slots[i] = started.ok ? started.ref : null;
    }
  });
}
