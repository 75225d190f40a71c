import { describe, expect, it } from "vitest";
import { Interest, InterestIndex, listenersKey, nameKey } from "../../../actors/topic/interest-index.js";
import { RetainedStamps } from "../../../actors/topic/retained-stamps.js";

describe("an index of interest", () => {
  it("finds who wants a topic by name or by pattern, each once, with all that it wants", () => {
    const index = new InterestIndex<string>();
    index.set("a", nameKey("room:1"), Interest.clients);
    index.set("a", listenersKey("room:*"), Interest.values);
    index.set("b", listenersKey("**"), Interest.values);
    expect([...(index.find("room:1") ?? [])].sort()).toEqual([
      ["a", Interest.clients | Interest.values],
      ["b", Interest.values],
    ]);
    expect([...(index.find("room:2") ?? [])].map(([node]) => node).sort()).toEqual(["a", "b"]);
    index.set("b", listenersKey("**"), undefined);
    index.set("a", listenersKey("room:*"), undefined);
    expect([...(index.find("room:1") ?? [])]).toEqual([["a", Interest.clients]]);
    index.set("a", nameKey("room:1"), undefined);
    expect(index.find("room:1")).toBeUndefined();
  });

  it("takes a client's topic that is spelled like a pattern for what it is: a name", () => {
    const index = new InterestIndex<string>();
    index.set("a", nameKey("room:*"), Interest.clients);
    expect(index.find("room:1")).toBeUndefined();
    expect([...(index.find("room:*") ?? [])]).toEqual([["a", Interest.clients]]);
  });
});

describe("stamps of what is retained", () => {
  it("hold in the same way in whatever order they come", () => {
    const stamps = [
      { time: 5, node: "a", cleared: false },
      { time: 7, node: "a", cleared: true },
      { time: 7, node: "b", cleared: false },
    ];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [2, 0, 1],
    ]) {
      const table = new RetainedStamps();
      for (const at of order) {
        const { cleared = false, ...stamp } = stamps[at] ?? { time: 0, node: "" };
        table.take("t", stamp, cleared);
      }
      expect([[...table.held()], [...table.cleared()]]).toEqual([[["t", { time: 7, node: "b" }]], []]);
    }
  });

  it("a new one is above all that are known, also where the clock stands behind", () => {
    const table = new RetainedStamps();
    expect(table.next("a", 1_000.5)).toEqual({ time: 1_000, node: "a" });
    table.take("t", { time: 5_000, node: "b" }, false);
    expect(table.next("a", 1_000)).toEqual({ time: 5_001, node: "a" });
    expect(table.take("t", { time: 5_000, node: "b" }, false)).toBe(false);
  });
});
