import type { ActorRef } from "holdfast";
import {
  type ChildPolicy,
  childTemplate,
  DynamicSupervisor,
  type DynamicSupervisorFlags,
  startChild,
} from "holdfast/supervisors";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { type NextStart, type Script, Worker } from "./worker.js";

/** A dynamic supervisor under test, in a system of its own. */
export interface DynamicScene extends TestSystem {
  readonly supervisor: ActorRef<DynamicSupervisor>;
  readonly journal: string[];
  /** Starts a worker; fails the test when it does not start. */
  add(id: string, policy?: ChildPolicy, script?: Partial<Script>): Promise<ActorRef<Worker>>;
}

/** Starts a dynamic supervisor. */
export async function dynamic(flags?: DynamicSupervisorFlags): Promise<DynamicScene> {
  const testSystem = await createTestSystem();
  const supervisor = await testSystem.system.start(DynamicSupervisor, flags, { name: "dynamic" });
  const journal: string[] = [];
  return {
    ...testSystem,
    supervisor,
    journal,
    async add(id, policy = {}, script = {}) {
      const started = await startChild(
        supervisor,
        childTemplate(Worker, policy),
        { id, journal, ...script },
        { name: id },
      );
      if (!started.ok) throw new Error(`${id} did not start: ${started.reason}`);
      return started.ref;
    },
  };
}

/** What a worker without a scene of its own is told. */
export const script = (starts: NextStart[] = []): Script => ({ id: "a", journal: [], starts });
