import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RestartWindow } from "../../../supervisors/strategy/intensity.js";

describe("restart window", () => {
  test("case 62: as many restarts as the intensity are allowed within the period, the next one is not", () => {
    const window = new RestartWindow({ intensity: 2, periodMs: 2_000 });
    expect([window.allow(0), window.allow(10), window.allow(20)]).toEqual([true, true, false]);
  });

  test("intensity 0 allows none", () => {
    expect(new RestartWindow({ intensity: 0, periodMs: 5_000 }).allow(0)).toBe(false);
  });

  test("case 64: a restart counts until exactly the end of the period, and not a millisecond longer", () => {
    const edge = new RestartWindow({ intensity: 1, periodMs: 1_000 });
    expect([edge.allow(0), edge.allow(1_000)]).toEqual([true, false]);
    const after = new RestartWindow({ intensity: 1, periodMs: 1_000 });
    expect([after.allow(0), after.allow(1_000.5), after.allow(3_000)]).toEqual([true, true, true]);
  });

  test("the number in the window can be read at any later time and changes nothing", () => {
    const window = new RestartWindow({ intensity: 3, periodMs: 100 });
    window.allow(0);
    window.allow(50);
    expect([window.inWindow(50), window.inWindow(101), window.inWindow(151), window.inWindow(60)]).toEqual([
      2, 1, 0, 2,
    ]);
    expect(window.total).toBe(2);
  });

  test("it decides as a list of all restarts would, for any limit and any times", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.integer({ min: 0, max: 8 }), { maxLength: 120 }),
        (intensity, periodMs, gaps) => {
          const window = new RestartWindow({ intensity, periodMs });
          let allowed: number[] = [];
          let now = 0;
          for (const gap of gaps) {
            now += gap;
            allowed = allowed.filter((time) => now - time <= periodMs);
            const expected = allowed.length < intensity;
            expect(window.allow(now)).toBe(expected);
            if (expected) allowed.push(now);
            expect(window.inWindow(now)).toBe(allowed.length);
          }
        },
      ),
    );
  });

  test("a million restarts cost no more memory than the window holds", () => {
    const window = new RestartWindow({ intensity: 1_000, periodMs: 10 });
    for (let now = 0; now < 1_000_000; now++) {
      if (!window.allow(now)) throw new Error(`refused at ${now}`);
    }
    expect(window.inWindow(999_999)).toBe(11);
  });
});
