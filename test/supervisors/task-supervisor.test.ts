import type { ActorRef, AnyRef } from "holdfast";
import { TaskSupervisor, type DynamicSupervisorFlags } from "holdfast/supervisors";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { type SupervisedTasks, tasksUnder } from "../../actors/task/supervised-tasks.js";
import { failure, Gate, Owner, stuck } from "../actors/task/owner.js";

interface Scene extends TestSystem {
  readonly supervisor: ActorRef<TaskSupervisor>;
  readonly tasks: SupervisedTasks;
  readonly owner: ActorRef<Owner>;
}

async function scene(flags: DynamicSupervisorFlags = {}, trap = true): Promise<Scene> {
  const testSystem = await createTestSystem();
  const supervisor = await testSystem.system.start(TaskSupervisor, flags, { name: "tasks" });
  const owner = await testSystem.system.start(Owner, { trap });
  return { ...testSystem, supervisor, tasks: tasksUnder(supervisor), owner };
}

describe("task supervisor", () => {
  test("case 377: a task is its child, linked to the owner, and goes with the supervisor", async () => {
    const { owner, supervisor, system, tasks, stop } = await scene();
    const outcome = await owner.call.do(async (self) => {
      const task = await tasks.async(self, stuck, { shutdown: "brutal_kill" });
      expect(await tasks.children()).toEqual([task.ref]);
      expect(await supervisor.call.countChildren()).toMatchObject({ active: 1, workers: 1 });
      system.exit(supervisor, "shutdown");
      return task.yield();
    });
    expect(outcome).toEqual({ ok: false, reason: "killed" });
    expect(await owner.call.mail()).toEqual([{ exit: "killed" }]);
    await stop();
  });

  test("case 377: its value is awaited, and leaves neither child nor message", async () => {
    const { owner, tasks, stop } = await scene();
    expect(await owner.call.do(async (self) => (await tasks.async(self, () => 7)).await())).toBe(7);
    expect(await tasks.children()).toEqual([]);
    expect(await owner.call.mail()).toEqual([]);
    await stop();
  });

  test("case 377: linked, it ends with its owner; and an owner that does not trap exits with it", async () => {
    const { system, owner, tasks, clock, stop } = await scene({}, false);
    const other = await system.start(Owner, {});
    const refs: AnyRef[] = [];
    await owner.call.do(async (self) => refs.push((await tasks.async(self, stuck)).ref));
    system.exit(owner, "gone");
    expect(refs.map((ref) => system.exitReason(ref))).toEqual(["gone"]);
    await failure(
      other.call.do(async (self) => {
        await tasks.async(self, (context) => context.exit("oops"));
        await stuck();
      }),
    );
    expect(system.exitReason(other)).toBe("oops");
    await clock.settle();
    expect(await tasks.children()).toEqual([]);
    await stop();
  });

  test("the failure of a task that is not linked is an outcome, also for an owner that does not trap exits", async () => {
    const { system, owner, tasks, clock, stop } = await scene({}, false);
    const gate = new Gate();
    let ref: AnyRef | undefined;
    const outcome = await owner.call.do(async (self) => {
      ref = (await tasks.asyncNolink(self, () => gate.opened)).ref;
      return (await tasks.asyncNolink(self, (context) => context.exit("oops"))).yield();
    });
    expect(outcome).toEqual({ ok: false, reason: "oops" });
    system.exit(owner, "gone");
    expect(system.isAlive(ref ?? owner)).toBe(true);
    gate.open();
    await clock.settle();
    expect(await tasks.children()).toEqual([]);
    await stop();
  });

  test("the program may own supervised tasks", async () => {
    const { system, tasks, stop } = await scene();
    const task = await tasks.async(system, (context) => context.exit("oops"));
    expect(await task.yield()).toEqual({ ok: false, reason: "oops" });
    const stopped = await tasks.asyncNolink(system, stuck);
    expect(await stopped.shutdown("brutal_kill")).toBeUndefined();
    await stop();
  });

  test("case 379: with maxChildren reached a task is an error, a child an answer", async () => {
    const { owner, tasks, stop } = await scene({ maxChildren: 1 });
    await owner.call.do(async (self) => {
      const first = await tasks.async(self, stuck);
      for (const second of [tasks.async(self, stuck), tasks.asyncNolink(self, stuck)]) {
        const error = await failure(second);
        expect(error).toMatchObject({ name: "TaskError", code: "max_children" });
        expect(String(error)).toMatch("has reached the maximum number of tasks");
      }
      expect(await tasks.startChild(stuck)).toEqual({ ok: false, reason: "max_children" });
      await first.shutdown();
      expect(await tasks.startChild(stuck)).toMatchObject({ ok: true });
    });
    await stop();
  });

  test("case 381: a child is terminated once", async () => {
    const { supervisor, tasks, stop } = await scene();
    const started = await tasks.startChild(stuck, { label: "watch" });
    if (!started.ok) throw new Error("not started");
    expect(await supervisor.call.terminateChild(started.ref)).toEqual({ ok: true });
    expect(await supervisor.call.terminateChild(started.ref)).toEqual({ ok: false, reason: "not_found" });
    await stop();
  });

  test("a child that is to be restarted runs its function again when it failed", async () => {
    const { tasks, clock, stop } = await scene();
    let runs = 0;
    await tasks.startChild(
      (context) => {
        if (++runs < 3) context.exit("again");
        return runs;
      },
      { restart: "transient" },
    );
    await clock.settle();
    expect(runs).toBe(3);
    expect(await tasks.children()).toEqual([]);
    await stop();
  });

  test("case 382: a stream that finds maxChildren reached fails, and no task is left running", async () => {
    const { owner, tasks, stop } = await scene({ maxChildren: 1 });
    const error = await owner.call.do((self) =>
      failure(
        (async () => {
          for await (const _ of tasks.asyncStream(self, [1, 2, 3, 4], stuck, { maxConcurrency: 4 })) continue;
        })(),
      ),
    );
    expect(error).toMatchObject({ code: "max_children", operation: "asyncStream" });
    expect(await tasks.children()).toEqual([]);
    expect(await owner.call.mail()).toEqual([]);
    await stop();
  });

  test("a stream of supervised tasks gives outcomes in order; not linked, failures end nobody", async () => {
    const { owner, system, tasks, stop } = await scene({}, false);
    const collected = await owner.call.do(async (self) => {
      const seen: unknown[] = [];
      const run = (n: number, context: { exit(reason: unknown): never }): number => (n === 2 ? context.exit("two") : n);
      for await (const item of tasks.asyncStreamNolink(self, [1, 2, 3], run, { maxConcurrency: 2 })) {
        seen.push(item.ok ? item.value : item.reason);
      }
      return seen;
    });
    expect(collected).toEqual([1, "two", 3]);
    expect(system.isAlive(owner)).toBe(true);
    await stop();
  });

  test("and end with the owner, linked or not; what was just being started too", async () => {
    const { owner, system, tasks, clock, stop } = await scene({}, false);
    void failure(
      owner.call.do(async (self) => {
        for await (const _ of tasks.asyncStreamNolink(self, [1, 2, 3], stuck)) continue;
      }),
    );
    await clock.settle();
    expect(await tasks.children()).toHaveLength(3);
    system.exit(owner, "gone");
    await clock.settle();
    expect(await tasks.children()).toEqual([]);
    await stop();
  });

  test("a stream left while the supervisor starts a task kills that one too", async () => {
    const { system, tasks, stop } = await scene();
    const iterator = tasks.asyncStream(system, [1, 2, 3, 4], (n) => (n === 1 ? n : stuck()))[Symbol.asyncIterator]();
    expect(await iterator.next()).toMatchObject({ value: { value: 1 } });
    await iterator.return();
    expect(await tasks.children()).toEqual([]);
    await stop();
  });
});
