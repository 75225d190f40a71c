import type { AnyRef } from "holdfast";
import { describe, expect, test } from "vitest";
import { Task } from "../../../actors/task/task.js";
import { failure, ownerScene as scene, stuck } from "./owner.js";

describe("who is told what", () => {
  test("case 364: a task knows its callers, the nearest first", async () => {
    const { owner, stop } = await scene();
    const [outer, callers] = (await owner.call.do(async (self) => {
      const task = Task.async(self, async (context) =>
        Task.async(context, (inner) => [inner.owner, inner.callers]).await(),
      );
      const [innerOwner, seen] = await task.await();
      expect(innerOwner).toBe(task.ref);
      return [task.ref, seen];
    })) as [AnyRef, AnyRef[]];
    expect(callers).toEqual([outer, owner]);
    await stop();
  });

  test("case 366: a task that crashes reports itself, its starter, label, function, arguments and reason", async () => {
    const { owner, reports, stop } = await scene();
    const ref = await owner.call.do(async (self) => {
      const task = Task.async(
        self,
        function fetchPrice() {
          throw new Error("no price");
        },
        { label: "price of 7" },
      );
      await task.yield();
      return task.ref;
    });
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ type: "crash", level: "error" });
    expect(reports[0]?.text).toMatch(
      new RegExp(
        `^price of 7 Task ${String(ref)}, started from ${owner}, function fetchPrice, crashed: Error: no price`,
      ),
    );
    expect(reports[0]?.details).toEqual({
      ref: String(ref),
      behaviour: "Task",
      label: "price of 7",
      owner: owner.toString(),
      callers: [owner.toString()],
      function: "fetchPrice",
      args: [],
      reason: { error: expect.objectContaining({ message: "no price" }) },
    });
    await stop();
  });

  test("case 366: a task of a stream reports its input as the argument", async () => {
    const { owner, reports, stop } = await scene();
    await owner.call.do(async (self) => {
      const fetchPrice = (id: number): never => {
        throw new Error(`no price of ${id}`);
      };
      for await (const _ of Task.asyncStream(self, [7], fetchPrice, { label: "prices" })) continue;
    });
    expect(reports).toMatchObject([{ details: { label: "prices", function: "fetchPrice", args: [7] } }]);
    await stop();
  });

  test("case 366: an orderly end is not reported", async () => {
    const { system, reports, stop } = await scene();
    for (const reason of ["normal", "shutdown", { shutdown: "drain" }]) {
      await Task.async(system, (context) => context.exit(reason)).yield();
    }
    expect(reports).toEqual([]);
    await stop();
  });
});

describe("types", () => {
  test("values, tuples of them and stream elements have their types", async () => {
    const { system, stop } = await scene();
    const [one, two]: readonly [number, string] = await Task.awaitMany([
      Task.async(system, () => 1),
      Task.async(system, async () => "two"),
    ]);
    expect([one, two]).toEqual([1, "two"]);
    for await (const item of Task.asyncStream(system, ["a"], (text) => text.length)) {
      const length: number | undefined = item.ok ? item.value : undefined;
      const input: string = item.input;
      expect([length, input]).toEqual([1, "a"]);
    }
    // @ts-expect-error -- a number is no owner
    expect(() => Task.async(1, () => 1)).toThrow("Expected the owner of a task");
    const wrong: Task<string> = Task.async(system, () => "text");
    // @ts-expect-error -- the value is text
    const value: number = await wrong.await();
    expect(value).toBe("text");
    await stop();
  });
});

describe("start", () => {
  test("a task without a handle runs for its effect; linked, it shares the fate of its owner", async () => {
    const { owner, system, clock, stop } = await scene(false);
    const done: string[] = [];
    await owner.call.do(async (self) => {
      Task.start(self, () => done.push("loose"));
      Task.start(self, (context) => context.exit("unseen"));
    });
    await clock.settle();
    expect(done).toEqual(["loose"]);
    expect(system.isAlive(owner)).toBe(true);
    await failure(
      owner.call.do(async (self) => {
        Task.start(self, (context) => context.exit("together"), { link: true });
        await stuck();
      }),
    );
    expect(system.exitReason(owner)).toBe("together");
    await stop();
  });

  test("a linked one that ends in order tells an owner that traps exits", async () => {
    const { owner, clock, stop } = await scene();
    await owner.call.do(async (self) => Task.start(self, () => 1, { link: true }));
    await clock.settle();
    expect(await owner.call.mail()).toEqual([{ exit: "normal" }]);
    await stop();
  });
});
