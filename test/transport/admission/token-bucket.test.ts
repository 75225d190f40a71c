import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TokenBucket } from "../../../src/transport/admission/token-bucket.js";

const takeWhile = (bucket: TokenBucket, nowMs: number): number => {
  let taken = 0;
  while (taken < 10_000 && bucket.take(nowMs) === 0) taken++;
  return taken;
};

describe("a token bucket", () => {
  it("gives its whole burst at once, then what has come in since", () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 });
    expect(takeWhile(bucket, 1_000)).toBe(5);
    expect(takeWhile(bucket, 1_099)).toBe(0);
    expect(takeWhile(bucket, 1_100)).toBe(1);
    expect(takeWhile(bucket, 1_350)).toBe(2);
  });

  it("holds no more than its burst, however long it rests", () => {
    const bucket = new TokenBucket({ perSecond: 1_000, burst: 3 });
    takeWhile(bucket, 0);
    expect(takeWhile(bucket, 1e9)).toBe(3);
  });

  it("says how long to wait, and then has the token", () => {
    const bucket = new TokenBucket({ perSecond: 4, burst: 2 });
    takeWhile(bucket, 0);
    const waitMs = bucket.take(100);
    expect(waitMs).toBeCloseTo(150);
    expect(bucket.take(100 + waitMs - 1)).toBeGreaterThan(0);
    expect(bucket.take(100 + waitMs)).toBe(0);
  });

  it("gives more than it holds when it is full, and then owes it", () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 });
    expect(bucket.take(0, 20)).toBe(0);
    expect(bucket.take(1_000, 1)).toBe(600);
  });

  it("can be charged for what is done in any case, up to one bucket of debt", () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 5 });
    for (let i = 0; i < 1_000; i++) bucket.charge(0);
    expect(bucket.isFull(999)).toBe(false);
    expect(bucket.isFull(1_000)).toBe(true);
  });

  it.each([
    { perSecond: Infinity, burst: 1 },
    { perSecond: 1, burst: Infinity },
    { perSecond: Infinity, burst: Infinity },
  ])("without an end never refuses: %o", (rule) => {
    const bucket = new TokenBucket(rule);
    expect(takeWhile(bucket, 5)).toBe(10_000);
    bucket.charge(5);
    expect(bucket.isFull(5)).toBe(true);
  });

  it("gives in any time at most its burst and what that time brings", () => {
    const attempts = fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 4 })), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 4, max: 50 }),
        attempts,
        (perSecond, burst, all) => {
          const bucket = new TokenBucket({ perSecond, burst });
          let now = 0;
          let given = 0;
          for (const [pauseMs, count] of all) {
            now += pauseMs;
            if (bucket.take(now, count) === 0) given += count;
          }
          expect(given).toBeLessThanOrEqual(burst + (now * perSecond) / 1_000 + 1e-6);
        },
      ),
    );
  });
});
