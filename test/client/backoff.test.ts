import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Backoff, backoffDelay, DEFAULT_BACKOFF } from "../../src/client/backoff.js";

const rules = { ...DEFAULT_BACKOFF };
const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe("a delay", () => {
  it("lies from 0 to the lower of the cap and base * 2^attempt, whatever the dice show", () => {
    fc.assert(
      fc.property(fc.nat(5_000), dice, fc.nat(10_000), fc.nat(100_000), (attempt, die, baseMs, capMs) => {
        const delay = backoffDelay(attempt, { baseMs, capMs }, { next: () => die });
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(baseMs === 0 ? 0 : Math.min(capMs, baseMs * 2 ** attempt));
      }),
    );
  });

  it("is jittered in full from the first attempt", () => {
    fc.assert(
      fc.property(dice, (die) => {
        expect(backoffDelay(0, rules, { next: () => die })).toBe(die * 500);
      }),
    );
  });

  it("doubles its upper end up to the cap", () => {
    const ends = [0, 1, 2, 3, 4, 5, 6, 60, 5_000].map((attempt) => backoffDelay(attempt, rules, { next: () => 1 }));
    expect(ends).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000]);
  });

  it("spreads clients that lost one server evenly over the range", () => {
    const buckets = [0, 0, 0, 0];
    let state = 1;
    const random = { next: () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647 };
    for (let i = 0; i < 4_000; i += 1) {
      const bucket = Math.floor(backoffDelay(0, rules, random) / 125);
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    for (const count of buckets) expect(count).toBeGreaterThan(900);
  });
});

describe("attempts in a row", () => {
  const one = { next: () => 1 };

  it("count on after a connection that was open for less than 10 s, and anew after a stable one", () => {
    const backoff = new Backoff(rules, one);
    expect([backoff.next(0), backoff.next(0)]).toEqual([500, 1_000]);
    backoff.opened(1_000);
    expect([backoff.next(10_999), backoff.attempt]).toEqual([2_000, 3]);
    backoff.opened(20_000);
    expect([backoff.next(30_000), backoff.attempt]).toEqual([500, 1]);
  });

  it("do not count a connection as stable for the time after its loss", () => {
    const backoff = new Backoff(rules, one);
    backoff.opened(0);
    backoff.next(100);
    expect(backoff.next(60_000)).toBe(1_000);
  });

  it("end when the budget is spent", () => {
    const backoff = new Backoff({ ...rules, maxAttempts: 2 }, one);
    expect([backoff.next(0), backoff.next(0), backoff.next(0)]).toEqual([500, 1_000, undefined]);
    expect(new Backoff({ ...rules, maxAttempts: 0 }, one).next(0)).toBeUndefined();
  });

  it("let one wake-up through, and another after a stable connection", () => {
    const backoff = new Backoff(rules, one);
    expect([backoff.wake(), backoff.wake()]).toEqual([true, false]);
    backoff.opened(0);
    backoff.next(10_000);
    expect(backoff.wake()).toBe(true);
  });
});
