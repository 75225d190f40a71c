import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Candidate, ownerOf, rankOf } from "../../../src/cluster/placement/rendezvous.js";

const keys = Array.from({ length: 12_000 }, (_, index) => `entity/world/${index}`);

function nodes(...names: readonly string[]): Candidate[] {
  return names.map((name) => ({ name }));
}

function shares(of: readonly Candidate[], among = keys): Map<string, number> {
  const counts = new Map<string, number>(of.map(({ name }) => [name, 0]));
  for (const key of among) {
    const name = ownerOf(key, of)?.name ?? "";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

describe("the rank of a node for a key", () => {
  it("is the same in every release", () => {
    const vectors = [
      ["", "", 5_040_389_654_259_511],
      ["", "a", 5_674_784_873_910_751],
      ["a", "", 372_501_354_627_172],
      ["entity/world/meadow", "core-1", 7_451_576_986_813_511],
      ["entity/world/meadow", "core-2", 1_500_572_682_313_242],
      ["leases", "core-1", 4_363_714_856_666_395],
      ["entity/world/wiese-ä-草原-😀", "knoten-ö", 7_910_228_383_542_789],
      ["x".repeat(300), "core-1", 8_382_083_318_735_692],
    ] as const;
    expect(vectors.map(([key, node]) => rankOf(key, node))).toEqual(vectors.map(([, , rank]) => rank));
  });

  it("is a whole number of 53 bits", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (key, node) => {
        const rank = rankOf(key, node);
        return Number.isSafeInteger(rank) && rank >= 0;
      }),
    );
  });

  it("has each of its bits set for about half of the keys, also where keys differ in one letter", () => {
    for (let bit = 0; bit < 53; bit++) {
      const set = keys.filter((key) => Math.floor(rankOf(key, "core-1") / 2 ** bit) % 2 === 1).length;
      expect(Math.abs(set / keys.length - 0.5), `bit ${bit}`).toBeLessThan(0.02);
    }
  });

  it("tells nothing of another node's rank for the same key", () => {
    let agree = 0;
    for (const key of keys) {
      const high = [rankOf(key, "core-1"), rankOf(key, "core-2")].map((rank) => rank >= 2 ** 52);
      if (high[0] === high[1]) agree++;
    }
    expect(Math.abs(agree / keys.length - 0.5)).toBeLessThan(0.02);
  });
});

describe("the owner of a key", () => {
  it("is nobody without nodes, and the only one with one", () => {
    expect(ownerOf("k", [])).toBeUndefined();
    expect(ownerOf("k", nodes("a"))?.name).toBe("a");
  });

  it("does not depend on the order of the nodes", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 12 }),
        (key, names) => ownerOf(key, nodes(...names))?.name === ownerOf(key, nodes(...names.toReversed()))?.name,
      ),
    );
  });

  it("moves to a node that comes, or stays", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 12 }),
        (key, [comes = "", ...names]) => {
          const before = ownerOf(key, nodes(...names))?.name;
          const after = ownerOf(key, nodes(...names, comes))?.name;
          return after === before || after === comes;
        },
      ),
    );
  });

  it("moves from a node that goes, or stays", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 12 }),
        (key, [goes = "", ...names]) => {
          const before = ownerOf(key, nodes(goes, ...names))?.name;
          return before === goes || ownerOf(key, nodes(...names))?.name === before;
        },
      ),
    );
  });

  it("is spread evenly", () => {
    for (const count of [2, 3, 5, 8]) {
      const all = nodes(...Array.from({ length: count }, (_, index) => `core-${index + 1}`));
      const even = keys.length / count;
      let chiSquare = 0;
      for (const found of shares(all).values()) chiSquare += (found - even) ** 2 / even;
      // Of 7 degrees of freedom, the value that chance exceeds once in ten thousand times.
      expect(chiSquare, `${count} nodes`).toBeLessThan(29.9);
    }
  });

  it("goes by weight where there are weights", () => {
    const all: Candidate[] = [{ name: "small" }, { name: "large", weight: 3 }];
    const found = shares(all);
    expect((found.get("large") ?? 0) / keys.length).toBeCloseTo(0.75, 1);
    expect(
      shares([
        { name: "small", weight: 2 },
        { name: "large", weight: 6 },
      ]),
    ).toEqual(found);
  });

  it("moves only to a node whose weight has risen", () => {
    const before: Candidate[] = [{ name: "a" }, { name: "b" }, { name: "c" }];
    const after: Candidate[] = [{ name: "a" }, { name: "b", weight: 2 }, { name: "c" }];
    const moved = keys.filter((key) => ownerOf(key, before)?.name !== ownerOf(key, after)?.name);
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.every((key) => ownerOf(key, after)?.name === "b")).toBe(true);
  });
});
