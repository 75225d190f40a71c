import { expect, test } from "vitest";
import { MissedPublications } from "../../../actors/topic/missed-publications.js";
import { createVirtualClock } from "../../../src/testing/index.js";

test("nodes that come and go leave no more behind than a bound, and that nothing is known of one is not taken for nothing missed", async () => {
  const clock = createVirtualClock();
  const missing = new MissedPublications({
    self: { name: "a", incarnation: "a-1" },
    topics: "topics",
    clock,
    nodes: () => [],
    silent: () => [],
    tell: () => true,
  });
  const life = (incarnation: number) => ({ name: "b", incarnation: `b-${incarnation}` });
  for (let n = 0; n < 3_000; n++) {
    missing.meet(life(n));
    // Every other one had sessions here and there.
    if (n % 2 === 0) missing.keeps(life(n), "room:1", true);
    missing.down(life(n));
    await clock.advance(100);
  }
  await clock.advance(60_000);
  missing.meet(life(3_000));
  missing.down(life(3_000));
  expect(missing.noted).toBeLessThanOrEqual(1_000);
  const wholeOf = async (n: number) => (await missing.inquire({ node: `b/b-${n}`, numbers: new Map() })).isWhole;
  // One of the last that were given up, and one of which nothing is noted any more.
  expect([await wholeOf(2_998), await wholeOf(0)]).toEqual([false, false]);
});
