import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffDelay } from "../../src/client/backoff.js";

const backoff = { baseMs: 500, capMs: 20_000 };
const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("a delay", () => {
  it("lies from 0 to the lower of the cap and base * 2^attempt, whatever the dice show", () => {
    fc.assert(
      fc.property(fc.nat(5_000), dice, fc.nat(10_000), fc.nat(100_000), (attempt, die, baseMs, capMs) => {
        const delay = backoffDelay(attempt, { backoff: { baseMs, capMs }, random: { next: () => die } });
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(baseMs === 0 ? 0 : Math.min(capMs, baseMs * 2 ** attempt));
      }),
    );
  });

  it("is jittered in full from the first attempt", () => {
    fc.assert(
      fc.property(dice, (die) => {
        expect(backoffDelay(0, { backoff, random: { next: () => die } })).toBe(die * 500);
      }),
    );
  });

  it("doubles its upper end up to the cap", () => {
    const ends = [0, 1, 2, 3, 4, 5, 6, 60, 5_000].map((attempt) =>
      backoffDelay(attempt, { backoff, random: { next: () => 1 } }),
    );
    expect(ends).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000]);
  });

  it("spreads clients that lost one server evenly over the range", () => {
    const buckets = [0, 0, 0, 0];
    let state = 1;
    const random = { next: () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647 };
    for (let i = 0; i < 4_000; i += 1) {
      const bucket = Math.floor(backoffDelay(0, { backoff, random }) / 125);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(count).toBeGreaterThan(900);
  });
});
