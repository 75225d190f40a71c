import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RetrySlots } from "../../../src/transport/admission/retry-slots.js";

describe("moments to come back", () => {
  it("come one after the other, as fast as the server takes clients", () => {
    const slots = new RetrySlots({ perSecond: 100 });
    expect(Array.from({ length: 4 }, () => slots.next(0, 0))).toEqual([1_000, 1_010, 1_020, 1_030]);
    expect(slots.next(30, 0)).toBe(1_010);
    expect(slots.next(500, 0)).toBe(1_000);
  });

  it("are spread by chance within a slot, and never meet in the next one", () => {
    const slots = new RetrySlots({ perSecond: 100 });
    expect(slots.next(0, 0.999)).toBe(1_009);
    expect(slots.next(0, 0)).toBe(1_010);
  });

  it("are not before it is of any use", () => {
    const slots = new RetrySlots({ perSecond: 100 });
    expect(slots.next(0, 0, 5_000)).toBe(5_000);
    expect(slots.next(0, 0, 2_000)).toBe(5_010);
  });

  it("are drawn between the bounds when all slots are gone, and never after the last", () => {
    const slots = new RetrySlots({ perSecond: 1, leastMs: 1_000, mostMs: 5_000 });
    expect(Array.from({ length: 6 }, () => slots.next(0, 0.5))).toEqual([1_500, 2_500, 3_500, 4_500, 3_000, 3_000]);
    expect(slots.next(0, 0.999, 1e9)).toBe(5_000);
  });

  it("begin anew when the storm is over", () => {
    const slots = new RetrySlots({ perSecond: 1 });
    for (let i = 0; i < 30; i++) slots.next(0, 0);
    expect(slots.next(100_000, 0)).toBe(1_000);
  });

  it("differ for each of the clients refused at one moment, at any rate", () => {
    const chances = fc.array(fc.double({ min: 0, max: 0.999_999, noNaN: true }), { minLength: 2, maxLength: 500 });
    const rates = fc.oneof(fc.integer({ min: 10, max: 100_000 }), fc.constant(Infinity));
    const nows = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(rates, nows, chances, (perSecond, now, all) => {
        const slots = new RetrySlots({ perSecond });
        const told = all.map((chance) => slots.next(now, chance));
        expect(new Set(told).size).toBe(told.length);
        for (const delayMs of told) {
          expect(delayMs).toBeGreaterThanOrEqual(1_000);
          expect(delayMs).toBeLessThanOrEqual(60_001);
        }
      }),
    );
  });
});
