/**
 * Idle actors started per second under a dynamic supervisor: one client asks for each with a call and waits for its answer, as
 * `supervisor:start_child` does. The supervisor is a new one for each batch; stopping it is outside the measured time.
 *
 * @import { Durations } from "./meter.mjs"
 */
import { loadKernel, loadSupervisors } from "../harness/packages.mjs";
import { medianRound } from "./meter.mjs";

const STARTS = 20_000;

/** @param {Durations} durations */
export async function holdfast(durations) {
  const { Actor, createSystem } = await loadKernel();
  const { DynamicSupervisor, childTemplate, startChild } = await loadSupervisors();

  /** @extends {Actor<number>} */
  class Idle extends Actor {
    sum = 0;
    /** @param {number} sum @override */
    init(sum) {
      this.sum = sum;
    }
  }

  const idle = childTemplate(Idle, { restart: "temporary", shutdown: "brutal_kill" });

  class Client extends Actor {
    /** @param {import("../../src/index.js").ActorRef<InstanceType<typeof DynamicSupervisor>>} supervisor */
    async round(supervisor) {
      const startedAtMs = performance.now();
      for (let i = 0; i < STARTS; i++) await startChild(supervisor, idle, i);
      return performance.now() - startedAtMs;
    }
  }

  const system = await createSystem();
  const client = await system.start(Client);
  const ms = await medianRound(durations, async () => {
    const supervisor = await system.start(DynamicSupervisor);
    const took = await client.callWithin(60_000).round(supervisor);
    await system.stopActor(supervisor, "shutdown", 60_000);
    return took;
  });
  return (STARTS * 1_000) / ms;
}
