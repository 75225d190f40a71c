import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WaitHistogram } from "../../../actors/lease/wait-times.js";

function timesOf(waits: readonly number[], immediate = 0) {
  const histogram = new WaitHistogram();
  for (let n = 0; n < immediate; n++) histogram.addImmediate();
  for (const ms of waits) histogram.add(ms);
  return histogram.times;
}

describe("waiting times", () => {
  test("are 0 as long as nobody waited", () => {
    expect(timesOf([])).toEqual({ count: 0, waited: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 });
    expect(timesOf([], 5)).toMatchObject({ count: 5, waited: 0, p99Ms: 0 });
  });

  test("those who did not wait count too", () => {
    const times = timesOf([100, 100], 98);
    expect(times).toMatchObject({ count: 100, waited: 2, p50Ms: 0, maxMs: 100 });
    expect(times.p99Ms).toBe(100);
  });

  test("percentiles are no lower than they are, and a fifth higher at most", () => {
    const wait = fc.double({ min: 0.02, max: 1_000_000, noNaN: true });
    fc.assert(
      fc.property(fc.array(wait, { minLength: 1, maxLength: 300 }), (waits) => {
        const sorted = waits.toSorted((one, other) => one - other);
        const exact = (part: number): number => sorted[Math.ceil(sorted.length * part) - 1] ?? 0;
        const { p50Ms, p99Ms, maxMs } = timesOf(waits);
        for (const [found, wanted] of [
          [p50Ms, exact(0.5)],
          [p99Ms, exact(0.99)],
        ] as const) {
          expect(found).toBeGreaterThanOrEqual(wanted - 0.01);
          expect(found).toBeLessThanOrEqual(wanted * 1.2 + 0.01);
        }
        expect(maxMs).toBeCloseTo(exact(1), 1);
      }),
    );
  });

  test("a wait of any length is counted", () => {
    expect(timesOf([0, 1e12])).toMatchObject({ count: 2, waited: 2, maxMs: 1e12 });
  });
});
