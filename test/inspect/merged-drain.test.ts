import { describe, expect, it } from "vitest";
import { type BranchDrain, mergedDrain, shareOf } from "../../src/inspect/merged-drain.js";
import type { DrainProgress } from "../../src/inspect/protocol/drain.js";

const whole = { number: 3, perSecond: 100 };

function part(node: string, progress: Partial<DrainProgress>): BranchDrain {
  const running = { number: 1, state: "running", total: 10, left: 4, perSecond: 50, elapsedMs: 100 } as const;
  return { node, progress: { ...running, ...progress } };
}

describe("a drain of several processes", () => {
  it("is the sum of its parts, for as long as the longest", () => {
    const parts = [part("core-1", {}), part("core-2", { total: 5, left: 1, elapsedMs: 120 })];
    expect(mergedDrain(whole, parts)).toEqual({
      number: 3,
      state: "running",
      total: 15,
      left: 5,
      perSecond: 100,
      elapsedMs: 120,
    });
  });

  it.each([
    [["done", "running"], "running"],
    [["failed", "running"], "running"],
    [["done", "done"], "done"],
    [["done", "cancelled"], "cancelled"],
    [["cancelled", "failed"], "failed"],
  ] as const)("of which %j are the states is %s", (states, state) => {
    const parts = states.map((one, index) => part(`core-${index + 1}`, { state: one }));
    expect(mergedDrain(whole, parts).state).toBe(state);
  });

  it("says of which process what broke off is", () => {
    const parts = [part("core-1", { state: "done" }), part("core-2", { state: "failed", reason: "killed" })];
    expect(mergedDrain(whole, parts).reason).toBe("core-2: killed");
  });
});

describe("the pace of a drain", () => {
  it("is dealt out by the clients that each process has, so that all are done at the same time", () => {
    const paces = shareOf(
      100,
      new Map([
        ["core-1", 30],
        ["core-2", 10],
      ]),
    );
    expect([...paces]).toEqual([
      ["core-1", 75],
      ["core-2", 25],
    ]);
  });

  it("is never slower than a drain may be, also for a process without clients", () => {
    const few = new Map([
      ["core-1", 0],
      ["core-2", 7],
    ]);
    expect([...shareOf(0.1, few).values()]).toEqual([0.1, 0.1]);
    expect([...shareOf(100, new Map([["core-1", 0]])).values()]).toEqual([100]);
  });
});
