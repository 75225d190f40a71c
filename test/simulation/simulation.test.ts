import { expect, it } from "vitest";
import { failedSeeds, stillFailing } from "./failed-seeds.js";
import { run, runSeed } from "./run.js";
import { scheduleOf } from "./schedule.js";

const SEEDS = 500;
const PARTS = 25;

/** Throws what a seed fails with, and how to see it again. */
async function passes(seed: number): Promise<void> {
  const outcome = await runSeed(seed);
  if (outcome.ok) return;
  throw new Error(`${outcome.error.message}\nSee it again: npm run simulate -- --seed ${seed} --trace`, {
    cause: outcome.error,
  });
}

it("what failed once passes", async () => {
  for (const { schedule, what } of failedSeeds) {
    expect(await run(schedule), what).toEqual({ ok: true });
  }
});

it("what is known to fail still does", async () => {
  for (const { schedule, what } of stillFailing) {
    expect(await run(schedule), what).toMatchObject({ ok: false });
  }
});

it.each(Array.from({ length: PARTS }, (_, part) => 1_000 + (part * SEEDS) / PARTS))(
  "the seeds from %i on keep what sessions promise",
  async (first) => {
    for (let seed = first; seed < first + SEEDS / PARTS; seed++) await passes(seed);
  },
);

it("a seed gives the same run each time", async () => {
  for (const seed of [3, 26, 54, 67]) {
    const traces = [];
    for (let time = 0; time < 2; time++) {
      const lines: string[] = [];
      await run(scheduleOf(seed), (line) => lines.push(line));
      traces.push(lines.map(withoutSecrets));
    }
    expect(traces[1]).toEqual(traces[0]);
  }
});

/** Ids and secrets come from the machine's own source, as they must. */
function withoutSecrets(line: string): string {
  return line.replaceAll(/"(sid|secret|token|epoch)":"[^"]*"?/g, '"$1"');
}
