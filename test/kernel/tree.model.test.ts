import fc from "fast-check";
import { expect, test } from "vitest";
import { Actor } from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";
import { child, Supervisor, type ChildSpec, type SupervisorInit } from "../../supervisors/index.js";
import { PERIOD_MS, TreeModel, type TreePlan } from "./tree-model.js";

interface Place {
  readonly path: string;
  readonly starts: Map<string, number>;
}

class Worker extends Actor<Place> {
  override init({ path, starts }: Place): void {
    starts.set(path, (starts.get(path) ?? 0) + 1);
  }

  leave(abnormal: boolean): void {
    if (abnormal) throw new Error("boom");
    this.stop();
  }
}

class Branch extends Supervisor<Place & { plan: TreePlan }> {
  override init({ path, starts, plan }: Place & { plan: TreePlan }): SupervisorInit {
    const { strategy = "one_for_one", intensity = 0, children = [] } = plan;
    return {
      strategy,
      intensity,
      periodMs: PERIOD_MS,
      children: children.map((each, index) => specOf(each, `${path}.${index}`, starts)),
    };
  }
}

function specOf(plan: TreePlan, path: string, starts: Map<string, number>): ChildSpec {
  const { restart } = plan;
  return plan.children === undefined
    ? child(Worker, { id: path, name: path, restart, args: { path, starts } })
    : child(Branch, { id: path, restart, args: { path, starts, plan } });
}

const restart = fc.constantFrom("permanent", "transient", "temporary");
const strategy = fc.constantFrom("one_for_one", "one_for_all", "rest_for_one");
const worker = fc.record({ restart });
const branchOf = (child: fc.Arbitrary<TreePlan>): fc.Arbitrary<TreePlan> =>
  fc.record({
    restart,
    strategy,
    intensity: fc.nat(3),
    children: fc.array(child, { minLength: 1, maxLength: 4 }),
  });
const tree = branchOf(fc.oneof({ weight: 2, arbitrary: worker }, { weight: 1, arbitrary: branchOf(worker) }));
const step = fc.record({ which: fc.nat(20), abnormal: fc.boolean(), waitMs: fc.constantFrom(0, 0, 0, 400, 2_000) });

test("a tree of supervisors does what a naive model of the rules does, under every order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1_000_000 }),
      tree,
      fc.array(step, { maxLength: 15 }),
      async (seed, plan, steps) => {
        const starts = new Map<string, number>();
        const { system, clock, stop } = await createTestSystem({ seed });
        const root = await system.start(Branch, { path: "r", starts, plan });
        const model = new TreeModel(plan);
        for (const { which, abnormal, waitMs } of steps) {
          await clock.advance(waitMs);
          model.now = clock.now();
          const running = model.running();
          const path = running[which % Math.max(1, running.length)];
          if (path === undefined) break;
          model.end(path, abnormal);
          system.whereis<Worker>(path)?.cast.leave(abnormal);
          await clock.settle();
          expect(system.names().sort()).toEqual(model.running());
          expect([...starts].sort()).toEqual([...model.starts].sort());
          expect(system.isAlive(root)).toBe(model.root.alive);
        }
        await stop();
      },
    ),
    { numRuns: 150 },
  );
});
