import { seededRandom } from "holdfast";
import type { BackoffRule } from "holdfast/supervisors";
import { describe, expect, test } from "vitest";
import { RestartAttempts, restartDelay } from "../../../supervisors/strategy/backoff.js";

const RULE: BackoffRule = {
  baseMs: 100,
  capMs: 1_000,
  factor: 2,
  jitter: 0,
  stableMs: 5_000,
  maxAttempts: Number.POSITIVE_INFINITY,
};

const always = (value: number) => ({ next: () => value });

describe("the delay before a restart", () => {
  test("grows by the factor up to the cap", () => {
    const delays = [1, 2, 3, 4, 5, 6].map((attempt) => restartDelay(attempt, RULE, always(0)));
    expect(delays).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  });

  test("stays the same with a factor of 1, and is the cap after any number of attempts", () => {
    expect(restartDelay(50, { ...RULE, factor: 1 }, always(0))).toBe(100);
    expect(restartDelay(Number.MAX_SAFE_INTEGER, RULE, always(0))).toBe(1_000);
    expect(restartDelay(Number.MAX_SAFE_INTEGER, { ...RULE, factor: 1.01 }, always(0))).toBe(1_000);
    expect(restartDelay(Number.MAX_SAFE_INTEGER, { ...RULE, factor: Number.MAX_VALUE }, always(0))).toBe(1_000);
  });

  test("loses at most the part that jitter names", () => {
    const random = seededRandom(7);
    const delays = Array.from({ length: 1_000 }, () => restartDelay(3, { ...RULE, jitter: 0.5 }, random));
    expect(Math.min(...delays)).toBeGreaterThan(200);
    expect(Math.min(...delays)).toBeLessThan(205);
    expect(Math.max(...delays)).toBeLessThanOrEqual(400);
    expect(Math.max(...delays)).toBeGreaterThan(395);
    expect(restartDelay(3, { ...RULE, jitter: 1 }, always(0.75))).toBe(100);
  });
});

describe("attempts in a row", () => {
  test("are counted on until the child has run for stableMs", () => {
    const attempts = new RestartAttempts(RULE);
    attempts.started(0);
    expect([attempts.next(4_999, always(0)), attempts.made]).toEqual([100, 1]);
    attempts.started(5_099);
    expect([attempts.next(10_098, always(0)), attempts.made]).toEqual([200, 2]);
    attempts.started(10_298);
    expect([attempts.next(15_298, always(0)), attempts.made]).toEqual([100, 1]);
  });

  test("that fail do not make a child stable, however long they take", () => {
    const attempts = new RestartAttempts(RULE);
    attempts.started(0);
    attempts.next(10, always(0));
    expect(attempts.next(60_000, always(0))).toBe(200);
    expect(attempts.next(120_000, always(0))).toBe(400);
  });

  test("come to an end after maxAttempts, and begin anew after a stable run", () => {
    const attempts = new RestartAttempts({ ...RULE, maxAttempts: 2 });
    expect(attempts.next(0, always(0))).toBe(100);
    expect(attempts.next(0, always(0))).toBe(200);
    expect(attempts.next(0, always(0))).toBeUndefined();
    attempts.started(0);
    expect(attempts.next(5_000, always(0))).toBe(100);
  });

  test("go on by another rule where they are", () => {
    const attempts = new RestartAttempts(RULE);
    attempts.next(0, always(0));
    attempts.follow({ ...RULE, factor: 5 });
    expect(attempts.next(0, always(0))).toBe(500);
  });
});
