import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Task } from "../../../actors/task/task.js";
import type { TaskContext } from "../../../actors/task/task-context.js";
import { ownerScene } from "./owner.js";

interface Plan {
  /** How long each task takes, and whether it fails then. */
  readonly tasks: readonly { readonly ms: number; readonly fails: boolean }[];
  readonly maxConcurrency: number;
  readonly ordered: boolean;
  readonly maxBuffered: number;
  readonly take: number;
  readonly timeoutMs: number;
}

const plans: fc.Arbitrary<Plan> = fc.record({
  tasks: fc.array(fc.record({ ms: fc.nat(20), fails: fc.boolean() }), { maxLength: 12 }),
  maxConcurrency: fc.integer({ min: 1, max: 5 }),
  ordered: fc.boolean(),
  maxBuffered: fc.nat(3),
  take: fc.integer({ min: 1, max: 15 }),
  timeoutMs: fc.integer({ min: 1, max: 25 }),
});

/** The outcome of one task by itself; a task that fails or answers just when its time is over may do either. */
function expected({ ms, fails }: Plan["tasks"][number], index: number, timeoutMs: number): unknown {
  if (ms > timeoutMs) return { ok: false, reason: "timeout", input: index };
  return fails ? { ok: false, reason: `failed ${index}`, input: index } : { ok: true, value: index, input: index };
}

describe("asyncStream, whatever its tasks and options are", () => {
  test("gives each outcome once, in order if asked, with bounded concurrency, and leaves nothing behind", async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ tasks, take, ...options }) => {
        const { owner, system, clock, reports, stop } = await ownerScene();
        let running = 0;
        let most = 0;
        const run = async (index: number, context: TaskContext): Promise<number> => {
          most = Math.max(most, ++running);
          context.signal.addEventListener("abort", () => {
            running--;
          });
          await new Promise<void>((resolve) => {
            system.clock.setTimer(tasks[index]?.ms ?? 0, resolve);
          });
          return tasks[index]?.fails === true ? context.exit(`failed ${index}`) : index;
        };
        const collecting = owner.callWithin(Number.POSITIVE_INFINITY).do(async (self) => {
          const items: { readonly input: number }[] = [];
          const stream = Task.asyncStream(self, tasks.keys(), run, { ...options, onTimeout: "kill_task" });
          for await (const item of stream) if (items.push(item) >= take) break;
          return items;
        });
        await clock.advance(1_000);
        const items = (await collecting) as { readonly input: number }[];
        expect(items).toHaveLength(Math.min(take, tasks.length));
        expect(most).toBeLessThanOrEqual(options.maxConcurrency);
        expect(running).toBe(0);
        const inputs = items.map(({ input }) => input);
        if (options.ordered) expect(inputs).toEqual([...inputs.keys()]);
        else expect(new Set(inputs).size).toBe(inputs.length);
        for (const item of items) {
          const task = tasks[item.input];
          // When both fall on the same moment either may come first.
          if (task !== undefined && task.ms !== options.timeoutMs) {
            expect(item).toEqual(expected(task, item.input, options.timeoutMs));
          }
        }
        expect(await owner.call.mail()).toEqual([]);
        expect(reports.filter(({ type }) => type !== "crash")).toEqual([]);
        await stop();
      }),
      { numRuns: 60 },
    );
  });
});
