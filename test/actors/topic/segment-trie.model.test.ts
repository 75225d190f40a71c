import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { NameTree } from "../../../actors/topic/name-tree.js";
import { SegmentTrie } from "../../../actors/topic/segment-trie.js";
import { checkPattern, checkTopic, segmentsOf } from "../../../actors/topic/topic-name.js";
import { matches, someName, somePattern } from "./naive-match.js";

interface Found {
  readonly text: string;
}

const textsOf = (found: readonly Found[]): string[] => found.map(({ text }) => text).sort();

test("a name finds the patterns that it matches, whichever were put in and taken out before", () => {
  const step = fc.record({ pattern: somePattern, isPut: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(someName, { maxLength: 8 }), (steps, names) => {
      const trie = new SegmentTrie<Found>();
      const model = new Set<string>();
      for (const { pattern, isPut } of steps) {
        if (isPut) {
          trie.set(pattern, { text: pattern });
          model.add(pattern);
        } else expect(trie.delete(pattern)).toBe(model.delete(pattern));
        expect(trie.size).toBe(model.size);
        expect(trie.get(pattern)?.text).toBe(model.has(pattern) ? pattern : undefined);
      }
      for (const name of names) {
        const expected = [...model].filter((pattern) => matches(pattern, name)).sort();
        expect(textsOf(trie.match(name))).toEqual(expected);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("a pattern finds the names that match it, whichever were put in and taken out before", () => {
  const step = fc.record({ name: someName, isPut: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(somePattern, { maxLength: 8 }), (steps, patterns) => {
      const tree = new NameTree<Found>();
      const model = new Set<string>();
      for (const { name, isPut } of steps) {
        if (isPut) {
          tree.set(name, { text: name });
          model.add(name);
        } else {
          tree.delete(name);
          model.delete(name);
        }
      }
      for (const pattern of patterns) {
        expect(textsOf(tree.find(pattern))).toEqual([...model].filter((name) => matches(pattern, name)).sort());
      }
    }),
    { numRuns: 1_000 },
  );
});

test("the segments of a name are the name, each with the dot or colon in front of it, and no more than seventeen", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", ".", ":"), minLength: 1, maxLength: 40 }), (name) => {
      const segments = segmentsOf(name);
      expect(segments.join("")).toBe(name);
      expect(segments.length).toBe(Math.min(17, 1 + (name.match(/[.:]/g) ?? []).length));
      for (const segment of segments.slice(1)) expect(segment).toMatch(/^[.:]/);
      for (const segment of segments.slice(1, 16)) expect(segment).toMatch(/^[.:]a*$/);
    }),
  );
});

test("an empty trie has nothing of the patterns that were in it", () => {
  const trie = new SegmentTrie<Found>();
  const patterns = ["a.*.b", "a.**", "*:c", "a", "**"];
  for (const pattern of patterns) trie.set(pattern, { text: pattern });
  for (const pattern of patterns) expect(trie.delete(pattern)).toBe(true);
  expect(trie).toEqual(new SegmentTrie());
  expect(trie.match("a.x.b")).toEqual([]);
});

/** How many maps are looked into by a match. */
function looksOf(trie: SegmentTrie<Found>, name: string): number {
  const get = vi.spyOn(Map.prototype, "get");
  trie.match(name);
  const { length } = get.mock.calls;
  get.mockRestore();
  return length;
}

test("a match costs the same with ten patterns that do not match and with 20,000", () => {
  const few = new SegmentTrie<Found>();
  const many = new SegmentTrie<Found>();
  for (const trie of [few, many]) trie.set("room:*", { text: "room:*" });
  for (let n = 0; n < 20_000; n++) {
    const pattern = `other${n}.*.x${n}`;
    many.set(pattern, { text: pattern });
    if (n < 10) few.set(pattern, { text: pattern });
  }
  expect(looksOf(many, "room:1")).toBe(looksOf(few, "room:1"));
});

test("the worst that many patterns with as many stars as they may have do to one name is bounded", () => {
  const trie = new SegmentTrie<Found>();
  // Every way to put at most four stars into sixteen segments.
  const put = (segments: readonly string[], stars: number): void => {
    if (segments.length === 16) return trie.set(segments.join("."), { text: segments.join(".") });
    put([...segments, "a"], stars);
    if (stars < 4) put([...segments, "*"], stars + 1);
  };
  put([], 0);
  expect(trie.size).toBe(1 + 16 + 120 + 560 + 1_820);
  const name = Array.from({ length: 16 }, () => "a").join(".");
  const worst = looksOf(trie, name);
  expect(worst).toBeLessThan(3 * 7_000);
  // However long the name is.
  expect(looksOf(trie, `${name}.${".a".repeat(500)}`)).toBeLessThanOrEqual(worst);
});

test.each([
  ["room:*", true],
  ["metrics.**", true],
  ["*", true],
  ["**", true],
  ["a.*.b:*", true],
  ["ro*m", false],
  ["a.**.b", false],
  ["a.***", false],
  ["a.b*", false],
  ["*.*.*.*.*", false],
  [
    Array.from({ length: 17 }, () => "*a".slice(1))
      .join(".")
      .replace(/a$/, "*"),
    false,
  ],
  ["", false],
  ["x".repeat(1_025), false],
])("the pattern %j may be subscribed to: %s", (pattern, isGood) => {
  const check = (): void => checkPattern(pattern);
  if (isGood) expect(check).not.toThrow();
  else expect(check).toThrow(expect.objectContaining({ code: "bad_argument" }));
});

test("nobody publishes on a pattern", () => {
  expect(() => checkTopic("room:1")).not.toThrow();
  expect(() => checkTopic("room:*")).toThrow(expect.objectContaining({ code: "bad_argument" }));
});
