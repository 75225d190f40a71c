import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partitionOfKey } from "../../supervisors/partition-routing.js";

describe("partition of a key", () => {
  test("whole numbers go round, whatever their sign", () => {
    expect([0, 1, 7, 8, -9].map((key) => partitionOfKey(key, 8))).toEqual([0, 1, 7, 0, 1]);
    expect([9n, -9n, 2n ** 80n].map((key) => partitionOfKey(key, 8))).toEqual([1, 1, 0]);
  });

  test("any key has the same partition each time, within the count", () => {
    const key = fc.oneof(fc.string(), fc.double(), fc.bigInt(), fc.integer());
    fc.assert(
      fc.property(key, fc.integer({ min: 1, max: 100 }), (key, count) => {
        const partition = partitionOfKey(key, count);
        expect(partition).toBe(partitionOfKey(key, count));
        expect(Number.isInteger(partition) && partition >= 0 && partition < count).toBe(true);
      }),
    );
  });

  test("names are spread evenly", () => {
    const counts = new Array<number>(8).fill(0);
    for (let index = 0; index < 8_000; index++) {
      const partition = partitionOfKey(`user:${index}`, 8);
      counts[partition] = (counts[partition] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1_150);
  });
});
