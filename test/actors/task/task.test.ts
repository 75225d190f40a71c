import { type AnyRef, CallError, type ExitReason } from "holdfast";
import { describe, expect, test } from "vitest";
import { Task } from "../../../actors/task/task.js";
import type { TaskContext } from "../../../actors/task/task-context.js";
import { TaskError } from "../../../actors/task/task-error.js";
import { failure, Gate, ownerScene as scene, stuck } from "./owner.js";

/** Ends of a task without a value, each with its exit reason. */
const ends: readonly [string, (context: TaskContext) => unknown, ExitReason][] = [
  ["a normal exit", (context) => context.exit("normal"), "normal"],
  ["a shutdown", (context) => context.exit({ shutdown: "drain" }), { shutdown: "drain" }],
  ["an exit", (context) => context.exit("oops"), "oops"],
  ["a later exit", async (context) => Promise.resolve().then(() => context.exit("oops")), "oops"],
  ["a throw", () => throwValue("ball"), { nocatch: "ball" }],
  ["an error", () => throwValue(new Error("broken")), { error: expect.objectContaining({ message: "broken" }) }],
  ["undef", () => Reflect.apply(JSON.parse("{}"), undefined, []), { error: expect.any(TypeError) }],
];

function throwValue(value: unknown): never {
  throw value;
}

describe("async and await", () => {
  test("a task runs in an actor of its own, a linked child of its owner, and its value is awaited", async () => {
    const { owner, system, stop } = await scene();
    const value = await owner.call.do(async (self) => {
      const task = Task.async(self, (context) => ({ self: context.self, owner: context.owner }), { label: "who" });
      expect(task.toString()).toBe(`who ${task.ref}`);
      const seen = await task.await();
      expect(seen).toEqual({ self: task.ref, owner });
      expect(system.isAlive(task.ref)).toBe(false);
      return "done";
    });
    expect(value).toBe("done");
    expect(await owner.call.mail()).toEqual([]);
    await stop();
  });

  test("values may be promised, and thenables count", async () => {
    const { system, stop } = await scene();
    expect(await Task.async(system, async () => 1).await()).toBe(1);
    const query: PromiseLike<number> = Promise.resolve(2);
    // oxlint-disable-next-line unicorn/no-thenable -- query builders are thenables without being promises
    const thenable = { then: query.then.bind(query) };
    expect(await Task.async(system, () => thenable).await()).toBe(2);
    expect(await Task.async(system, () => undefined).await()).toBe(undefined);
    await stop();
  });

  test("the program may own tasks: their crash is an error of the await and ends nobody", async () => {
    const { system, stop } = await scene();
    const task = Task.async(system, () => throwValue(new Error("broken")));
    expect(await failure(task.await())).toMatchObject({ code: "exit", cause: { message: "broken" } });
    await stop();
  });

  test("case 351: an await that times out gives the result up, and neither it nor a DOWN comes later", async () => {
    const { owner, system, clock, stop } = await scene();
    const gate = new Gate<string>();
    const error = await owner.call.do(async (self) => {
      const task = Task.async(self, () => gate.opened, { label: "slow" });
      const timeout = await failure(task.await(0));
      gate.open("late");
      await clock.settle();
      expect(system.isAlive(task.ref)).toBe(false);
      expect(await failure(task.await())).toMatchObject({ code: "timeout", reason: "timeout" });
      expect(await task.yield(0)).toBeUndefined();
      return timeout;
    });
    expect(error).toMatchObject({ code: "timeout", reason: "timeout", operation: "await" });
    expect(String(error)).toMatch(/await of slow <0\.\d+> got no result within 0 ms/);
    await clock.advance(10_000);
    expect(await owner.call.mail()).toEqual([]);
    await stop();
  });

  test("case 351: an owner that lets the error pass ends, and its task with it", async () => {
    const { owner, system, clock, stop } = await scene(false);
    let ref: AnyRef | undefined;
    const call = failure(
      owner.callWithin(Number.POSITIVE_INFINITY).do(async (self) => {
        const task = Task.async(self, stuck);
        ref = task.ref;
        await task.await(1_000);
      }),
    );
    await clock.advance(1_000);
    const error = await call;
    expect(error).toBeInstanceOf(CallError);
    expect(error).toMatchObject({ cause: { code: "timeout", reason: "timeout" } });
    expect(system.isAlive(ref ?? owner)).toBe(false);
    await stop();
  });

  test.each(ends)("case 352: await of a task that ends by %s is an exit with its reason", async (_, run, reason) => {
    const { owner, stop } = await scene();
    const error = await owner.call.do((self) => failure(Task.async(self, run).await()));
    expect(error).toBeInstanceOf(TaskError);
    expect(error).toMatchObject({ code: "exit", reason, operation: "await" });
    expect(await owner.call.mail()).toEqual([{ exit: reason }]);
    await stop();
  });

  test("case 352: an owner that does not trap exits ends with its task", async () => {
    const { owner, system, stop } = await scene(false);
    const error = await failure(
      owner.call.do(async (self) => Task.async(self, (context) => context.exit("oops")).await()),
    );
    expect(error).toMatchObject({ code: "exit", reason: "oops" });
    expect(system.exitReason(owner)).toBe("oops");
    await stop();
  });

  test("the end of the owner ends its tasks", async () => {
    const { owner, system, clock, stop } = await scene(false);
    const seen: AbortSignal[] = [];
    let ref: AnyRef | undefined;
    await owner.call.do(async (self) => {
      ref = Task.async(self, (context) => {
        seen.push(context.signal);
        return stuck();
      }).ref;
    });
    await clock.settle();
    system.exit(owner, "gone");
    expect(system.exitReason(ref ?? owner)).toBe("gone");
    expect(seen.map(({ aborted, reason }) => ({ aborted, reason }))).toEqual([{ aborted: true, reason: "gone" }]);
    await stop();
  });

  test("what a killed function still returns or throws has no effect", async () => {
    const { system, clock, reports, stop } = await scene();
    const gates = [new Gate(), new Gate()];
    const tasks = [
      Task.async(system, () => gates[0]?.opened.then(() => "zombie")),
      Task.async(system, () => gates[1]?.opened.then(() => throwValue(new Error("zombie")))),
    ];
    await clock.settle();
    for (const { ref } of tasks) system.exit(ref, "kill");
    for (const gate of gates) gate.open();
    await clock.settle();
    expect(await Task.yieldMany(tasks).then((all) => all.map(({ outcome }) => outcome))).toEqual([
      { ok: false, reason: "killed" },
      { ok: false, reason: "killed" },
    ]);
    expect(reports).toEqual([]);
    await stop();
  });

  test("arguments that cannot be used are refused", async () => {
    const { system, stop } = await scene();
    expect(() => Task.async(system, JSON.parse('"no function"'))).toThrow("Expected the function of a task");
    const task = Task.async(system, () => 1);
    await expect(task.await(-1)).rejects.toThrow("Expected timeoutMs to be a number of milliseconds from 0");
    await expect(task.shutdown(JSON.parse('"later"'))).rejects.toThrow('"brutal_kill" or "infinity"');
    expect(await task.await()).toBe(1);
    await stop();
  });
});

describe("completed", () => {
  test("a task that has its value already has no actor, and is used like any other", async () => {
    const { owner, system, stop } = await scene();
    await owner.call.do(async (self) => {
      const before = system.kernel.spawned;
      expect(await Task.completed(self, 1).await(0)).toBe(1);
      const [one, two] = [Task.completed(self, Promise.resolve("a value as any")), Task.completed(self, undefined)];
      expect(one.ref).toBeUndefined();
      expect(await one.yield(0)).toEqual({ ok: true, value: expect.any(Promise) });
      expect(await one.yield(0)).toBeUndefined();
      expect(await two.shutdown()).toEqual({ ok: true, value: undefined });
      expect(await two.shutdown()).toEqual({ ok: false, reason: "noproc" });
      expect(Task.completed(self, 3).ignore()).toEqual({ ok: true, value: 3 });
      expect(system.kernel.spawned).toBe(before);
      expect(await failure(two.await(0))).toMatchObject({ code: "timeout", target: "completed task" });
    });
    expect(await owner.call.mail()).toEqual([]);
    await stop();
  });

  test("it is awaited together with others, and its type is known", async () => {
    const { system, stop } = await scene();
    const cached: number | undefined = 7;
    const price = cached === undefined ? Task.async(system, () => 8) : Task.completed(system, cached);
    const [one, two]: readonly [number, string] = await Task.awaitMany([price, Task.async(system, () => "two")]);
    expect([one, two]).toEqual([7, "two"]);
    const tasks = [Task.completed(system, 1), Task.completed(system, 2)];
    expect(await Task.yieldMany(tasks, { timeoutMs: 0, onTimeout: "kill_task" })).toEqual([
      { task: tasks[0], outcome: { ok: true, value: 1 } },
      { task: tasks[1], outcome: { ok: true, value: 2 } },
    ]);
    // @ts-expect-error -- there is no actor to end
    expect(() => system.exit(Task.completed(system, 1).ref, "kill")).toThrow("Expected an actor's ref");
    await stop();
  });
});

describe("awaitMany", () => {
  test("case 354: values come in the order given, whichever is done first", async () => {
    const { owner, clock, stop } = await scene();
    const gates = [new Gate<number>(), new Gate<number>(), new Gate<number>()] as const;
    const values = owner.call.do((self) =>
      Task.awaitMany([
        Task.async(self, () => gates[0].opened),
        Task.async(self, () => gates[1].opened),
        Task.async(self, () => gates[2].opened.then(String)),
      ]),
    );
    for (const index of [2, 0, 1] as const) {
      gates[index].open(index);
      await clock.settle();
    }
    expect(await values).toEqual([0, 1, "2"]);
    expect(await owner.call.mail()).toEqual([]);
    await stop();
  });

  test("case 354: it fails at once with the first that fails", async () => {
    const { owner, clock, stop } = await scene();
    const gate = new Gate();
    const error = owner.call.do((self) =>
      failure(
        Task.awaitMany([
          Task.async(self, stuck),
          Task.async(self, stuck),
          Task.async(self, (context) => gate.opened.then(() => context.exit("first")), { label: "failing" }),
        ]),
      ),
    );
    await clock.settle();
    gate.open();
    expect(await error).toMatchObject({ code: "exit", reason: "first", operation: "awaitMany" });
    await stop();
  });

  test("case 354: one time-out counts for all, and gives all results up", async () => {
    const { owner, clock, stop } = await scene();
    const outcomes = owner.callWithin(Number.POSITIVE_INFINITY).do(async (self) => {
      const tasks = [Task.async(self, () => 1), Task.async(self, stuck, { label: "stuck" })] as const;
      const error = await failure(Task.awaitMany(tasks, 300));
      return [error, await tasks[0].yield(0)];
    });
    await clock.advance(300);
    const [error, later] = (await outcomes) as unknown[];
    expect(error).toMatchObject({ code: "timeout", operation: "awaitMany", target: expect.stringMatching("stuck") });
    expect(later).toBeUndefined();
    expect(clock.now()).toBe(300);
    await stop();
  });

  test("case 354: no tasks are an empty list", async () => {
    expect(await Task.awaitMany([])).toEqual([]);
  });
});

describe("yield", () => {
  test("case 356: nothing while it runs, and it may be asked again", async () => {
    const { owner, clock, stop } = await scene();
    const gate = new Gate<string>();
    const outcomes = await owner.call.do(async (self) => {
      const task = Task.async(self, () => gate.opened);
      const before = await task.yield(0);
      gate.open("value");
      await clock.settle();
      return [before, await task.yield(0), await task.yield(0)];
    });
    expect(outcomes).toEqual([undefined, { ok: true, value: "value" }, undefined]);
    expect(await owner.call.mail()).toEqual([]);
    await stop();
  });

  test("case 356: a failure is an outcome", async () => {
    const { owner, stop } = await scene();
    const outcome = await owner.call.do((self) => Task.async(self, (context) => context.exit("oops")).yield());
    expect(outcome).toEqual({ ok: false, reason: "oops" });
    await stop();
  });

  test("case 357: yieldMany answers for each in the order given", async () => {
    const { owner, clock, stop } = await scene();
    await owner.call.do(async (self) => {
      const tasks = [
        Task.async<unknown>(self, () => "done"),
        Task.async<unknown>(self, stuck),
        Task.async<unknown>(self, (context) => context.exit("oops")),
      ];
      await clock.settle();
      expect(await Task.yieldMany(tasks, { timeoutMs: 0 })).toEqual([
        { task: tasks[0], outcome: { ok: true, value: "done" } },
        { task: tasks[1], outcome: undefined },
        { task: tasks[2], outcome: { ok: false, reason: "oops" } },
      ]);
    });
    await stop();
  });

  test("case 357: with a limit it waits for no more than that many", async () => {
    const { owner, clock, stop } = await scene();
    await owner.call.do(async (self) => {
      const tasks = [Task.async(self, stuck), Task.async(self, () => 1), Task.async(self, stuck)];
      const yielded = await Task.yieldMany(tasks, { limit: 1, timeoutMs: Number.POSITIVE_INFINITY });
      expect(yielded.map(({ outcome }) => outcome)).toEqual([undefined, { ok: true, value: 1 }, undefined]);
      expect(clock.now()).toBe(0);
      expect(await Task.yieldMany([])).toEqual([]);
      await expect(Task.yieldMany(tasks, { limit: -1 })).rejects.toThrow("Expected limit");
    });
    await stop();
  });

  test("case 359: on time-out tasks are killed, or ignored", async () => {
    const { owner, system, clock, stop } = await scene();
    await owner.call.do(async (self) => {
      const gate = new Gate<string>();
      const killed = Task.async(self, stuck);
      const ignored = Task.async(self, () => gate.opened);
      expect(await Task.yieldMany([killed], { timeoutMs: 0, onTimeout: "kill_task" })).toEqual([
        { task: killed, outcome: undefined },
      ]);
      expect(await Task.yieldMany([ignored], { timeoutMs: 0, onTimeout: "ignore" })).toEqual([
        { task: ignored, outcome: undefined },
      ]);
      expect([system.isAlive(killed.ref), system.isAlive(ignored.ref)]).toEqual([false, true]);
      gate.open("late");
      await clock.settle();
      expect(await ignored.yield(0)).toBeUndefined();
    });
    expect(await owner.call.mail()).toEqual([]);
    await stop();
  });
});

describe("shutdown", () => {
  test("case 361: a task that traps exits and is stuck is killed when its time is over", async () => {
    const { owner, system, clock, stop } = await scene();
    const outcomes = owner.call.do(async (self) => {
      const began = [new Gate(), new Gate()];
      const tasks = began.map((gate) =>
        Task.async(self, (context) => {
          context.trapExit();
          gate.open();
          return stuck();
        }),
      );
      for (const { opened } of began) await opened;
      const brutal = await tasks[0]?.shutdown("brutal_kill");
      return [brutal, await tasks[1]?.shutdown(1), tasks.map(({ ref }) => system.isAlive(ref))];
    });
    await clock.advance(1);
    expect(await outcomes).toEqual([undefined, { ok: false, reason: "killed" }, [false, false]]);
    expect(clock.now()).toBe(1);
    expect(await owner.call.mail()).toEqual([]);
    await stop();
  });

  test("case 361: a task that does not trap exits ends at once, without ending its owner", async () => {
    const { owner, system, stop } = await scene(false);
    const outcome = await owner.call.do(async (self) => Task.async(self, stuck).shutdown());
    expect(outcome).toBeUndefined();
    expect(system.isAlive(owner)).toBe(true);
    await stop();
  });

  test("case 361: a result or a failure that was there is answered", async () => {
    const { owner, clock, stop } = await scene();
    const outcomes = await owner.call.do(async (self) => {
      const tasks = [Task.async(self, () => 1), Task.async(self, (context) => context.exit("oops"))] as const;
      await clock.settle();
      return [await tasks[0].shutdown(), await tasks[1].shutdown(), await tasks[0].shutdown()];
    });
    expect(outcomes).toEqual([
      { ok: true, value: 1 },
      { ok: false, reason: "oops" },
      { ok: false, reason: "noproc" },
    ]);
    await stop();
  });

  test.each(["actor", "program"])(
    "a task of the %s that traps exits is told, and may end with its value",
    async (who) => {
      const { owner, system, clock, stop } = await scene();
      const polite = (context: TaskContext): Promise<string> => {
        context.trapExit();
        return new Promise((resolve) => {
          context.signal.addEventListener("abort", () => resolve(`cleaned up after ${String(context.signal.reason)}`));
        });
      };
      const run = async (self: Parameters<typeof Task.async>[0]): Promise<unknown> => {
        const task = Task.async(self, polite);
        await clock.settle();
        return task.shutdown();
      };
      const outcome = who === "actor" ? await owner.call.do(run) : await run(system);
      expect(outcome).toEqual({ ok: true, value: "cleaned up after shutdown" });
      await stop();
    },
  );

  test("a task whose await timed out can be shut down", async () => {
    const { system, stop } = await scene();
    const task = Task.async(system, stuck);
    expect(await failure(task.await(0))).toMatchObject({ code: "timeout" });
    expect(await task.shutdown()).toBeUndefined();
    expect(system.exitReason(task.ref)).toBe("shutdown");
    await stop();
  });
});

describe("ignore", () => {
  test("case 362: before the reply there is nothing, later results are dropped, and await times out", async () => {
    const { owner, clock, stop } = await scene();
    const outcomes = await owner.call.do(async (self) => {
      const gate = new Gate<string>();
      const task = Task.async(self, () => gate.opened);
      const ignored = task.ignore();
      gate.open("late");
      await clock.settle();
      return [ignored, task.ignore(), await failure(task.await(1_000))];
    });
    expect(outcomes).toEqual([undefined, undefined, expect.objectContaining({ code: "timeout", reason: "timeout" })]);
    await stop();
  });

  test("case 362: after the reply, or the failure, that is answered", async () => {
    const { owner, clock, stop } = await scene();
    const outcomes = await owner.call.do(async (self) => {
      const tasks = [Task.async(self, () => 1), Task.async(self, (context) => context.exit("oops"))] as const;
      await clock.settle();
      return tasks.map((task) => task.ignore());
    });
    expect(outcomes).toEqual([
      { ok: true, value: 1 },
      { ok: false, reason: "oops" },
    ]);
    await stop();
  });

  test("case 362: an ignored task is unlinked: its failure does not end its owner", async () => {
    const { owner, system, clock, stop } = await scene(false);
    const gate = new Gate();
    await owner.call.do(async (self) => {
      Task.async(self, (context) => gate.opened.then(() => context.exit("oops"))).ignore();
    });
    gate.open();
    await clock.settle();
    expect(system.isAlive(owner)).toBe(true);
    await stop();
  });
});
