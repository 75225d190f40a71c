import { describe, expect, test } from "vitest";
import { scene, SILENT, range } from "./stages.js";

describe("infos", () => {
  test("come at once where nothing waits", async () => {
    const { counter, forwarder, notes, stop } = await scene();
    const numbers = await counter();
    expect(await numbers.call.info("sync")).toBe(true);
    numbers.cast.info("async");
    const consumer = await forwarder();
    expect(await consumer.call.info("sync")).toBe(true);
    expect(await notes()).toEqual([
      ["counter", "info", "sync"],
      ["counter", "info", "async"],
      ["forwarder", "info", "sync"],
    ]);
    await stop();
  });

  test.each([3, Number.POSITIVE_INFINITY])(
    "come behind the events that wait, with a buffer of %s",
    async (bufferSize) => {
      const { counter, forwarder, consumed, notes, stop } = await scene();
      const numbers = await counter({ from: SILENT, options: { bufferSize } });
      await numbers.call.queue(["a", "b", "c"]);
      await numbers.call.info("sync");
      const consumer = await forwarder({ subscribeTo: [{ to: numbers, demand: "manual" }] });
      consumer.cast.ask(2);
      expect(await consumed()).toEqual([["a", "b"]]);
      expect(await notes()).not.toContainEqual(["counter", "info", "sync"]);
      await numbers.call.queue(["d"]);
      await numbers.call.info("later");
      consumer.cast.ask(1);
      expect((await notes()).slice(1)).toEqual([["counter", "info", "sync"]]);
      consumer.cast.ask(1);
      expect(await consumed()).toEqual([["a", "b"], ["c"], ["d"]]);
      expect((await notes()).slice(1)).toEqual([
        ["counter", "info", "sync"],
        ["counter", "info", "later"],
      ]);
      await stop();
    },
  );

  test("come when the events before them are discarded", async () => {
    const { counter, notes, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { bufferSize: 3 } });
    await numbers.call.queue(["a", "b"]);
    await numbers.call.info("sync");
    await numbers.call.queue(["c", "d"]);
    expect(await notes()).toEqual([]);
    await numbers.call.queue(["e"]);
    expect(await notes()).toEqual([["counter", "info", "sync"]]);
    await stop();
  });

  test("keep their order among each other and with events", async () => {
    const { counter, forwarder, consumed, notes, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    await numbers.call.queue(["a", "b", "c"]);
    for (const info of ["d", "e", "f"]) await numbers.call.info(info);
    await numbers.call.queue(["g", "h"]);
    await numbers.call.info("i");
    await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 5, minDemand: 0 }] });
    expect(await consumed()).toEqual([
      ["a", "b", "c"],
      ["g", "h"],
    ]);
    expect((await notes()).slice(1).map((note) => (Array.isArray(note) ? note[2] : note))).toEqual([
      "d",
      "e",
      "f",
      "i",
    ]);
    await stop();
  });

  test("wait in a stage in the middle behind the events that it has not handled", async () => {
    const { counter, relay, forwarder, notes, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    const middle = await relay({ options: { subscribeTo: [numbers] } });
    await numbers.call.queue(range(0, 9));
    await middle.call.info("sync");
    middle.cast.info("async");
    const infos = async (): Promise<unknown[]> =>
      (await notes()).filter((note) => Array.isArray(note) && note[0] === "relay" && note[1] === "info");
    expect(await infos()).toEqual([]);
    await forwarder({ subscribeTo: [middle] });
    await clock.settle();
    expect(await infos()).toEqual([
      ["relay", "info", "sync"],
      ["relay", "info", "async"],
    ]);
    await stop();
  });

  test("are refused when 10,000 wait", async () => {
    const { counter, relay, stop } = await scene();
    const numbers = await counter({ from: SILENT });
    const middle = await relay({ options: { subscribeTo: [numbers] } });
    await numbers.call.queue([1]);
    const other = await counter({ from: SILENT });
    await other.call.queue([1]);
    for (let info = 0; info < 10_000; info++) {
      middle.cast.info(info);
      other.cast.info(info);
    }
    expect(await middle.call.info("one more")).toBe(false);
    expect(await other.call.info("one more")).toBe(false);
    await stop();
  });
});

describe("demand that accumulates", () => {
  test("is told when it is forwarded, also when it was set at the start", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter({ options: { demand: "accumulate" } });
    expect(await numbers.call.demand()).toBe("accumulate");
    const consumer = await forwarder({ subscribeTo: [{ to: numbers, demand: "manual" }] });
    consumer.cast.ask(4);
    expect(await consumed()).toEqual([]);
    expect(await numbers.call.demand("accumulate")).toBe("accumulate");
    expect(await numbers.call.demand("forward")).toBe("forward");
    expect(await consumed()).toEqual([[0, 1, 2, 3]]);
    await stop();
  });

  test("set and unset before anybody asks changes nothing", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter();
    numbers.cast.demand("accumulate");
    numbers.cast.demand("forward");
    const consumer = await forwarder({ subscribeTo: [{ to: numbers, demand: "manual" }] });
    consumer.cast.ask(2);
    expect(await consumed()).toEqual([[0, 1]]);
    await stop();
  });

  test("is not added up", async () => {
    const { counter, forwarder, clock, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { demand: "accumulate" } });
    await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 2 }] });
    await forwarder({ subscribeTo: [{ to: numbers, maxDemand: 3 }] });
    await numbers.call.demand("forward");
    await clock.settle();
    expect(await numbers.call.asked()).toEqual([2, 3]);
    await stop();
  });

  test("holds events back too, within the buffer, and counts them", async () => {
    const { counter, forwarder, consumed, stop } = await scene();
    const numbers = await counter({ from: SILENT, options: { dispatcher: "broadcast" } });
    await numbers.call.demand("accumulate");
    for (const event of [1, 2, 3, 4]) await numbers.call.queue([event]);
    await forwarder({ name: "a", subscribeTo: [{ to: numbers, maxDemand: 10 }] });
    await forwarder({ name: "b", subscribeTo: [{ to: numbers, maxDemand: 10 }] });
    expect(await consumed("a")).toEqual([]);
    expect(await numbers.call.estimateBufferedCount()).toBe(4);
    await numbers.call.demand("forward");
    expect((await consumed("a")).flat()).toEqual([1, 2, 3, 4]);
    expect(await consumed("b")).toEqual(await consumed("a"));
    expect(await numbers.call.asked()).toEqual([6]);
    await stop();
  });

  test("is refused in any other word, and cannot be in a stage in the middle", async () => {
    const { counter, relay, stop } = await scene();
    const numbers = await counter();
    const wrong = numbers.call.demand("wait" as "forward");
    await expect(wrong).rejects.toMatchObject({ reason: { error: { code: "bad_argument" } } });
    expect(await (await relay()).call.demand()).toBe("forward");
    const starting = relay({ options: { ...({ demand: "accumulate" } as object) } });
    await expect(starting).rejects.toMatchObject({ code: "init_failed" });
    await stop();
  });
});
