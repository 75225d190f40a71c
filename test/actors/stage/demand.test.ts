import { describe, expect, test } from "vitest";
import { Gate, range, scene, SILENT } from "./stages.js";

// A counter and its consumer would go on for ever: a gate holds the consumer at the last batch that a test looks at.
function stopAfter(batches: number): () => Promise<void> | undefined {
  let handled = 0;
  return () => (++handled < batches ? undefined : new Promise<void>(() => undefined));
}

describe("automatic demand", () => {
  test("asks for 1,000 and handles 500 at a time by default", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter();
    await forwarder({ subscribeTo: [numbers], busy: stopAfter(3) });
    expect(await consumed()).toEqual([range(0, 499), range(500, 999), range(1_000, 1_499)]);
    await stop();
  });

  test("case 384: with 80 of 100 as least demand, batches are of 20", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter();
    await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 100, minDemand: 80 }], busy: stopAfter(51) });
    const batches = await consumed();
    expect(batches.slice(0, 2)).toEqual([range(0, 19), range(20, 39)]);
    expect(batches[50]).toEqual(range(1_000, 1_019));
    await stop();
  });

  test("case 384: with 20 of 100 as least demand, batches are of 80 and of what is left", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter();
    await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 100, minDemand: 20 }], busy: stopAfter(5) });
    expect(await consumed()).toEqual([range(0, 79), range(80, 99), range(100, 179), range(180, 259), range(260, 279)]);
    await stop();
  });

  test("one at a time, subscribed at run time", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const consumer = await forwarder({ busy: stopAfter(3) });
    const numbers = await counter();
    consumer.cast.subscribeTo({ to: numbers, maxDemand: 1, minDemand: 0 });
    expect(await consumed()).toEqual([[0], [1], [2]]);
    await stop();
  });

  test("no more is asked for while a batch is handled", async () => {
    const { counter, forwarder, consumed, clock, stop } = await scene();
    const gate = new Gate();
    const numbers = await counter();
    await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 10 }], busy: () => gate.passed });
    expect(await consumed()).toEqual([range(0, 4)]);
    expect(await numbers.call.asked()).toEqual([10]);
    await clock.advance(60_000);
    expect(await numbers.call.asked()).toEqual([10]);
    await stop();
  });

  test("several consumers share the events, each once", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    await forwarder({ name: "a", subscribeTo: [{ to: numbers, maxDemand: 2 }] });
    await forwarder({ name: "b", subscribeTo: [{ to: numbers, maxDemand: 2 }] });
    await numbers.call.queue([1, 2, 3, 4, 5, 6]);
    const both = [...(await consumed("a")), ...(await consumed("b"))].flat();
    expect(both.sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await consumed("b")).length).toBeGreaterThan(0);
    await stop();
  });
});

describe("manual demand", () => {
  test.each(["option", "hook"] as const)(
    "case 392: by %s, brings what is asked for, and nothing in between",
    async (by) => {
      const { counter, forwarder, consumed, stop } = await scene();
      const numbers = await counter();
      const consumer =
        by === "option"
          ? await forwarder({ subscribeTo: [{ to: numbers, demand: "manual" }] })
          : await forwarder({ subscribeTo: [numbers], control: "manual" });
      expect(await consumed()).toEqual([]);
      consumer.cast.ask(50);
      expect(await consumed()).toEqual([range(0, 49)]);
      consumer.cast.ask(50);
      expect(await consumed()).toEqual([range(0, 49), range(50, 99)]);
      await stop();
    },
  );

  test("a demand that is no whole number is refused where it is made", async () => {
    const { counter, forwarder, stop } = await scene();
    const numbers = await counter();
    const consumer = await forwarder({ subscribeTo: [{ to: numbers, demand: "manual" }] });
    await expect(consumer.call.ask(-1)).rejects.toMatchObject({ reason: { error: { code: "bad_argument" } } });
    await stop();
  });
});

describe("a stage in the middle", () => {
  test.each([
    { minDemand: 80, first: [range(0, 19), range(20, 39)] },
    { minDemand: 20, first: [range(0, 79), range(80, 99), range(100, 179)] },
  ])("handles batches of its own subscription, $minDemand of 100 as least demand", async ({ minDemand, first }) => {
    const { counter, relay, forwarder, journal, clock, stop } = await scene();
    const numbers = await counter();
    const middle = await relay({
      options: { subscribeTo: [{ to: numbers, maxDemand: 100, minDemand }] },
      change: (events) => events.flatMap((event) => [event, event]),
    });
    await forwarder({ subscribeTo: [{ to: middle, maxDemand: 100, minDemand: 50 }], busy: stopAfter(10) });
    await clock.settle();
    const relayed = journal.filter((note) => Array.isArray(note) && note[1] === "relayed");
    expect(relayed.slice(0, first.length)).toEqual(first.map((events) => ["relay", "relayed", events]));
    await stop();
  });

  test("case 387: stops asking when its consumer does", async () => {
    const { counter, relay, forwarder, journal, clock, stop } = await scene();
    const numbers = await counter();
    const middle = await relay({ options: { subscribeTo: [{ to: numbers, maxDemand: 10, minDemand: 8 }] } });
    await clock.settle();
    expect(journal.filter((note) => Array.isArray(note) && note[1] === "relayed")).toEqual([]);
    const asleep = (): Promise<void> => new Promise(() => undefined);
    await forwarder({ subscribeTo: [{ to: middle, maxDemand: 10, minDemand: 5 }], busy: asleep });
    await clock.advance(60_000);
    const batches = [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
      [8, 9],
    ]; // prettier
    expect(journal.filter((note) => Array.isArray(note) && note[1] === "relayed")).toEqual(
      batches.map((events) => ["relay", "relayed", events]),
    );
    expect(journal.filter((note) => Array.isArray(note) && note[1] === "consumed")).toEqual([
      ["forwarder", "consumed", [0, 1]],
    ]);
    expect((await numbers.call.asked()).reduce((sum, count) => sum + count)).toBe(20);
    await stop();
  });

  test("goes on asking when it emits nothing of what it gets", async () => {
    const { counter, relay, forwarder, clock, journal, stop } = await scene();
    let left = 20;
    const middle = await relay({ change: () => (--left > 0 ? [] : range(1, 10)) });
    const numbers = await counter();
    await forwarder({ subscribeTo: [{ to: middle, maxDemand: 10 }], busy: () => new Promise(() => undefined) });
    await middle.call.subscribeTo({ to: numbers, maxDemand: 100, minDemand: 80 });
    await clock.settle();
    expect(journal).toContainEqual(["relay", "relayed", range(0, 19)]);
    expect(journal).toContainEqual(["relay", "relayed", range(380, 399)]);
    await stop();
  });

  test("handles what it was sent before its producer was lost, and hears of the loss after it", async () => {
    const { counter, relay, forwarder, consumed, notes, stop } = await scene();
    const numbers = await counter();
    const middle = await relay();
    const subscribed = await middle.call.subscribeTo({
      to: numbers,
      maxDemand: 100,
      minDemand: 50,
      cancel: "temporary",
    });
    if (subscribed.ok) subscribed.subscription.cancel("done");
    expect(await notes()).not.toContainEqual(["relay", "cancelled", "cancel", "done"]);
    await forwarder({ subscribeTo: [{ to: middle, maxDemand: 60, minDemand: 30 }] });
    expect((await consumed()).flat()).toEqual(range(0, 99));
    expect(await notes()).toContainEqual(["relay", "cancelled", "cancel", "done"]);
    await stop();
  });

  test("ends with its producer when all that it has made has gone out", async () => {
    const { counter, relay, forwarder, consumed, system, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    const twice = (events: readonly (number | string)[]): readonly (number | string)[] => [...events, ...events];
    const middle = await relay({ options: { subscribeTo: [numbers] }, change: twice });
    const consumer = await forwarder({ subscribeTo: [{ to: middle, demand: "manual" }] });
    consumer.cast.ask(1);
    await numbers.call.queue([1, 2]);
    await numbers.call.end("shutdown");
    expect((await consumed()).flat()).toEqual([1]);
    expect(system.isAlive(middle)).toBe(true);
    consumer.cast.ask(9);
    expect((await consumed()).flat()).toEqual([1, 2, 1, 2]);
    await clock.settle();
    expect([system.exitReason(middle), system.exitReason(consumer)]).toEqual(["shutdown", "shutdown"]);
    await stop();
  });
});
