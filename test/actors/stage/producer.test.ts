import { type ActorRef, type Deferred, sys } from "holdfast";
import { describe, expect, test } from "vitest";
import { Producer, type ProducerOptions } from "../../../actors/index.js";
import { Counter, Forwarder, range, Relay, scene, SILENT } from "./stages.js";

const letters = ["a", "b", "c", "d", "e", "f", "g", "h"];

describe("the buffer", () => {
  test("keeps events without demand, and gives them before anything new", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter();
    numbers.cast.queue(["a", "b", "c"]);
    numbers.cast.queue(["d", "e"]);
    const consumer = await forwarder({ subscribeTo: [{ to: numbers, demand: "manual" }] });
    consumer.cast.ask(4);
    expect(await consumed()).toEqual([["a", "b", "c", "d"]]);
    expect(await numbers.call.asked()).toEqual([]);
    consumer.cast.ask(4);
    expect((await consumed()).slice(1)).toEqual([["e"], [0, 1, 2]]);
    await stop();
  });

  test.each([
    { bufferKeep: "first", kept: ["a", "b", "c", "d", "e"] },
    { bufferKeep: "last", kept: ["d", "e", "f", "g", "h"] },
    { bufferKeep: undefined, kept: ["d", "e", "f", "g", "h"] },
  ] as const)(
    "case 389: of 8 events, 5 that fit are the $bufferKeep ones, and the discard is reported",
    async (given) => {
      const { counter, forwarder, consumed, reports, stop } = await scene();
      const { bufferKeep, kept } = given;
      const options = { bufferSize: 5, ...(bufferKeep === undefined ? {} : { bufferKeep }) };
      const numbers = await counter({ from: SILENT, options });
      expect(await numbers.call.queue(letters.slice(0, 5))).toBe("queued");
      await numbers.call.queue(letters.slice(5));
      expect(reports).toEqual([
        {
          type: "stage",
          level: "warning",
          text: `Counter ${numbers} has discarded 3 events from buffer`,
          details: { ref: String(numbers), event: "discarded", count: 3, total: 3 },
        },
      ]);
      await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 4, minDemand: 0 }] });
      expect(await consumed()).toEqual([kept.slice(0, 4), kept.slice(4)]);
      await stop();
    },
  );

  test("case 389: keeps all without a bound, and says how many wait", async () => {
    const { counter, forwarder, consumed, reports, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { bufferSize: Number.POSITIVE_INFINITY } });
    await numbers.call.queue(letters.slice(0, 5));
    expect(await numbers.call.estimateBufferedCount()).toBe(5);
    await numbers.call.queue(letters.slice(5));
    expect(await numbers.call.estimateBufferedCount()).toBe(8);
    await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 4, minDemand: 0 }] });
    expect(await consumed()).toEqual([letters.slice(0, 4), letters.slice(4)]);
    expect(await numbers.call.estimateBufferedCount()).toBe(0);
    expect(reports).toEqual([]);
    await stop();
  });

  test("holds 10,000 by default, and none with a size of 0", async () => {
    const { counter, reports, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    await numbers.call.queue(range(1, 10_007));
    expect(await numbers.call.estimateBufferedCount()).toBe(10_000);
    const none = await counter({ from: SILENT, options: { bufferSize: 0 } });
    await none.call.queue([1, 2]);
    expect(await none.call.estimateBufferedCount()).toBe(0);
    expect(reports.map(({ details }) => details["count"])).toEqual([7, 2]);
    await stop();
  });

  test("reports discards once a second at most, and the rest when the stage ends", async () => {
    const { counter, reports, clock, system, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { bufferSize: 0 } });
    await numbers.call.queue([1]);
    await clock.advance(999);
    await numbers.call.queue([2, 3]);
    await clock.advance(1);
    await numbers.call.queue([4]);
    await numbers.call.queue([5, 6, 7]);
    await system.stopActor(numbers);
    expect(reports.map(({ details }) => [details["count"], details["total"]])).toEqual([
      [1, 1],
      [3, 4],
      [3, 7],
    ]);
    await stop();
  });

  test("tells the class of each discard, which may do without the report", async () => {
    const counts: number[] = [];
    class Quiet extends Counter {
      override formatDiscarded(count: number): boolean {
        counts.push(count);
        return false;
      }
    }
    const { system, reports, stop } = await scene();
    const numbers = await system.start(Quiet, { from: SILENT, options: { bufferSize: 5 } });
    await numbers.call.queue(letters);
    await numbers.call.queue(["i"]);
    expect(counts).toEqual([3, 1]);
    expect(reports).toEqual([]);
    await stop();
  });
});

describe("calls", () => {
  class Caller extends Counter {
    replyFirst(events: readonly number[], gate: Promise<void>): Deferred<string> | Promise<Deferred<string>> {
      const from = this.defer<string>();
      from.reply("early");
      return gate.then(() => {
        this.emit(events);
        return from;
      });
    }

    endWith(reason: string): string {
      this.stop(reason);
      return "ending";
    }
  }

  test("case 394: a method that emits sends the events before its reply", async () => {
    const { journal, system, forwarder, stop } = await scene();
    const numbers = await system.start(Caller, { from: SILENT });
    await forwarder({ subscribeTo: [numbers] });
    const answer = await numbers.call.queue([1, 2, 3]);
    journal.push(answer);
    expect(journal).toEqual([["forwarder", "consumed", [1, 2, 3]], "queued"]);
    await stop();
  });

  test("case 394: a method that replies early is answered before it emits", async () => {
    const { journal, system, forwarder, consumed, stop } = await scene();
    const numbers = await system.start(Caller, { from: SILENT });
    await forwarder({ subscribeTo: [numbers] });
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    journal.push(await numbers.call.replyFirst([1, 2, 3], gate));
    open();
    expect(await consumed()).toEqual([[1, 2, 3]]);
    expect(journal).toEqual(["early", ["forwarder", "consumed", [1, 2, 3]]]);
    await stop();
  });

  test("a method may end the stage and reply", async () => {
    const { system, stop } = await scene();
    const numbers = await system.start(Caller, { from: SILENT });
    expect(await numbers.call.endWith("shutdown")).toBe("ending");
    expect(system.exitReason(numbers)).toBe("shutdown");
    await stop();
  });
});

describe("init", () => {
  test("may refuse, continue, or give options, of which unknown ones are refused", async () => {
    const { counter, system, stop } = await scene();
    const failing = async (options: unknown): Promise<unknown> => {
      try {
        return await counter({ options: options as ProducerOptions<number | string> });
      } catch (error) {
        return error;
      }
    };
    expect(await failing({ ignore: true })).toMatchObject({ code: "ignore" });
    expect(await failing({ stop: "oops" })).toMatchObject({ code: "init_failed", reason: "oops" });
    expect(await failing("unknown")).toMatchObject({ reason: { error: { code: "bad_return_value" } } });
    const bad: readonly (readonly [unknown, string])[] = [
      [{ bufferSize: -1 }, "Expected `bufferSize` to be a whole number from 0, got -1"],
      [{ bufferKeep: "middle" }, 'to be one of "first", "last"; got "middle"'],
      [{ demand: "later" }, '"forward", "accumulate"; got "later"'],
      [{ dispatcher: 0 }, "Expected `dispatcher` to be"],
      [{ dispatcher: { type: "partition" } }, "Expected `partitions` to be"],
      [{ dispatcher: { type: "partition", partitions: ["a"] } }, "Expected a `hash`"],
      [{ dispatcher: { type: "partition", partitions: ["a", "a"], hash: () => "a" } }, "got one twice"],
      [{ dispatcher: { type: "demand", maxDemand: 0 } }, "Expected `maxDemand`"],
      [{ unknown: 1 }, 'got "unknown"'],
      [{ subscribeTo: [] }, 'got "subscribeTo"'],
    ];
    for (const [options, message] of bad) {
      expect(await failing(options)).toMatchObject({
        reason: { error: { code: "bad_argument", message: expect.stringContaining(message) } },
      });
    }
    class Continuing extends Counter {
      override handleContinue(term: unknown): void {
        this.emit([String(term)]);
      }
    }
    const numbers = await system.start(Continuing, { options: { continue: "go" } });
    expect(await numbers.call.estimateBufferedCount()).toBe(1);
    await stop();
  });

  test("may be async, and cannot emit", async () => {
    class Late extends Producer<number> {
      override async init(): Promise<ProducerOptions<number>> {
        await Promise.resolve();
        return { bufferSize: 1 };
      }

      override handleDemand(): void {}

      queue(events: readonly number[]): void {
        this.emit(events);
      }
    }
    class Early extends Counter {
      override init(): void {
        this.emit([1]);
      }
    }
    const { system, stop } = await scene();
    const late = await system.start(Late);
    await late.call.queue([1, 2]);
    expect(await late.call.estimateBufferedCount()).toBe(1);
    await expect(system.start(Early, {})).rejects.toMatchObject({ reason: { error: { code: "no_context" } } });
    await stop();
  });
});

describe("what hooks return", () => {
  test("events, or nothing: anything else ends the stage", async () => {
    class Wrong extends Counter {
      override handleDemand(): readonly number[] {
        return 7 as unknown as readonly number[];
      }
    }
    class Loud extends Forwarder {
      override handleEvents(): void {
        return "loud" as unknown as undefined;
      }
    }
    const { counter, journal, system, clock, stop } = await scene();
    const wrong = await system.start(Wrong, {});
    await system.start(Forwarder, { journal, subscribeTo: [{ to: wrong, cancel: "temporary" }] });
    const loud = await system.start(Loud, { journal, subscribeTo: [await counter()] });
    await clock.settle();
    expect(system.exitReason(wrong)).toMatchObject({ error: { code: "bad_return_value" } });
    expect(system.exitReason(loud)).toMatchObject({ error: { code: "bad_return_value" } });
    await stop();
  });

  test("promises too, and events emitted meanwhile keep their order", async () => {
    class Slow extends Producer<number | string> {
      override async handleDemand(demand: number): Promise<readonly (number | string)[]> {
        this.emit(["first"]);
        await Promise.resolve();
        this.emit(["second"]);
        return demand > 2 ? range(3, demand) : [];
      }
    }
    const { journal, system, consumed, stop } = await scene();
    const numbers = await system.start(Slow);
    const consumer = await system.start(Forwarder, { journal, subscribeTo: [{ to: numbers, demand: "manual" }] });
    consumer.cast.ask(5);
    expect((await consumed()).flat()).toEqual(["first", "second", 3, 4, 5]);
    await stop();
  });
});

describe("what is seen of a stage", () => {
  test("its ends, its buffer and its demand, and sys takes the class's own fields", async () => {
    const { counter, relay, forwarder, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { bufferSize: 2 } });
    const middle = await relay({ options: { subscribeTo: [numbers] } });
    const consumer = await forwarder({ subscribeTo: [{ to: middle, demand: "manual" }] });
    await middle.call.queue(["x"]);
    await clock.settle();
    const shown = async (ref: ActorRef<unknown>): Promise<unknown> => (await sys.getStatus(ref)).state;
    expect(await shown(numbers)).toEqual({
      kind: "stage",
      type: "producer",
      consumers: { count: 1, list: [String(middle)] },
      buffered: 0,
      discarded: 0,
      demand: "forward",
    });
    expect(await shown(middle)).toEqual({
      kind: "stage",
      type: "producer_consumer",
      producers: { count: 1, list: [String(numbers)] },
      consumers: { count: 1, list: [String(consumer)] },
      buffered: 1,
      discarded: 0,
    });
    expect(await shown(consumer)).toEqual({
      kind: "stage",
      type: "consumer",
      producers: { count: 1, list: [String(middle)] },
    });
    expect(await sys.getState(numbers)).toEqual({ demands: [1_000] });
    await stop();
  });

  test("hooks are no messages, in classes built on it neither", async () => {
    const { counter, forwarder, relay, stop } = await scene();
    const views = [(await counter()).cast, (await forwarder()).cast, (await relay()).cast];
    for (const view of views) {
      for (const hook of [
        "emit",
        "handleDemand",
        "handleEvents",
        "handleSubscribe",
        "handleCancel",
        "formatDiscarded",
      ]) {
        expect(hook in view).toBe(false);
      }
    }
    await stop();
  });
});

describe("emitting from outside of a handler", () => {
  test("goes out at once, and does nothing when the stage has ended", async () => {
    let push: (events: readonly number[]) => void = () => undefined;
    class Tap extends Relay {
      override init(): void {
        push = (events) => this.emit(events);
      }
    }
    const { forwarder, consumed, journal, system, stop } = await scene();
    const tap = await system.start(Tap, { journal });
    await forwarder({ subscribeTo: [{ to: tap, cancel: "temporary" }] });
    await consumed();
    push([1, 2]);
    expect(await consumed()).toEqual([[1, 2]]);
    await system.stopActor(tap);
    push([3]);
    expect(await consumed()).toEqual([[1, 2]]);
    await stop();
  });
});
