/**
 * Live bytes of an idle actor with a number as state, over 100,000 of them that one actor has started.
 *
 * @import { Durations } from "./meter.mjs"
 */
import { loadKernel, startComedy, startNact } from "../harness/packages.mjs";
import { MANY, bytesOfEach } from "./meter.mjs";

/** @param {Durations} _durations */
export async function holdfast(_durations) {
  const { Actor, createSystem } = await loadKernel();

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

  class Starter extends Actor {
    /** @param {unknown[]} slots */
    async fill(slots) {
      for (let i = 0; i < slots.length; i++) {
        const started = await this.start(Idle, i);
        slots[i] = started.ok ? started.ref : null;
      }
    }
  }

  const system = await createSystem();
  const starter = await system.start(Starter);
  return bytesOfEach(MANY, (slots) => starter.callWithin(60_000).fill(slots));
}

/**
 * One function for all actors, as a class has.
 *
 * @this {{ sum: number }}
 * @param {number} k
 */
function add(k) {
  this.sum += k;
}

/** @param {Durations} _durations */
export async function comedy(_durations) {
  const root = await startComedy();
  return bytesOfEach(MANY, async (slots) => {
    for (let i = 0; i < slots.length; i++) slots[i] = await root.createChild({ sum: i, add });
  });
}

/**
 * @param {number} sum
 * @param {number} k
 */
function plus(sum, k) {
  return sum + k;
}

/** @param {Durations} _durations */
export async function nact(_durations) {
  const { system, spawn } = await startNact();
  return bytesOfEach(MANY, async (slots) => {
    for (let i = 0; i < slots.length; i++) slots[i] = spawn(system, plus, i);
  });
}
