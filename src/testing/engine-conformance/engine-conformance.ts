import type { CaseInWorld, EngineCase, EngineWorld } from "./engine-world.js";
import { isolationCases, killCases, pauseCases } from "./fault-cases.js";
import { lonelyCases, nodeCases } from "./node-cases.js";
import { registerCases } from "./register-cases.js";

/** What {@link engineConformance} needs to know of an engine. */
export interface EngineConformanceOptions {
  /** Makes an empty cluster. */
  readonly createWorld: () => Promise<EngineWorld>;
  /** How many nodes a cluster of it can have: those that need more are left out; 3 by default. */
  readonly mostNodes?: 1 | 3;
  /** Faults that its worlds cannot make, and whose cases are left out; none by default. */
  readonly without?: readonly ("kill" | "pause" | "isolate")[];
}

/**
 * What every engine of a cluster must do, as cases for any test runner; each fails by throwing.
 *
 * Give them to the runner under their titles:
 *
 * ```ts
 * for (const { title, run } of engineConformance({ createWorld })) it(title, run);
 * ```
 *
 * A fault that a world does not offer fails its cases, unless it is named in `without`: so none is left out unseen.
 */
export function engineConformance(options: EngineConformanceOptions): readonly EngineCase[] {
  const { createWorld, mostNodes = 3, without = [] } = options;
  const cases: CaseInWorld[] = [...lonelyCases, ...registerCases];
  if (mostNodes > 1) {
    cases.push(...nodeCases);
    if (!without.includes("kill")) cases.push(...killCases);
    if (!without.includes("pause")) cases.push(...pauseCases);
    if (!without.includes("isolate")) cases.push(...isolationCases);
  }
  return cases.map((each) => ({
    title: each.title,
    run: async () => {
      const world = await createWorld();
      try {
        await each.run(world);
      } finally {
        await world.stop();
      }
    },
  }));
}
