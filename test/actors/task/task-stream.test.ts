import type { AnyRef, ExitReason } from "holdfast";
import { describe, expect, test } from "vitest";
import { Task } from "../../../actors/task/task.js";
import type { TaskContext } from "../../../actors/task/task-context.js";
import type { TaskOwner } from "../../../actors/task/task-owner.js";
import { failure, Gate, Owner, ownerScene as scene, stuck } from "./owner.js";

/** Collects a stream, at most `count` of it. */
async function take<Item>(stream: AsyncIterable<Item>, count = Number.POSITIVE_INFINITY): Promise<Item[]> {
  const items: Item[] = [];
  if (count === 0) return items;
  for await (const item of stream) if (items.push(item) >= count) break;
  return items;
}

/** Counts how many functions run at once; a killed one counts until it is told. */
class Load {
  now = 0;
  most = 0;

  begin(context: TaskContext): void {
    this.now++;
    this.most = Math.max(this.most, this.now);
    context.signal.addEventListener("abort", () => {
      this.now--;
    });
  }
}

const values = (
  items: readonly { readonly ok: boolean; readonly value?: unknown; readonly reason?: ExitReason }[],
): unknown[] => items.map((item) => (item.ok ? item.value : { exit: item.reason }));

describe("asyncStream", () => {
  test.each([4, 2, 8])(
    "case 367: with %i at a time outcomes come in the order of the source, and no more run",
    async (most) => {
      const { owner, system, clock, stop } = await scene();
      const load = new Load();
      const collected = owner.callWithin(Number.POSITIVE_INFINITY).do((self) =>
        take(
          Task.asyncStream(
            self,
            [1, 2, 3, 4],
            (n, context) => {
              load.begin(context);
              // The first takes longest.
              return new Promise<number>((resolve) => {
                system.clock.setTimer(500 - 100 * n, () => resolve(n));
              });
            },
            { maxConcurrency: most },
          ),
        ),
      );
      await clock.advance(2_000);
      expect(await collected).toEqual([1, 2, 3, 4].map((n) => ({ ok: true, value: n, input: n })));
      expect([load.most, load.now]).toEqual([Math.min(most, 4), 0]);
      await stop();
    },
  );

  test("case 367: out of order they come as they are ready", async () => {
    const { system, clock, stop } = await scene();
    const slow = new Gate();
    const seen: unknown[] = [];
    const collecting = (async () => {
      const stream = Task.asyncStream(system, [0, 1, 2, 3], (n) => (n === 0 ? slow.opened.then(() => n) : n), {
        maxConcurrency: 2,
        ordered: false,
      });
      for await (const item of stream) seen.push(values([item])[0]);
    })();
    await clock.settle();
    expect(seen).toEqual([1, 2, 3]);
    slow.open();
    await collecting;
    expect(seen).toEqual([1, 2, 3, 0]);
    await stop();
  });

  test("case 367: sources may be empty, and asynchronous", async () => {
    const { system, stop } = await scene();
    expect(await take(Task.asyncStream(system, [], stuck))).toEqual([]);
    async function* source(): AsyncGenerator<number> {
      yield 1;
      await Promise.resolve();
      yield 2;
    }
    expect(values(await take(Task.asyncStream(system, source(), (n) => n * 2)))).toEqual([2, 4]);
    await stop();
  });

  test("a source that is slow does not keep back outcomes that are there", async () => {
    const { system, clock, stop } = await scene();
    const more = new Gate();
    async function* source(): AsyncGenerator<number> {
      yield 1;
      await more.opened;
      yield 2;
    }
    const iterator = Task.asyncStream(system, source(), (n) => n)[Symbol.asyncIterator]();
    expect(await iterator.next()).toMatchObject({ value: { value: 1 } });
    const second = iterator.next();
    await clock.settle();
    more.open();
    expect(await second).toMatchObject({ value: { value: 2 } });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await stop();
  });

  test("the source is read no faster than outcomes are taken", async () => {
    const { system, clock, stop } = await scene();
    let read = 0;
    function* source(): Generator<number> {
      for (;;) yield ++read;
    }
    const iterator = Task.asyncStream(system, source(), (n) => n, { maxConcurrency: 3 })[Symbol.asyncIterator]();
    await clock.settle();
    expect(read).toBe(0);
    await iterator.next();
    await clock.settle();
    expect(read).toBe(3);
    await iterator.return();
    await stop();
  });

  test("case 369: an owner that traps exits gets the reasons, and no exit besides", async () => {
    const { owner, stop } = await scene();
    const items = await owner.call.do((self) =>
      take(Task.asyncStream(self, [1, 2, 3, 4], (n, context) => context.exit(n), { maxConcurrency: 4 })),
    );
    expect(items).toEqual([1, 2, 3, 4].map((n) => ({ ok: false, reason: n, input: n })));
    expect(await owner.call.mail()).toEqual([]);
    await stop();
  });

  test("case 369: an owner that does not trap exits ends with the first", async () => {
    const { owner, system, stop } = await scene(false);
    const stream = owner.call.do((self) =>
      take(Task.asyncStream(self, [1, 2, 3], (n, context) => (n === 2 ? context.exit("two") : stuck()))),
    );
    expect(await failure(stream)).toMatchObject({ code: "exit", reason: "two" });
    expect(system.exitReason(owner)).toBe("two");
    await stop();
  });

  test("case 371: tasks that are not used any more are shut down, without a message", async () => {
    const { owner, system, clock, stop } = await scene();
    const load = new Load();
    const items = await owner.call.do((self) =>
      take(
        Task.asyncStream(self, [0, 1, 2, 3], (n, context) => {
          load.begin(context);
          return n === 0 ? n : stuck();
        }),
        1,
      ),
    );
    expect(items).toEqual([{ ok: true, value: 0, input: 0 }]);
    // The first was done before the second began.
    expect([load.most, load.now]).toEqual([3, 0]);
    expect(system.info(owner)?.links).toEqual([]);
    await clock.advance(60_000);
    expect(await owner.call.mail()).toEqual([]);
    await stop();
  });

  test("case 371: an owner that does not trap exits survives that", async () => {
    const { owner, system, clock, stop } = await scene(false);
    await owner.call.do((self) =>
      take(
        Task.asyncStream(self, [0, 1], (n) => (n === 0 ? n : stuck())),
        1,
      ),
    );
    await clock.settle();
    expect(system.isAlive(owner)).toBe(true);
    await stop();
  });

  test.each([
    ["success", "inner"],
    ["success", "outer"],
    ["failure", "inner"],
    ["failure", "outer"],
    ["slowest first", "outer"],
  ])(
    "case 372: after %s, halted by the %s end, there are four outcomes and the source is closed",
    async (kind, where) => {
      const { owner, system, clock, stop } = await scene();
      const load = new Load();
      let closed = 0;
      function* source(): Generator<number> {
        try {
          // Halted by the source, or by whoever iterates.
          for (let n = 1; n <= (where === "inner" ? 4 : 8); n++) yield n;
        } finally {
          closed++;
        }
      }
      const run = async (n: number, context: TaskContext): Promise<number> => {
        load.begin(context);
        if (kind === "failure") return context.exit(n);
        if (kind === "slowest first" && n === 1) {
          await new Promise<void>((resolve) => {
            system.clock.setTimer(1_000, resolve);
          });
        }
        return n;
      };
      const collected = owner
        .callWithin(Number.POSITIVE_INFINITY)
        .do((self) => take(Task.asyncStream(self, source(), run, { maxConcurrency: 8 }), 4));
      await clock.advance(1_000);
      const expected = kind === "failure" ? [1, 2, 3, 4].map((n) => ({ exit: n })) : [1, 2, 3, 4];
      expect(values((await collected) as Parameters<typeof values>[0])).toEqual(expected);
      expect([closed, load.now]).toEqual([1, 0]);
      expect(await owner.call.mail()).toEqual([]);
      await stop();
    },
  );

  test("case 372: an error of the source, or of the loop, cleans everything up", async () => {
    const { system, stop } = await scene();
    const load = new Load();
    const run = (_: number, context: TaskContext): Promise<never> => {
      load.begin(context);
      return stuck();
    };
    function* failing(): Generator<number> {
      yield 1;
      throw new Error("no more");
    }
    expect(await failure(take(Task.asyncStream(system, failing(), run)))).toMatchObject({ message: "no more" });
    const loop = (async () => {
      for await (const _ of Task.asyncStream(system, [1, 2], (n, context) => (n === 1 ? n : run(n, context)))) {
        throw new Error("enough");
      }
    })();
    expect(await failure(loop)).toMatchObject({ message: "enough" });
    expect(load.now).toBe(0);
    await stop();
  });

  test("a task that takes too long ends the iteration, and all other tasks", async () => {
    const { owner, clock, stop } = await scene();
    const load = new Load();
    const collecting = owner.callWithin(Number.POSITIVE_INFINITY).do((self) =>
      failure(
        take(
          Task.asyncStream(self, [1, 2], (_, context) => {
            load.begin(context);
            return stuck();
          }),
        ),
      ),
    );
    await clock.advance(5_000);
    expect(await collecting).toMatchObject({ code: "timeout", operation: "asyncStream" });
    expect(load.now).toBe(0);
    expect(await owner.call.mail()).toEqual([]);
    await stop();
  });

  test("or is killed, and its outcome is timeout", async () => {
    const { owner, clock, stop } = await scene(false);
    const collecting = owner
      .callWithin(Number.POSITIVE_INFINITY)
      .do((self) =>
        take(
          Task.asyncStream(self, [1, 2], (n) => (n === 1 ? stuck() : n), { timeoutMs: 100, onTimeout: "kill_task" }),
        ),
      );
    await clock.advance(100);
    expect(values((await collecting) as Parameters<typeof values>[0])).toEqual([{ exit: "timeout" }, 2]);
    await stop();
  });

  test("case 374: a foreign Down or exit, sent to a task or to its owner, disturbs nothing", async () => {
    const { owner, system, clock, stop } = await scene();
    const gate = new Gate();
    const refs: AnyRef[] = [];
    const collecting = owner.call.do((self) =>
      take(
        Task.asyncStream(self, [1, 2], async (n, context) => {
          refs.push(context.self);
          await gate.opened;
          return n;
        }),
      ),
    );
    await clock.settle();
    const fake = { monitor: { id: 1 }, ref: refs[0], name: undefined, reason: "fake" };
    for (const ref of [...refs, owner]) ref.send(fake);
    for (const ref of refs) system.exit(ref, "normal");
    gate.open();
    expect(values((await collecting) as Parameters<typeof values>[0])).toEqual([1, 2]);
    expect(await owner.call.mail()).toEqual([{ info: fake }]);
    await stop();
  });

  test("case 376: a stream made by one and run by another has its tasks linked to that one", async () => {
    const { owner, system, clock, stop } = await scene(false);
    const other = await system.start(Owner, { trap: false });
    const owners: TaskOwner[] = [];
    const refs: AnyRef[] = [];
    const stream = Task.asyncStream(system, [1, 2], (n, context) => {
      refs.push(context.self);
      return n === 1 ? context.owner : stuck();
    });
    const first = await other.call.do(async (self) => {
      owners.push(self);
      return take(stream.ownedBy(self), 1);
    });
    expect(first).toMatchObject([{ ok: true, value: other }]);
    void failure(owner.call.do((self) => take(stream.ownedBy(self))));
    await clock.settle();
    expect(refs.filter((ref) => system.isAlive(ref))).toHaveLength(1);
    system.exit(owner, "gone");
    expect(refs.filter((ref) => system.isAlive(ref))).toEqual([]);
    expect(system.isAlive(other)).toBe(true);
    await stop();
  });

  test("options that cannot be used are refused at once", async () => {
    const { system, stop } = await scene();
    const make = (options: object) => () => Task.asyncStream(system, [], stuck, options);
    expect(make({ maxConcurrency: 0 })).toThrow("Expected maxConcurrency to be a whole number from 1; got 0");
    expect(make({ timeoutMs: "soon" })).toThrow("Expected timeoutMs to be a number of milliseconds from 0");
    expect(make({ onTimeout: "retry" })).toThrow('Expected onTimeout to be "exit" or "kill_task"');
    await stop();
  });
});
