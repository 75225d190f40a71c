import { describe, expect, it } from "vitest";
import { expandCores } from "../../bench/harness/cores.mjs";
import { readRow, rowTable } from "../../bench/harness/report.mjs";
import { judge, median, spread } from "../../bench/harness/statistics.mjs";
import { figure, goalText, table } from "../../bench/harness/table.mjs";
import { goals } from "../../bench/targets.mjs";
import { scenarios } from "../../bench/scenarios.mjs";

describe("runs", () => {
  it("count by their median", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(() => median([])).toThrow(/at least one value/);
  });

  it("lie apart by a share of their median", () => {
    expect(spread([90, 100, 120])).toBeCloseTo(0.3);
    expect(spread([90])).toBe(0);
  });
});

describe("a goal", () => {
  it("as a ratio is met by at least, or at most, so many times the peer", () => {
    expect(judge({ kind: "ratio", at: 3 }, "more", 30, 10)).toBe("met");
    expect(judge({ kind: "ratio", at: 3 }, "more", 29, 10)).toBe("missed");
    expect(judge({ kind: "ratio", at: 0.4 }, "less", 4, 10)).toBe("met");
    expect(judge({ kind: "ratio", at: 0.4 }, "less", 5, 10)).toBe("missed");
  });

  it("as a difference is met by at most so much above the peer", () => {
    expect(judge({ kind: "difference", at: 1_024 }, "less", 3_000, 2_000)).toBe("met");
    expect(judge({ kind: "difference", at: 1_024 }, "less", 3_100, 2_000)).toBe("missed");
  });

  it("stays open without the peer it needs", () => {
    expect(judge({ kind: "ratio", at: 3 }, "more", 30, undefined)).toBe("open");
    expect(judge({ kind: "absolute", at: 400 }, "less", 300, undefined)).toBe("met");
  });

  it("belongs to a row and a peer that exist", () => {
    const rows = new Map(scenarios.flatMap((scenario) => scenario.rows.map((row) => [row.name, row])));
    for (const [name, list] of Object.entries(goals)) {
      const row = rows.get(name);
      expect(row, name).toBeDefined();
      const peers = row?.peers.map((peer) => row.labels?.[peer] ?? peer) ?? [];
      for (const goal of list) if (goal.peer !== undefined) expect(peers, name).toContain(goal.peer);
    }
  });
});

describe("a row", () => {
  const row = {
    name: "cast",
    title: "casts",
    unit: "per second",
    better: "more",
    value: "value",
    subject: "Holdfast",
    peers: ["comedy", "BEAM"],
  } as const;
  const found = new Map([
    ["Holdfast", { runs: [{ value: 9e6 }, { value: 12e6 }, { value: 10e6 }] }],
    ["comedy", { runs: [{ value: 2e6 }] }],
    ["BEAM", { missing: "no Erlang" }],
  ]);
  const goal = [{ peer: "BEAM", kind: "ratio", at: 3 } as const];

  it("sets medians beside each peer's, with the ratio and the verdict", () => {
    const result = readRow(row, found, [{ peer: "comedy", kind: "ratio", at: 3 }], {});
    expect(result).toMatchObject({ value: 10e6, runs: [9e6, 12e6, 10e6] });
    expect(result.peers[0]).toMatchObject({ peer: "comedy", value: 2e6, ratio: 5, verdict: "met" });
  });

  it("gives history, and no verdict, for a peer that cannot run", () => {
    const result = readRow(row, found, goal, { BEAM: 6.5e6 });
    expect(result.peers[1]).toMatchObject({
      peer: "BEAM",
      value: undefined,
      missing: "no Erlang",
      history: 6.5e6,
      verdict: "open",
    });
    expect(rowTable([result])).toContain("- (no Erlang, was 6.50 M/s)");
  });

  it("says why it has no figure", () => {
    const result = readRow(row, new Map([["Holdfast", { missing: "failed" }]]), goal, {});
    expect(result).toMatchObject({ value: undefined, missing: "failed", verdict: undefined });
    expect(rowTable([result])).toContain("- (failed)");
  });

  it("marks runs that lie far apart", () => {
    expect(rowTable([readRow(row, found, [], {})])).toContain("(+-15 %) 10.0 M/s");
  });
});

describe("figures", () => {
  it.each([
    [15_321_596, "per second", "15.3 M/s"],
    [582_146, "per second", "582 k/s"],
    [12, "per second", "12.0 /s"],
    [216.8, "bytes", "217 B"],
    [4_455, "bytes", "4.35 KB"],
    [36, "ms", "36.0 ms"],
    [103.4, "us", "103 us"],
  ] as const)("of %d %s read %s", (value, unit, text) => {
    expect(figure(value, unit)).toBe(text);
  });

  it("say a goal with its direction", () => {
    expect(goalText({ kind: "ratio", at: 3 }, "more", "per second")).toBe(">= 3 x");
    expect(goalText({ kind: "absolute", at: 400 }, "less", "bytes")).toBe("<= 400 B");
    expect(goalText({ kind: "difference", at: 1_024 }, "less", "bytes")).toBe("<= +1024 B");
  });

  it("stand in columns", () => {
    expect(
      table(
        ["a", "b"],
        [
          ["xx", "1"],
          ["y", "22"],
        ],
        [1],
      ),
    ).toBe(["a    b", "--  --", "xx   1", "y   22"].join("\n"));
  });
});

describe("a list of cores", () => {
  it("is expanded", () => {
    expect(expandCores("0-2,5")).toEqual([0, 1, 2, 5]);
    expect(expandCores("3")).toEqual([3]);
    expect(expandCores("")).toEqual([]);
  });
});
