import { Actor, type ActorRef } from "holdfast";
import { describe, expect, test } from "vitest";
import type { Dispatcher, DispatchPort, Subscription } from "../../../actors/index.js";
import { Gate, range, scene, SILENT } from "./stages.js";

describe("a producer that broadcasts", () => {
  test("case 386: gives all the same events, as many as the slowest wants", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const gate = new Gate();
    const numbers = await counter({ options: { dispatcher: "broadcast", demand: "accumulate" } });
    const busy = (): Promise<void> => gate.passed;
    await forwarder({ name: "a", subscribeTo: [{ to: numbers, maxDemand: 10, minDemand: 0 }], busy });
    await forwarder({ name: "b", subscribeTo: [{ to: numbers, maxDemand: 20, minDemand: 0 }], busy });
    await numbers.call.demand("forward");
    expect(await consumed("a")).toEqual([range(0, 9)]);
    expect(await consumed("b")).toEqual([range(0, 9)]);
    await stop();
  });

  test("case 386: asks upstream for the smallest demand, once", async () => {
    const { counter, forwarder, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { dispatcher: "broadcast", demand: "accumulate" } });
    await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 10, minDemand: 0 }] });
    await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 20, minDemand: 0 }] });
    await numbers.call.demand("forward");
    await clock.advance(60_000);
    expect(await numbers.call.asked()).toEqual([10]);
    await stop();
  });

  test("case 386: gives nothing until all have asked, or those that have not are gone", async () => {
    const { counter, relay, forwarder, consumed, clock, stop } = await scene();
    const numbers = await counter();
    const middle = await relay({ options: { dispatcher: "broadcast", subscribeTo: [{ to: numbers, maxDemand: 10 }] } });
    const silent = await forwarder({ name: "silent", subscribeTo: [{ to: middle, demand: "manual" }] });
    const busy = (): Promise<void> => new Promise(() => undefined);
    await forwarder({ name: "a", subscribeTo: [{ to: middle, maxDemand: 10, minDemand: 0 }], busy });
    await forwarder({ name: "b", subscribeTo: [{ to: middle, maxDemand: 20, minDemand: 0 }], busy });
    await clock.advance(60_000);
    expect(await consumed("a")).toEqual([]);
    await silent.call.end("shutdown");
    expect((await consumed("a")).flat()).toEqual(range(0, 4));
    expect(await consumed("b")).toEqual(await consumed("a"));
    await stop();
  });

  test("case 386: events that were owed when another consumer came wait for it, and are not lost", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { dispatcher: "broadcast" } });
    await forwarder({ name: "a", subscribeTo: [{ to: numbers, maxDemand: 10 }] });
    const late = await forwarder({ name: "late", subscribeTo: [{ to: numbers, demand: "manual" }] });
    await numbers.call.queue(range(1, 6));
    expect(await consumed("a")).toEqual([]);
    late.cast.ask(10);
    expect((await consumed("a")).flat()).toEqual(range(1, 6));
    expect((await consumed("late")).flat()).toEqual(range(1, 6));
    await stop();
  });

  test("lets a consumer choose, and asks again for what it did not want", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter({ options: { dispatcher: "broadcast", demand: "accumulate" } });
    let held = 0;
    const busy = (): Promise<void> | undefined => (++held < 5 ? undefined : new Promise(() => undefined));
    const even = (event: number | string): boolean => typeof event === "number" && event % 2 === 0;
    await forwarder({ name: "even", subscribeTo: [{ to: numbers, maxDemand: 4, minDemand: 0, selector: even }], busy });
    await numbers.call.demand("forward");
    expect((await consumed("even")).flat().slice(0, 6)).toEqual([0, 2, 4, 6, 8, 10]);
    await stop();
  });

  test("keeps nobody else waiting while a selector wants nothing", async () => {
    const seenBy: number[] = [];
    class Bystander extends Actor {
      look(seen: () => number): void {
        seenBy.push(seen());
      }
    }
    const { counter, forwarder, system, consumed, stop } = await scene();
    const numbers = await counter({ options: { dispatcher: "broadcast" } });
    const bystander = await system.start(Bystander);
    let last = 0;
    const selector = (event: number | string): boolean => {
      if (typeof event === "number") last = event;
      if (event === 500) bystander.cast.look(() => last);
      return typeof event === "number" && event >= 50_000;
    };
    await forwarder({
      subscribeTo: [{ to: numbers, maxDemand: 100, selector }],
      busy: () => new Promise(() => undefined),
    });
    expect((await consumed()).flat()).toEqual(range(50_000, 50_049));
    expect(seenBy).toHaveLength(1);
    expect(seenBy[0]).toBeLessThan(20_000);
    await stop();
  });

  test("refuses a second subscription of one consumer, which goes on with the first", async () => {
    const { counter, forwarder, consumed, notes, reports, system, stop } = await scene();
    const numbers = await counter({ from: SILENT, journal: [], options: { dispatcher: "broadcast" } });
    const consumer = await forwarder({ subscribeTo: [numbers] });
    expect(await consumer.call.subscribeTo({ to: numbers })).toMatchObject({ ok: true });
    expect(await notes()).toEqual([["forwarder", "cancelled", "cancel", "already_subscribed"]]);
    expect(system.isAlive(consumer)).toBe(true);
    expect(reports).toContainEqual(expect.objectContaining({ text: expect.stringContaining("is subscribed already") }));
    await numbers.call.queue([1]);
    expect(await consumed()).toEqual([[1]]);
    await stop();
  });
});

describe("a producer with partitions", () => {
  const hash = (event: number | string): number | undefined =>
    typeof event === "number" ? (event < 0 ? undefined : event % 3) : 7;
  const dispatcher = { type: "partition", partitions: 3, hash } as const;

  test("gives each partition its events, in order", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { dispatcher } });
    for (const partition of [0, 1, 2]) {
      await forwarder({ name: `p${partition}`, subscribeTo: [{ to: numbers, partition, maxDemand: 10 }] });
    }
    await numbers.call.queue([...range(1, 12), -1]);
    expect((await consumed("p0")).flat()).toEqual([3, 6, 9, 12]);
    expect((await consumed("p1")).flat()).toEqual([1, 4, 7, 10]);
    expect((await consumed("p2")).flat()).toEqual([2, 5, 8, 11]);
    await stop();
  });

  test("by default by the event itself, and counts on demand", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter({
      options: { dispatcher: { type: "partition", partitions: 2 }, demand: "accumulate" },
    });
    const busy = (): Promise<void> => new Promise(() => undefined);
    await forwarder({ name: "even", subscribeTo: [{ to: numbers, partition: 0, maxDemand: 10, minDemand: 0 }], busy });
    await forwarder({ name: "odd", subscribeTo: [{ to: numbers, partition: 1, maxDemand: 10, minDemand: 0 }], busy });
    await numbers.call.demand("forward");
    expect(await consumed("even")).toEqual([[0, 2, 4, 6, 8]]);
    expect(await consumed("odd")).toEqual([[1, 3, 5, 7, 9]]);
    await stop();
  });

  test("keeps events of a partition that nobody takes, and an info behind them", async () => {
    const { counter, forwarder, consumed, notes, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { dispatcher } });
    await forwarder({ name: "p0", subscribeTo: [{ to: numbers, partition: 0, maxDemand: 10 }] });
    await numbers.call.queue([0, 1, 2, 3]);
    await numbers.call.info("behind");
    expect((await consumed("p0")).flat()).toEqual([0, 3]);
    expect(await notes()).toHaveLength(1);
    await forwarder({ name: "p1", subscribeTo: [{ to: numbers, partition: 1, maxDemand: 10 }] });
    await forwarder({ name: "p2", subscribeTo: [{ to: numbers, partition: 2, maxDemand: 10 }] });
    expect((await consumed("p1")).flat()).toEqual([1]);
    expect((await consumed("p2")).flat()).toEqual([2]);
    expect(await notes()).toContainEqual(["counter", "info", "behind"]);
    await stop();
  });

  test("reports what is discarded when the consumer of a partition leaves", async () => {
    const { counter, forwarder, reports, system, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { dispatcher } });
    await forwarder({ subscribeTo: [{ to: numbers, partition: 0, maxDemand: 10 }] });
    const leaving = await forwarder({ subscribeTo: [{ to: numbers, partition: 1, demand: "manual" }] });
    await numbers.call.queue([1, 4, 7]);
    system.exit(leaving, "kill");
    await clock.settle();
    expect(reports).toContainEqual(
      expect.objectContaining({ text: `Counter ${numbers} has discarded 3 events from buffer` }),
    );
    await stop();
  });

  test.each([
    { partition: undefined, message: "Expected `partition` to be one of 0, 1, 2, got undefined" },
    { partition: 9, message: "Expected `partition` to be one of 0, 1, 2, got 9" },
    { partition: 0, message: "The partition 0 is taken by" },
  ])("cancels a subscription to partition $partition, and goes on", async ({ partition, message }) => {
    const { counter, forwarder, consumed, system, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { dispatcher } });
    await forwarder({ name: "first", subscribeTo: [{ to: numbers, partition: 0 }] });
    const refused = await forwarder({
      subscribeTo: [{ to: numbers, ...(partition === undefined ? {} : { partition }) }],
    });
    await clock.settle();
    expect(system.exitReason(refused)).toMatchObject({
      error: { code: "bad_argument", message: expect.stringContaining(message) },
    });
    await numbers.call.queue([0]);
    expect(await consumed("first")).toEqual([[0]]);
    await stop();
  });

  test.each([
    { hash, code: "bad_return_value" },
    { hash: undefined, code: "bad_argument" },
  ])("ends when the partition of an event is not known: $code", async (given) => {
    const { counter, forwarder, clock, system, stop } = await scene();
    const options = { type: "partition", partitions: 3, ...(given.hash === undefined ? {} : { hash }) } as const;
    const numbers = await counter({ from: SILENT, options: { dispatcher: options } });
    await forwarder({ subscribeTo: [{ to: numbers, partition: 0, cancel: "temporary" }] });
    numbers.cast.queue([given.hash === undefined ? (Symbol("strange") as unknown as string) : "strange"]);
    await clock.settle();
    expect(system.exitReason(numbers)).toMatchObject({ error: { code: given.code } });
    await stop();
  });
});

describe("a producer that goes by demand", () => {
  test("warns of consumers that ask for more than the first did", async () => {
    const { counter, forwarder, reports, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 10 }] });
    await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 20 }] });
    await clock.settle();
    expect(reports.map(({ text }) => text)).toEqual([
      expect.stringContaining("expects a demand of at most 10 at once, got 20"),
    ]);
    await stop();
  });

  test("shuffles its consumers before the first event, where it is told to", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const dispatcher = { type: "demand", shuffleDemandsOnFirstDispatch: true, maxDemand: 10 } as const;
    const first = new Set<unknown>();
    for (let round = 0; round < 20; round++) {
      const numbers = await counter({ from: SILENT, options: { dispatcher } });
      for (const name of ["a", "b"]) {
        await forwarder({ name: `${name}${round}`, subscribeTo: [{ to: numbers, maxDemand: 10 }] });
      }
      await numbers.call.queue([1]);
      first.add((await consumed(`a${round}`)).length);
    }
    expect(first).toEqual(new Set([0, 1]));
    await stop();
  });
});

describe("an own dispatcher", () => {
  class Newest implements Dispatcher<number | string, Subscription> {
    readonly #port: DispatchPort<number | string, Subscription>;
    readonly #demands = new Map<Subscription, number>();
    #newest: Subscription | undefined;

    constructor(port: DispatchPort<number | string, Subscription>) {
      this.#port = port;
    }

    get wanted(): number {
      return this.#newest === undefined ? 0 : (this.#demands.get(this.#newest) ?? 0);
    }

    subscribe(subscriber: Subscription): undefined {
      this.#newest = subscriber;
      this.#demands.set(subscriber, 0);
    }

    cancel(subscriber: Subscription): void {
      this.#demands.delete(subscriber);
    }

    ask(subscriber: Subscription, count: number): void {
      this.#demands.set(subscriber, (this.#demands.get(subscriber) ?? 0) + count);
    }

    dispatch(events: readonly (number | string)[]): number {
      const count = Math.min(this.wanted, events.length);
      if (this.#newest === undefined || count === 0) return 0;
      this.#demands.set(this.#newest, this.wanted - count);
      this.#port.deliver(this.#newest, events.slice(0, count));
      return count;
    }

    info(message: unknown): boolean {
      this.#port.info(message);
      return true;
    }
  }

  test("decides who gets what", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { dispatcher: (port) => new Newest(port) } });
    await forwarder({ name: "old", subscribeTo: [{ to: numbers, maxDemand: 5 }] });
    await forwarder({ name: "new", subscribeTo: [{ to: numbers, maxDemand: 5 }] });
    await numbers.call.queue([1, 2, 3]);
    expect([await consumed("old"), (await consumed("new")).flat()]).toEqual([[], [1, 2, 3]]);
    await stop();
  });

  test("that takes less than it wants ends its stage", async () => {
    class Lazy extends Newest {
      override dispatch(): number {
        return 0;
      }
    }
    const { counter, forwarder, system, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { dispatcher: (port) => new Lazy(port) } });
    const consumer: ActorRef<unknown> = await forwarder({ subscribeTo: [{ to: numbers, cancel: "temporary" }] });
    numbers.cast.queue([1]);
    await clock.settle();
    expect(system.exitReason(numbers)).toMatchObject({ error: { code: "bad_return_value" } });
    expect(system.isAlive(consumer)).toBe(true);
    await stop();
  });
});
