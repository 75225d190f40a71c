import type { ActorRef } from "holdfast";
import { createTestSystem, forEachSeed } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { IterableProducer } from "../../../actors/index.js";
import { Forwarder, type Journal, range, Relay } from "./stages.js";

const EVENTS = 400;

interface Line {
  readonly journal: Journal;
  readonly consumers: readonly ActorRef<Forwarder>[];
  readonly consumed: (name: string) => number[];
  readonly settle: () => Promise<void>;
  readonly stop: () => Promise<void>;
  readonly system: Awaited<ReturnType<typeof createTestSystem>>["system"];
}

/** A source, a stage in the middle and three consumers, with demands drawn from the seed, some of them slow. */
async function line(seed: number, dispatcher: "demand" | "broadcast"): Promise<Line> {
  const { system, clock, stop } = await createTestSystem({ seed });
  const journal: Journal = [];
  const draw = (most: number): number => 1 + Math.floor(system.random.next() * most);
  const maxDemand = draw(20);
  const source = await system.start(IterableProducer<number>, { source: range(1, EVENTS), demand: "accumulate" });
  const subscribeTo = [{ to: source, maxDemand: draw(50) }];
  const middle = await system.start(Relay, { journal, options: { subscribeTo, dispatcher } });
  const consumers: ActorRef<Forwarder>[] = [];
  for (const name of ["a", "b", "c"]) {
    const delayMs = draw(3) - 1;
    const busy = (): Promise<void> | undefined =>
      delayMs === 0 ? undefined : new Promise((resolve) => void system.clock.setTimer(delayMs, resolve));
    const subscription = { to: middle, maxDemand, minDemand: draw(maxDemand) - 1 };
    consumers.push(await system.start(Forwarder, { journal, name, subscribeTo: [subscription], busy }));
  }
  await clock.settle();
  source.cast.demand("forward");
  return {
    journal,
    consumers,
    system,
    consumed: (name) =>
      journal
        .flatMap((note) => (Array.isArray(note) && note[0] === name && note[1] === "consumed" ? [note[2]] : []))
        .flat(),
    settle: () => clock.advance(10_000),
    stop,
  };
}

describe("whatever order actors run in", () => {
  test("each event of a line reaches one consumer, in order, and the line ends with its source", async () => {
    await forEachSeed(30, async (seed) => {
      const { consumed, settle, stop, system, consumers } = await line(seed, "demand");
      await settle();
      const shares = ["a", "b", "c"].map(consumed);
      for (const share of shares) expect(share).toEqual(share.toSorted((one, other) => one - other));
      expect(shares.flat().sort((one, other) => one - other)).toEqual(range(1, EVENTS));
      expect(consumers.map((ref) => system.exitReason(ref))).toEqual(["normal", "normal", "normal"]);
      await stop();
    });
  });

  test("each event of a line that broadcasts reaches all that live, and a death holds nobody up", async () => {
    await forEachSeed(30, async (seed) => {
      const { consumed, settle, stop, system, consumers } = await line(seed, "broadcast");
      const [first] = consumers;
      if (first !== undefined) system.exit(first, "kill");
      await settle();
      expect(consumed("b")).toEqual(range(1, EVENTS));
      expect(consumed("c")).toEqual(range(1, EVENTS));
      expect(consumed("a")).toEqual(range(1, consumed("a").length));
      await stop();
    });
  });
});
