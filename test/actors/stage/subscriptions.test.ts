import { Actor, type ActorRef } from "holdfast";
import { describe, expect, test } from "vitest";
import { Counter, Forwarder, Relay, range, scene, SILENT } from "./stages.js";

const modes = ["permanent", "transient", "temporary"] as const;
const reasons = ["normal", "shutdown", { shutdown: "drain" }, "oops"] as const;

/** Whether a consumer ends when a subscription of that kind ended for that reason. */
function ends(cancel: (typeof modes)[number], reason: (typeof reasons)[number]): boolean {
  return cancel === "permanent" || (cancel === "transient" && reason === "oops");
}

const cases = modes.flatMap((cancel) => reasons.map((reason) => ({ cancel, reason, ended: ends(cancel, reason) })));

describe("the end of a subscription", () => {
  test.each(cases)(
    "case 391: a $cancel one that is cancelled with $reason ends the consumer: $ended",
    async (given) => {
      const { cancel, reason, ended } = given;
      const { counter, forwarder, notes, clock, system, stop } = await scene();
      const numbers = await counter({ from: SILENT });
      const consumer = await forwarder({ subscribeTo: [{ to: numbers, cancel, extra: "mine" }] });
      await consumer.call.cancel(reason);
      await clock.settle();
      expect(system.isAlive(consumer)).toBe(!ended);
      if (ended) expect(system.exitReason(consumer)).toEqual(reason);
      expect(system.isAlive(numbers)).toBe(true);
      expect(await notes()).toEqual([
        ["counter", "subscribed", "consumer", "mine", consumer],
        ["counter", "cancelled", "cancel", reason, consumer],
        ["forwarder", "cancelled", "cancel", reason],
      ]);
      await stop();
    },
  );

  test.each(cases)(
    "case 391: a $cancel one whose producer ends with $reason ends the consumer: $ended",
    async (given) => {
      const { cancel, reason, ended } = given;
      const { counter, forwarder, notes, clock, system, stop } = await scene();
      const numbers = await counter({ from: SILENT });
      const consumer = await forwarder({ subscribeTo: [{ to: numbers, cancel }] });
      await numbers.call.end(reason);
      await clock.settle();
      expect(system.isAlive(consumer)).toBe(!ended);
      if (ended) expect(system.exitReason(consumer)).toEqual(reason);
      expect(await notes()).toContainEqual(["forwarder", "cancelled", "down", reason]);
      await stop();
    },
  );

  test("a consumer handles what a producer sent before it ended, then hears of the end", async () => {
    const { counter, forwarder, journal, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    await forwarder({ subscribeTo: [{ to: numbers, cancel: "temporary" }] });
    numbers.cast.queue([1, 2, 3]);
    numbers.cast.end("over");
    await clock.settle();
    expect(journal.slice(1)).toEqual([
      ["forwarder", "consumed", [1, 2, 3]],
      ["forwarder", "cancelled", "down", "over"],
    ]);
    await stop();
  });

  test("a producer that crashes ends its permanent consumers with the same reason", async () => {
    const { counter, forwarder, clock, system, stop } = await scene();
    const numbers = await counter();
    const consumer = await forwarder({ subscribeTo: [{ to: numbers, demand: "manual" }] });
    numbers.cast.crash();
    await clock.settle();
    expect(system.exitReason(consumer)).toMatchObject({ error: { message: "on purpose" } });
    await stop();
  });

  test.each(["killed", "crashed"])("a producer hears that its consumer was %s, and serves the others", async (how) => {
    const { counter, forwarder, notes, consumed, system, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    const consumer = await forwarder({ subscribeTo: [numbers] });
    if (how === "killed") system.exit(consumer, "kill");
    else await expect(consumer.call.ask(-1)).rejects.toMatchObject({ code: "exit" });
    await clock.settle();
    const reason = how === "killed" ? "killed" : expect.objectContaining({ error: expect.any(Error) });
    expect(await notes()).toContainEqual(["counter", "cancelled", "down", reason, consumer]);
    await forwarder({ name: "other", subscribeTo: [numbers] });
    await numbers.call.queue([1, 2]);
    expect(await consumed("other")).toEqual([[1, 2]]);
    expect(await consumed()).toEqual([]);
    await stop();
  });

  test("what was asked for by a consumer that died is not asked for again", async () => {
    const { counter, forwarder, consumed, system, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    const consumer = await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 10 }] });
    expect(await numbers.call.asked()).toEqual([10]);
    system.exit(consumer, "kill");
    await forwarder({ name: "other", subscribeTo: [{ to: numbers, maxDemand: 15 }] });
    await clock.settle();
    expect(await numbers.call.asked()).toEqual([10, 5]);
    await numbers.call.queue(range(1, 15));
    expect((await consumed("other")).flat()).toEqual(range(1, 15));
    await stop();
  });

  test("through an ended subscription nothing is sent, and no dead letter is made", async () => {
    const { counter, forwarder, system, clock, stop } = await scene();
    const numbers = await counter();
    const consumer = await forwarder({ subscribeTo: [{ to: numbers, demand: "manual", cancel: "temporary" }] });
    await numbers.call.end("over");
    await clock.settle();
    consumer.cast.ask(10);
    consumer.cast.cancel("late");
    await clock.settle();
    expect(system.deadLetters.total).toBe(0);
    await stop();
  });
});

describe("a producer that is not there", () => {
  test.each(modes)(
    "case 391: an unknown name ends a %s consumer at run time, unless it is temporary",
    async (cancel) => {
      const { forwarder, reports, system, clock, stop } = await scene();
      const consumer = await forwarder();
      const answer = await consumer.call.subscribeTo({ to: "nobody", cancel });
      expect(answer).toEqual({ ok: false, reason: "noproc" });
      await clock.settle();
      expect(system.isAlive(consumer)).toBe(cancel === "temporary");
      if (cancel !== "temporary") expect(system.exitReason(consumer)).toBe("noproc");
      expect(reports).toContainEqual(
        expect.objectContaining({ text: expect.stringContaining("nobody holds that name") }),
      );
      await stop();
    },
  );

  test.each(modes)(
    "case 391: an unknown name keeps a %s consumer from starting, unless it is temporary",
    async (cancel) => {
      const { forwarder, stop } = await scene();
      const starting = forwarder({ subscribeTo: [{ to: "nobody", cancel }] });
      if (cancel === "temporary") await expect(starting).resolves.toBeDefined();
      else await expect(starting).rejects.toMatchObject({ code: "init_failed", reason: "noproc" });
      await stop();
    },
  );

  test.each(modes)("case 391: a dead producer is down with noproc, for a %s subscription", async (cancel) => {
    const { counter, forwarder, notes, system, clock, stop } = await scene();
    const numbers = await counter();
    await system.stopActor(numbers, "shutdown");
    const consumer = await forwarder();
    expect(await consumer.call.subscribeTo({ to: numbers, cancel })).toMatchObject({ ok: true });
    await clock.settle();
    expect(await notes()).toEqual([["forwarder", "cancelled", "down", "noproc"]]);
    expect(system.isAlive(consumer)).toBe(cancel === "temporary");
    await stop();
  });

  test("what is no producer is refused", async () => {
    class Plain extends Actor {}
    const { forwarder, system, stop } = await scene();
    await system.start(Plain, undefined, { name: "plain" });
    const other = await system.start(Forwarder, { journal: [] }, { name: "consumer" });
    const consumer = await forwarder();
    for (const to of ["plain", "consumer"]) {
      expect(await consumer.call.subscribeTo({ to })).toEqual({ ok: false, reason: "not_a_producer" });
    }
    await expect(forwarder({ subscribeTo: [{ to: "plain" }] })).rejects.toMatchObject({ reason: "not_a_producer" });
    expect(system.isAlive(other)).toBe(true);
    await stop();
  });

  test("what an init subscribed to is let go of when the start fails", async () => {
    const { counter, forwarder, notes, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    await expect(forwarder({ subscribeTo: [numbers, { to: "nobody" }] })).rejects.toMatchObject({ reason: "noproc" });
    expect(await notes()).toEqual([
      ["counter", "subscribed", "consumer", undefined, expect.anything()],
      ["counter", "cancelled", "down", "noproc", expect.anything()],
    ]);
    await stop();
  });
});

describe("subscribing", () => {
  test("by name, and several times", async () => {
    const { forwarder, consumed, notes, system, stop } = await scene();
    const numbers = await system.start(Counter, { from: SILENT }, { name: "numbers" });
    const consumer = await forwarder({ subscribeTo: [{ to: "numbers", cancel: "temporary" }, { to: "numbers" }] });
    await numbers.call.queue([1, 2]);
    expect((await consumed()).flat()).toEqual([1, 2]);
    const last = await consumer.call.subscription();
    expect([last?.id, last?.producer, last?.consumer]).toEqual([2, numbers, consumer]);
    expect(String(last)).toBe(`${consumer} -> ${numbers} #2`);
    expect(await notes()).toEqual([]);
    await stop();
  });

  test("with options that cannot be used is refused, and the consumer goes on", async () => {
    const { counter, forwarder, reports, stop } = await scene();
    const to = await counter();
    const consumer = await forwarder();
    const bad = [
      { given: { to, maxDemand: 0 }, message: "Expected `maxDemand` to be a whole number from 1, got 0" },
      { given: { to, minDemand: 2_000 }, message: "Expected `minDemand` to be a whole number from 0 to 999, got 2000" },
      { given: { to, maxDemand: 5, minDemand: 5 }, message: "from 0 to 4, got 5" },
      {
        given: { to, ...{ cancel: "never" as "permanent" } },
        message: '"permanent", "transient", "temporary"; got "never"',
      },
      { given: { to, ...{ max: 3 } }, message: 'got "max"' },
    ];
    for (const { given, message } of bad) {
      expect(await consumer.call.subscribeTo(given)).toEqual({
        ok: false,
        reason: "bad_options",
        error: expect.objectContaining({ code: "bad_argument", message: expect.stringContaining(message) }),
      });
    }
    expect(reports.filter(({ type }) => type === "stage")).toHaveLength(bad.length);
    await expect(forwarder({ subscribeTo: [{ to, maxDemand: 0 }] })).rejects.toMatchObject({ code: "init_failed" });
    await stop();
  });

  test("resubscribing cancels the old subscription and makes the new one", async () => {
    const { counter, forwarder, notes, consumed, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    const consumer = await forwarder();
    const first = await consumer.call.subscribeTo({ to: numbers, cancel: "temporary", extra: 1 });
    if (!first.ok) throw new Error("no subscription");
    const second = await consumer.call.resubscribe(first.subscription, "again", { to: numbers, extra: 2 });
    expect(second).toMatchObject({ ok: true, subscription: { id: 2 } });
    expect(await notes()).toEqual([
      ["counter", "subscribed", "consumer", 1, consumer],
      ["counter", "cancelled", "cancel", "again", consumer],
      ["counter", "subscribed", "consumer", 2, consumer],
      ["forwarder", "cancelled", "cancel", "again"],
    ]);
    // A subscription that is gone already is no hindrance.
    expect(await consumer.call.resubscribe(first.subscription, "again", { to: numbers })).toMatchObject({ ok: true });
    await numbers.call.queue([1]);
    expect((await consumed()).flat()).toEqual([1]);
    await stop();
  });

  test("a name is looked up when subscribing, so a restarted producer is found", async () => {
    const { forwarder, consumed, system, stop } = await scene();
    const old = await system.start(Counter, { from: SILENT }, { name: "numbers" });
    const consumer = await forwarder({ subscribeTo: [{ to: "numbers", cancel: "temporary" }] });
    await system.stopActor(old);
    const next: ActorRef<Counter> = await system.start(Counter, { from: SILENT }, { name: "numbers" });
    await consumer.call.subscribeTo({ to: "numbers" });
    await next.call.queue([7]);
    expect(await consumed()).toEqual([[7]]);
    await stop();
  });
});

describe("the hooks", () => {
  test("a producer may not leave the demand to itself", async () => {
    class Wrong extends Counter {
      override handleSubscribe(): void {
        return "manual" as unknown as undefined;
      }
    }
    const { forwarder, system, clock, stop } = await scene();
    const numbers = await system.start(Wrong, {});
    const consumer = await forwarder({ subscribeTo: [{ to: numbers, cancel: "temporary" }] });
    await clock.settle();
    expect(system.exitReason(numbers)).toMatchObject({ error: { code: "bad_return_value" } });
    expect(system.isAlive(consumer)).toBe(true);
    await stop();
  });

  test("a consumer's may answer nothing but automatic and manual", async () => {
    const { counter, forwarder, stop } = await scene();
    const numbers = await counter();
    const starting = forwarder({ subscribeTo: [numbers], control: "unknown" as "manual" });
    await expect(starting).rejects.toMatchObject({ reason: { error: { code: "bad_return_value" } } });
    await stop();
  });

  test("those of a stage in the middle are called for both of its ends", async () => {
    const { counter, relay, forwarder, notes, system, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT, journal: [] });
    const middle = await relay({ options: { subscribeTo: [{ to: numbers, cancel: "transient" }] } });
    const consumer = await forwarder({ subscribeTo: [{ to: middle, cancel: "temporary" }] });
    await consumer.call.end("gone");
    await numbers.call.end("shutdown");
    await clock.settle();
    expect(await notes()).toEqual([
      ["relay", "subscribed", "producer"],
      ["relay", "subscribed", "consumer"],
      ["relay", "cancelled", "down", "gone"],
      ["relay", "cancelled", "down", "shutdown"],
    ]);
    expect(system.isAlive(middle)).toBe(true);
    await stop();
  });

  test("may be async: other messages wait for them", async () => {
    const order: string[] = [];
    class Slow extends Forwarder {
      override async handleSubscribe(): Promise<"manual"> {
        await Promise.resolve();
        order.push("subscribed");
        return "manual";
      }

      override async handleCancel(): Promise<void> {
        await Promise.resolve();
        order.push("cancelled");
      }

      override handleInfo(): void {
        order.push("info");
      }
    }
    const { counter, journal, system, clock, stop } = await scene();
    const numbers = await counter();
    const consumer = await system.start(Slow, { journal, subscribeTo: [{ to: numbers, cancel: "temporary" }] });
    expect(order).toEqual(["subscribed"]);
    await numbers.call.end("over");
    await clock.settle();
    consumer.send("then");
    await clock.settle();
    expect(order).toEqual(["subscribed", "cancelled", "info"]);
    await stop();
  });

  test("an actor's own monitors are its own: overriding handleDown needs no call of super", async () => {
    const downs: unknown[] = [];
    class Watching extends Relay {
      watch(ref: ActorRef<Counter>): void {
        this.monitor(ref);
      }

      override handleDown({ reason }: { readonly reason: unknown }): void {
        downs.push(reason);
      }
    }
    const { counter, journal, notes, system, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    const options = { subscribeTo: [{ to: numbers, cancel: "temporary" } as const] };
    const middle = await system.start(Watching, { journal, options });
    await middle.call.watch(numbers);
    await numbers.call.end("over");
    expect(await notes()).toContainEqual(["relay", "cancelled", "down", "over"]);
    expect(downs).toEqual(["over"]);
    await stop();
  });
});
