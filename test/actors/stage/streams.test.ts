import { Actor, type ActorRef } from "holdfast";
import { describe, expect, test } from "vitest";
import { IterableProducer, type StageStreamError, stageStream } from "../../../actors/index.js";
import { type Counter, Forwarder, Gate, range, Relay, scene, SILENT } from "./stages.js";

async function take(events: AsyncIterable<unknown>, most = Number.POSITIVE_INFINITY): Promise<unknown[]> {
  const taken: unknown[] = [];
  for await (const event of events) if (taken.push(event) >= most) break;
  return taken;
}

/** What came of a promise: its value, or its error. */
async function attempt(running: Promise<unknown>): Promise<unknown> {
  try {
    return await running;
  } catch (error) {
    return error;
  }
}

/** A source that notes how far it was read, and whether it was closed. */
class Source implements AsyncIterable<number> {
  readonly #last: number;
  read = 0;
  closed = 0;

  constructor(last: number) {
    this.#last = last;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<number> {
    try {
      while (this.read < this.#last) yield ++this.read;
    } finally {
      this.closed++;
    }
  }
}

describe("the events of a stage as an async iterable", () => {
  test("come as they are iterated, and leaving it cancels the subscription", async () => {
    const { counter, notes, clock, system, stop } = await scene();
    const numbers = await counter();
    expect(await take(stageStream(system, numbers), 10)).toEqual(range(0, 9));
    expect(await numbers.call.asked()).toEqual([1_000]);
    await clock.settle();
    expect(await notes()).toEqual([
      ["counter", "subscribed", "consumer", undefined, expect.anything()],
      ["counter", "cancelled", "cancel", "normal", expect.anything()],
    ]);
    await stop();
  });

  test("are asked for in batches, and no faster than they are taken", async () => {
    const { counter, system, clock, stop } = await scene();
    const numbers = await counter();
    const iterator = stageStream(system, [{ to: numbers, maxDemand: 10, minDemand: 5 }])[Symbol.asyncIterator]();
    const next = async (): Promise<unknown> => (await iterator.next()).value;
    expect(await next()).toBe(0);
    await clock.advance(60_000);
    expect(await numbers.call.asked()).toEqual([10]);
    for (const expected of range(1, 5)) expect(await next()).toBe(expected);
    expect(await numbers.call.asked()).toEqual([10, 5]);
    for (const expected of range(6, 300)) expect(await next()).toBe(expected);
    await iterator.return?.(undefined);
    await stop();
  });

  test("come of several producers, and end when all have", async () => {
    const { system, stop } = await scene();
    const one = await system.start(IterableProducer<number>, { source: range(1, 50), demand: "accumulate" });
    const two = await system.start(IterableProducer<number>, { source: range(51, 60), demand: "accumulate" });
    const events = stageStream(system, [
      { to: one, cancel: "transient" },
      { to: two, cancel: "transient" },
    ]);
    one.cast.demand("forward");
    two.cast.demand("forward");
    expect((await take(events)).toSorted((a, b) => Number(a) - Number(b))).toEqual(range(1, 60));
    await stop();
  });

  test("each iteration subscribes anew", async () => {
    const { counter, system, stop } = await scene();
    const events = stageStream(system, [{ to: await counter(), maxDemand: 2 }]);
    expect(await take(events, 2)).toEqual([0, 1]);
    const [next] = await take(events, 1);
    expect(next).toBeGreaterThan(1);
    await stop();
  });

  test("end with an error, after what had come, when a producer ends abnormally", async () => {
    const { counter, system, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    await numbers.call.queue([1, 2]);
    const taken: unknown[] = [];
    const reading = (async (): Promise<void> => {
      for await (const event of stageStream(system, numbers)) {
        taken.push(event);
        if (event === 2) numbers.cast.crash();
      }
    })();
    await expect(reading).rejects.toMatchObject({
      name: "StageStreamError",
      code: "exit",
      cause: { message: "on purpose" },
    });
    expect(taken).toEqual([1, 2]);
    await stop();
  });

  test("end quietly when a temporary producer ends abnormally, or a permanent one normally", async () => {
    const { counter, system, clock, stop } = await scene();
    for (const { cancel, reason } of [
      { cancel: "temporary", reason: "oops" },
      { cancel: "permanent", reason: "shutdown" },
    ] as const) {
      const numbers = await counter({ from: SILENT });
      await numbers.call.queue([1]);
      const reading = take(stageStream(system, [{ to: numbers, cancel }]));
      await clock.settle();
      numbers.cast.end(reason);
      expect(await reading).toEqual([1]);
    }
    await stop();
  });

  test.each([
    { cancel: "permanent", code: "noproc" },
    { cancel: "transient", code: "noproc" },
    { cancel: "temporary", code: undefined },
  ] as const)("with a $cancel subscription to a producer that is not there: $code", async ({ cancel, code }) => {
    const { counter, system, stop } = await scene();
    const dead = await counter();
    await system.stopActor(dead);
    for (const to of ["nobody", dead]) {
      let failure: StageStreamError | undefined;
      try {
        expect(await take(stageStream(system, [{ to, cancel }]))).toEqual([]);
      } catch (error) {
        failure = error as StageStreamError;
      }
      expect(failure?.code).toBe(code);
    }
    await stop();
  });

  test("refuses options that cannot be used", async () => {
    const { counter, system, stop } = await scene();
    const to = await counter();
    expect(() => stageStream(system, [{ to, maxDemand: 0 }])).toThrow("Expected `maxDemand`");
    await stop();
  });

  test("break off when the system stops", async () => {
    const { counter, system, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    const reading = attempt(take(stageStream(system, [{ to: numbers, cancel: "temporary" }])));
    await clock.settle();
    await stop();
    expect(await reading).toMatchObject({ code: "exit", reason: "shutdown" });
  });

  test("let go of the producer when the actor that iterates has died", async () => {
    class Reader extends Actor<ActorRef<Counter>> {
      #numbers: ActorRef<Counter> | undefined;

      override init(numbers: ActorRef<Counter>): void {
        this.#numbers = numbers;
      }

      async read(): Promise<void> {
        if (this.#numbers === undefined) return;
        for await (const _event of stageStream(this.system, this.#numbers, { owner: this.self() })) continue;
      }
    }
    const { counter, notes, system, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    const reader = await system.start(Reader, numbers);
    reader.cast.read();
    await clock.settle();
    system.exit(reader, "kill");
    expect(await notes()).toEqual([
      ["counter", "subscribed", "consumer", undefined, expect.anything()],
      ["counter", "cancelled", "cancel", "normal", expect.anything()],
    ]);
    await stop();
  });
});

describe("an iterable as a producer", () => {
  test("emits it all, then stops", async () => {
    const { system, forwarder, consumed, clock, stop } = await scene();
    const numbers = await system.start(IterableProducer<number>, { source: range(1, 25) });
    const consumer = await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 10 }] });
    expect((await consumed()).flat()).toEqual(range(1, 25));
    await clock.settle();
    expect(system.exitReason(numbers)).toBe("normal");
    expect(system.exitReason(consumer)).toBe("normal");
    await stop();
  });

  test("stops behind the events that wait", async () => {
    const { system, forwarder, consumed, clock, stop } = await scene();
    const gate = new Gate();
    async function* slow(): AsyncGenerator<number> {
      await gate.passed;
      yield* [1, 2, 3];
    }
    const numbers = await system.start(IterableProducer<number>, { source: slow() });
    const gone = await forwarder({ subscribeTo: [numbers] });
    await gone.call.end("shutdown");
    gate.open();
    await clock.settle();
    expect(await numbers.call.estimateBufferedCount()).toBe(3);
    await forwarder({ name: "late", subscribeTo: [numbers] });
    expect((await consumed("late")).flat()).toEqual([1, 2, 3]);
    await clock.settle();
    expect(system.exitReason(numbers)).toBe("normal");
    await stop();
  });

  test("reads an async one no further than was asked for, and closes it", async () => {
    const { system, forwarder, consumed, clock, stop } = await scene();
    const source = new Source(1_000);
    const numbers = await system.start(IterableProducer<number>, { source });
    const consumer = await forwarder({ subscribeTo: [{ to: numbers, demand: "manual", cancel: "temporary" }] });
    await clock.settle();
    expect(source.read).toBe(0);
    consumer.cast.ask(7);
    expect((await consumed()).flat()).toEqual(range(1, 7));
    await clock.settle();
    expect(source.read).toBe(7);
    consumer.cast.ask(2);
    expect((await consumed()).flat()).toEqual(range(1, 9));
    await system.stopActor(numbers);
    await clock.settle();
    expect([source.read, source.closed]).toEqual([9, 1]);
    await stop();
  });

  test("ends with an async one", async () => {
    const { system, stop } = await scene();
    const source = new Source(30);
    const numbers = await system.start(IterableProducer<number>, { source });
    expect(await take(stageStream(system, [{ to: numbers, maxDemand: 4 }]))).toEqual(range(1, 30));
    expect(system.isAlive(numbers)).toBe(false);
    await stop();
  });

  test("stays open to messages while an async one is slow", async () => {
    const { system, forwarder, notes, clock, stop } = await scene();
    const source = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
    const numbers = await system.start(IterableProducer<number>, { source });
    const consumer = await forwarder({ subscribeTo: [{ to: numbers, cancel: "temporary" }] });
    await clock.settle();
    expect(await numbers.call.estimateBufferedCount()).toBe(0);
    await consumer.call.cancel("done");
    expect(await notes()).toEqual([["forwarder", "cancelled", "cancel", "done"]]);
    await stop();
  });

  test.each(["sync", "async"])("that throws ends the stage after the events before: %s", async (kind) => {
    function* failing(): Generator<number> {
      yield* [1, 2];
      throw new Error("source failed");
    }
    async function* failingLater(): AsyncGenerator<number> {
      yield* failing();
    }
    const { system, forwarder, consumed, clock, stop } = await scene();
    const source = kind === "sync" ? failing() : failingLater();
    const numbers = await system.start(IterableProducer<number>, { source });
    await forwarder({ subscribeTo: [{ to: numbers, cancel: "temporary" }] });
    expect((await consumed()).flat()).toEqual([1, 2]);
    await clock.settle();
    expect(system.exitReason(numbers)).toMatchObject({ error: { message: "source failed" } });
    await stop();
  });

  test.each(["continue", "stop"] as const)("without consumers it may %s", async (onCancel) => {
    const { system, forwarder, clock, stop } = await scene();
    const source = new Source(1_000);
    const numbers = await system.start(IterableProducer<number>, { source, onCancel });
    const one = await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 2, demand: "manual" }] });
    const two = await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 2, demand: "manual" }] });
    await one.call.end("shutdown");
    await clock.settle();
    expect(system.isAlive(numbers)).toBe(true);
    await two.call.end("shutdown");
    await clock.settle();
    expect(system.isAlive(numbers)).toBe(onCancel === "continue");
    await stop();
  });

  test("that cannot be closed is reported", async () => {
    const { system, forwarder, reports, clock, stop } = await scene();
    const iterator = {
      next: () => Promise.resolve({ done: false, value: 1 } as const),
      return: () => Promise.reject(new Error("stuck")),
    };
    const numbers = await system.start(IterableProducer<number>, {
      source: { [Symbol.asyncIterator]: () => iterator },
    });
    await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 2, demand: "manual", cancel: "temporary" }] });
    await system.stopActor(numbers);
    await clock.settle();
    expect(reports).toContainEqual(
      expect.objectContaining({ text: expect.stringContaining("could not be closed: Error: stuck") }),
    );
    await stop();
  });

  test("from an iterable through stages to an iteration", async () => {
    const { journal, system, stop } = await scene();
    const numbers = await system.start(IterableProducer<number>, { source: new Source(100) });
    const options = { subscribeTo: [{ to: numbers, maxDemand: 10 }] };
    const double = (events: readonly (number | string)[]): readonly number[] =>
      events.map((event) => Number(event) * 2);
    const doubled = await system.start(Relay, { journal, options, change: double });
    expect(await take(stageStream(system, [{ to: doubled, maxDemand: 7 }]))).toEqual(range(1, 100).map((n) => n * 2));
    expect(system.isAlive(doubled)).toBe(false);
    const silent = await system.start(Forwarder, { journal });
    expect(await silent.call.subscribeTo({ to: doubled, cancel: "temporary" })).toMatchObject({ ok: true });
    await stop();
  });
});
