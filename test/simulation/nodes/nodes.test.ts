import { expect, it } from "vitest";
import { pick, run, runSeed } from "../run.js";
import { failedSeeds } from "./failed-seeds.js";

const SEEDS = 60;
const PARTS = 6;
const ANY = { nodes: "any" } as const;

/** Throws what a seed fails with, and how to see it again. */
async function passes(seed: number): Promise<void> {
  const outcome = await runSeed(seed, undefined, ANY);
  if (outcome.ok) return;
  throw new Error(`${outcome.error.message}\nSee it again: npm run simulate -- --nodes any --seed ${seed} --trace`, {
    cause: outcome.error,
  });
}

it("what failed once passes", async () => {
  for (const { schedule, what } of failedSeeds) expect(await run(schedule), what).toEqual({ ok: true });
});

it.each(Array.from({ length: PARTS }, (_, part) => 1_000 + (part * SEEDS) / PARTS))(
  "the seeds from %i on keep what a cluster promises",
  async (first) => {
    for (let seed = first; seed < first + SEEDS / PARTS; seed++) await passes(seed);
  },
);

it("a seed gives the same run each time", async () => {
  for (const seed of [2, 8, 10, 14]) {
    const traces = [];
    for (let time = 0; time < 2; time++) {
      const lines: string[] = [];
      await run(pick(seed, undefined, ANY), (line) => lines.push(withoutSecrets(line)));
      traces.push(lines);
    }
    expect(traces[0]?.length).toBeGreaterThan(20);
    expect(traces[1]).toEqual(traces[0]);
  }
});

/** Ids and secrets come from the machine's own source, as they must. */
function withoutSecrets(line: string): string {
  return line.replaceAll(/"(sid|secret|token|epoch|phx_ref)":"[^"]*"?/g, '"$1"');
}
