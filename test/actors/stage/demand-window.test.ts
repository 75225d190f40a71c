import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DemandWindow } from "../../../actors/stage/demand-window.js";
import { range } from "./stages.js";

describe("a window of demand", () => {
  test("asks for more when no more than the least demand is on its way", () => {
    const window = new DemandWindow(100, 20);
    expect(window.split(range(0, 99))).toEqual({
      batches: [
        { events: range(0, 79), ask: 80 },
        { events: range(80, 99), ask: 0 },
      ],
      excess: 0,
    });
    expect(window.pending).toBe(80);
    expect(window.split(range(100, 179)).batches).toEqual([{ events: range(100, 179), ask: 100 }]);
  });

  test("counts what nobody asked for, and passes it on", () => {
    const window = new DemandWindow(4, 2);
    expect(window.split(range(1, 7))).toEqual({
      batches: [
        { events: [1, 2], ask: 2 },
        { events: [3, 4], ask: 2 },
        { events: [5, 6], ask: 0 },
        { events: [7], ask: 0 },
      ],
      excess: 3,
    });
    expect(window.pending).toBe(4);
  });

  test("splits nothing into nothing", () => {
    expect(new DemandWindow(2, 0).split([])).toEqual({ batches: [], excess: 0 });
  });

  const runs = fc.record({
    max: fc.integer({ min: 1, max: 30 }),
    least: fc.nat(29),
    shares: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 40 }),
  });

  test("never has more on its way than the most, and never stops asking", () => {
    fc.assert(
      fc.property(runs, ({ max, least, shares }) => {
        const min = Math.min(least, max - 1);
        const window = new DemandWindow(max, min);
        let owed = max;
        let next = 0;
        const got: number[] = [];
        for (const share of shares) {
          const count = Math.min(share, owed);
          const events = range(next, next + count - 1);
          next += count;
          owed -= count;
          const { batches, excess } = window.split(events);
          expect(excess).toBe(0);
          for (const { events: batch, ask } of batches) {
            expect(batch.length).toBeLessThanOrEqual(max - min);
            got.push(...batch);
            owed += ask;
          }
          expect(owed).toBe(window.pending);
          expect(owed).toBeLessThanOrEqual(max);
          expect(owed).toBeGreaterThan(min);
        }
        expect(got).toEqual(range(0, next - 1));
      }),
    );
  });
});
