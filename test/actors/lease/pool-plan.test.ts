import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { creationsWanted, type Idle, planIdle } from "../../../actors/lease/pool-plan.js";

const NEVER = Number.POSITIVE_INFINITY;
const nothing = { open: 0, creating: 0, closing: 0, checking: 0, waiting: 0 };

describe("how many resources are made", () => {
  test("none before anyone asks, or as many as must be kept", () => {
    expect(creationsWanted({ min: 0, max: 10 }, nothing, NEVER)).toBe(0);
    expect(creationsWanted({ min: 3, max: 10 }, { ...nothing, open: 1, creating: 1 }, NEVER)).toBe(1);
  });

  test("one for each who waits and has none on its way", () => {
    const counts = { ...nothing, open: 2, waiting: 5, creating: 1, checking: 1 };
    expect(creationsWanted({ min: 0, max: 10 }, counts, NEVER)).toBe(3);
  });

  test("no more than the circuit allows, those under way included", () => {
    expect(creationsWanted({ min: 0, max: 10 }, { ...nothing, waiting: 5 }, 1)).toBe(1);
    expect(creationsWanted({ min: 0, max: 10 }, { ...nothing, waiting: 5, creating: 1 }, 1)).toBe(0);
  });

  test("never so many that more than the maximum exist, those being closed included", () => {
    const count = fc.nat(20);
    const counts = fc.record({ open: count, creating: count, closing: count, checking: count, waiting: count });
    fc.assert(
      fc.property(fc.nat(10), fc.nat(10), counts, fc.constantFrom(0, 1, NEVER), (min, more, all, allowed) => {
        const max = min + more;
        const wanted = creationsWanted({ min, max }, all, allowed);
        expect(wanted).toBeGreaterThanOrEqual(0);
        if (wanted === 0) return;
        expect(wanted + all.open + all.creating + all.closing).toBeLessThanOrEqual(max);
        expect(wanted + all.creating).toBeLessThanOrEqual(allowed);
      }),
    );
  });
});

describe("free resources", () => {
  const rules = { idleMs: 100, checkEveryMs: 30 };
  const idle = (since: number, goodAt = since, retireAt = NEVER): Idle => ({ idleSince: since, goodAt, retireAt });

  test("those that nobody wanted for long are closed as far as the minimum stays, the rest is checked", () => {
    const free = [idle(0), idle(1), idle(2), idle(90)];
    const plan = planIdle(free, { open: 5, min: 3 }, rules, 102);
    expect(plan).toEqual({ close: free.slice(0, 2), check: free.slice(2, 3), nextAt: 120 });
  });

  test("the too old are closed whatever the minimum", () => {
    const free = [idle(0, 0, 50)];
    expect(planIdle(free, { open: 1, min: 1 }, rules, 50).close).toEqual(free);
  });

  test("the next look is when the first of them is due; never when nothing will be", () => {
    expect(planIdle([idle(0, 20), idle(10, 15)], { open: 2, min: 0 }, rules, 21).nextAt).toBe(45);
    const never = { idleMs: NEVER, checkEveryMs: NEVER };
    expect(planIdle([idle(0)], { open: 1, min: 0 }, never, 1_000).nextAt).toBeUndefined();
    expect(planIdle([idle(0)], { open: 1, min: 1 }, { idleMs: 10, checkEveryMs: NEVER }, 20).nextAt).toBeUndefined();
  });
});
