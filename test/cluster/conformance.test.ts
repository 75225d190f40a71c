import { describe, it } from "vitest";
import { MemoryNetwork } from "../../src/cluster/memory/memory-network.js";
import { GatedClock } from "../../src/cluster/memory/process-gate.js";
import type { Membership } from "../../src/cluster/engine.js";
import { soloEngine } from "../../src/cluster/solo.js";
import { seededRandom } from "../../src/kernel/random.js";
import { realClock } from "../../src/kernel/clock.js";
import { createVirtualClock, engineConformance, type EngineWorld } from "../../src/testing/index.js";

/** A cluster of the memory engine, on a virtual clock, whose frames take some time. */
async function memoryWorld(): Promise<EngineWorld> {
  const clock = createVirtualClock();
  const network = new MemoryNetwork({ clock, random: seededRandom(7) });
  network.setFaults({ delayMs: [1, 20] });
  const joined = new Map<string, Membership>();
  const names: string[] = [];
  const settle = async <Value>(pending: Promise<Value>): Promise<Value> => {
    let isOpen = true;
    const close = (): void => {
      isOpen = false;
    };
    void pending.then(close, close);
    for (let waited = 0; isOpen && waited < 500; waited++) await clock.advance(10);
    return pending;
  };
  return {
    settle,
    async join(name, events) {
      const surroundings = {
        name,
        clock: new GatedClock(clock, network.gate(name)),
        random: seededRandom(joined.size),
        report: () => undefined,
      };
      names.push(name);
      const membership = await settle(network.engine(name).join(surroundings, events));
      joined.set(name, membership);
      return membership;
    },
    async until(isSo, what) {
      for (let waited = 0; !isSo(); waited++) {
        if (waited === 1_000) throw new Error(`Waited ten seconds for ${what}`);
        await clock.advance(10);
      }
    },
    async kill(name) {
      network.kill(name);
      joined.delete(name);
    },
    pause: async (name) => network.pause(name),
    resume: async (name) => network.resume(name),
    isolate: async (name) =>
      network.partition(
        names.filter((other) => other !== name),
        [name],
      ),
    heal: async () => network.heal(),
    async stop() {
      network.heal();
      for (const name of names) network.resume(name);
      for (const membership of joined.values()) await settle(membership.leave());
    },
  };
}

async function soloWorld(): Promise<EngineWorld> {
  return {
    join: (name, events) =>
      soloEngine.join({ name, clock: realClock, random: seededRandom(1), report: () => undefined }, events),
    settle: (pending) => pending,
    async until(isSo, what) {
      if (!isSo()) throw new Error(`Waited for ${what}, and nothing takes time here`);
    },
    stop: async () => undefined,
  };
}

describe("the memory engine", () => {
  for (const { title, run } of engineConformance({ createWorld: memoryWorld })) it(title, run);
});

describe("the solo engine", () => {
  for (const { title, run } of engineConformance({ createWorld: soloWorld, mostNodes: 1 })) it(title, run);
});
