import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createVirtualClock } from "../../../src/testing/index.js";
import { ReplayTurns } from "../../../src/transport/admission/replay-turns.js";
import { TurnQueue } from "../../../src/transport/admission/turn-queue.js";

function stage(atATime = 2) {
  const granted: string[] = [];
  const queue = new TurnQueue<string>({ atATime, turnMs: 1_000, grant: (item) => granted.push(item) });
  return { queue, take: () => granted.splice(0) };
}

describe("turns", () => {
  it("go to so many at a time, in the order in which they came", () => {
    const { queue, take } = stage();
    for (const item of ["a", "b", "c", "d"]) queue.join(item, 0);
    expect(take()).toEqual(["a", "b"]);
    queue.done("b", false, 0);
    expect(take()).toEqual(["c"]);
  });

  it("go round: whoever has more to do waits behind the others", () => {
    const { queue, take } = stage(1);
    for (const item of ["long", "b", "c"]) queue.join(item, 0);
    const order = take();
    for (let turn = 0; turn < 5; turn++) {
      const [item = ""] = order.slice(-1);
      queue.done(item, item === "long", 0);
      order.push(...take());
    }
    expect(order).toEqual(["long", "b", "c", "long", "long", "long"]);
  });

  it("are asked for once, however often somebody asks", () => {
    const { queue, take } = stage(1);
    for (const item of ["a", "a", "b", "b", "a"]) queue.join(item, 0);
    expect([take(), queue.waiting, queue.granted]).toEqual([["a"], 1, 1]);
  });

  it("of somebody who has ended are given to the next", () => {
    const { queue, take } = stage(1);
    for (const item of ["a", "b", "c"]) queue.join(item, 0);
    take();
    queue.leave("b", 0);
    queue.leave("a", 0);
    expect([take(), queue.waiting]).toEqual([["c"], 0]);
  });

  it("that are never ended are taken away, and their owner queues up again", () => {
    const { queue, take } = stage(1);
    for (const item of ["stuck", "b"]) queue.join(item, 0);
    take();
    queue.expire(999);
    expect(take()).toEqual([]);
    queue.expire(1_000);
    expect(take()).toEqual(["b"]);
    queue.done("stuck", false, 1_000);
    expect([queue.waiting, queue.granted]).toEqual([0, 1]);
  });

  it("are never more than allowed, and everybody has one in the end", () => {
    const work = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), work, (atATime, pieces) => {
        const left = new Map(pieces.map((count, index) => [index, count] as const));
        const running: number[] = [];
        const queue = new TurnQueue<number>({ atATime, turnMs: 1_000, grant: (item) => running.push(item) });
        for (const item of left.keys()) queue.join(item, 0);
        for (let item = running.shift(); item !== undefined; item = running.shift()) {
          expect(queue.granted).toBeLessThanOrEqual(atATime);
          const rest = (left.get(item) ?? 0) - 1;
          left.set(item, rest);
          queue.done(item, rest > 0, 0);
        }
        expect([...left.values()].every((count) => count === 0)).toBe(true);
        expect([queue.waiting, queue.granted]).toEqual([0, 0]);
      }),
    );
  });
});

describe("turns with a clock", () => {
  it("pass on from somebody who hangs, though nobody else asks", async () => {
    const clock = createVirtualClock();
    const granted: string[] = [];
    const turns = new ReplayTurns<string>(clock, { atATime: 1, turnMs: 1_000, grant: (item) => granted.push(item) });
    turns.join("hangs");
    turns.join("b");
    await clock.advance(999);
    expect(granted).toEqual(["hangs"]);
    await clock.advance(1);
    expect(granted).toEqual(["hangs", "b"]);
    turns.leave("hangs");
    turns.done("b", false);
    expect(turns.counts).toEqual({ waiting: 0, granted: 0 });
    await clock.advance(5_000);
    expect(clock.armed).toBe(0);
  });

  it("need no timer while nobody waits", () => {
    const clock = createVirtualClock();
    const turns = new ReplayTurns<string>(clock, { atATime: 2, turnMs: 1_000, grant: () => undefined });
    turns.join("a");
    expect(clock.armed).toBe(0);
    for (const item of ["b", "c"]) turns.join(item);
    expect(clock.armed).toBe(1);
    turns.stop();
    expect(clock.armed).toBe(0);
  });
});
