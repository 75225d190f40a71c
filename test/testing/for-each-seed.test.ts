import { expect, test } from "vitest";
import { forEachSeed, SeedError } from "../../src/testing/index.js";

test("runs once for each seed, from the first", async () => {
  const seen: number[] = [];
  await forEachSeed(3, (seed) => void seen.push(seed), { first: 5, only: undefined });
  expect(seen).toEqual([5, 6, 7]);
});

test("a failing seed is named with the way to replay it, and the later ones do not run", async () => {
  const seen: number[] = [];
  const run = (seed: number): void => {
    seen.push(seed);
    if (seed === 2) throw new Error("boom");
  };
  const failure = await forEachSeed(9, run, { only: undefined }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SeedError);
  expect(failure).toMatchObject({ seed: 2, cause: { message: "boom" } });
  expect(String(failure)).toMatch(/Failed with seed 2: boom\n.*HOLDFAST_SEED=2/);
  expect(seen).toEqual([1, 2]);
});

test("one seed alone can be run again", async () => {
  const seen: number[] = [];
  await forEachSeed(100, (seed) => void seen.push(seed), { only: 42 });
  expect(seen).toEqual([42]);
});
