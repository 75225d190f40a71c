import { expect, test } from "vitest";
import type { AliasRef } from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";
import { act, Doer, seenBy } from "./doer.js";

const start = async () => {
  const test = await createTestSystem();
  return { ...test, a: test.system.spawn(Doer), b: test.system.spawn(Doer) };
};

test("case 147: a monitor on an actor that has ended fires with its tag and noproc", async () => {
  const { system, a, b, clock, stop } = await start();
  await system.stopActor(b);
  await act(a, (me) => me.monitor(b, { tag: "mine" }));
  await clock.settle();
  expect(await seenBy(a)).toEqual([{ down: b, reason: "noproc", tag: "mine" }]);
  await stop();
});

test("case 157: a down carries the tag that its monitor was made with", async () => {
  const { a, b, clock, stop } = await start();
  const tag = { order: 7 };
  await act(a, (me) => [me.monitor(b, { tag }), me.monitor(b)]);
  await act(b, (me) => me.stop("bye"));
  await clock.settle();
  expect(await seenBy(a)).toEqual([
    { down: b, reason: "bye", tag },
    { down: b, reason: "bye" },
  ]);
  await stop();
});

test("case 149: demonitor of what is no monitor of this actor is refused, with what came", async () => {
  const { a, b, stop } = await start();
  const foreign = await act(b, (me) => me.monitor(a));
  const refusal = act(a, (me) => {
    expect(() => me.demonitor({ id: 1 })).toThrow(/Expected a monitor that this actor made/);
    expect(() => me.demonitor(foreign)).toThrow(/Expected a monitor that this actor made/);
  });
  await refusal;
  await stop();
});

test.each([
  [false, 1],
  [true, 0],
])("case 151: with flush %s a down that waits is handled %i times after demonitor", async (flush, times) => {
  const { system, a, b, stop } = await start();
  const active = await act(a, (me) => {
    const monitor = me.monitor(b);
    system.exit(b, "boom");
    return me.demonitor(monitor, { flush });
  });
  expect(active).toBe(false);
  expect(await seenBy(a)).toHaveLength(times);
  await stop();
});

test("case 154: never a down after demonitor with flush, however it meets the end", async () => {
  const { system, a, stop } = await start();
  for (const killFirst of [true, false]) {
    for (const byName of [true, false]) {
      const b = system.spawn(Doer, undefined, { name: "b" });
      await act(a, (me) => {
        const monitor = me.monitor(byName ? "b" : b);
        if (killFirst) system.exit(b, "kill");
        me.demonitor(monitor, { flush: true });
        if (!killFirst) system.exit(b, "kill");
      });
    }
  }
  expect(await seenBy(a)).toEqual([]);
  await stop();
});

test("case 156: ref, name and aliases are one order, and the down comes after all of it", async () => {
  const { system, clock, stop } = await start();
  const [a, b] = [system.spawn(Doer, undefined, { name: "a" }), system.spawn(Doer, undefined, { name: "b" })];
  const aliases = await act(a, (me) => [me.alias(), me.alias()]);
  await act(a, (me) => me.monitor("b"));
  const expected = Array.from({ length: 1_000 }, (_, index) => index);
  await act(b, (me) => {
    for (const n of expected) {
      if (n % 4 === 0) a.send(n);
      else if (n % 4 === 1) system.whereis("a")?.send(n);
      else aliases[n % 2]?.send(n);
    }
    me.stop();
  });
  await clock.settle();
  expect(await seenBy(a)).toEqual([...expected, { down: b, reason: "normal" }]);
  await stop();
});

test("case 159: what is sent through an alias arrives until it is taken back, and then vanishes", async () => {
  const { system, a, b, stop } = await start();
  const alias = await act(a, (me) => me.alias());
  await act(b, () => [1, 2].forEach((n) => alias.send(n)));
  await act(a, (me) => me.unalias(alias));
  await act(b, () => [3, 4].forEach((n) => alias.send(n)));
  expect(await seenBy(a)).toEqual([1, 2]);
  expect(system.deadLetters.total).toBe(0);
  await stop();
});

test("case 161: unalias says whether the alias was still active, and only its maker may", async () => {
  const { a, b, stop } = await start();
  const alias = await act(a, (me) => me.alias());
  await act(b, (me) => expect(() => me.unalias(alias)).toThrow(/Expected an alias that this actor made/));
  expect(await act(a, (me) => [me.unalias(alias), me.unalias(alias)])).toEqual([true, false]);
  await act(a, (me) =>
    expect(() => me.alias({ mode: JSON.parse('"never"') })).toThrow(/"explicit_unalias" or "reply"/),
  );
  await stop();
});

test("an alias of mode reply lets one message through", async () => {
  const { a, stop } = await start();
  const alias = await act(a, (me) => me.alias({ mode: "reply" }));
  for (const n of [1, 2]) alias.send(n);
  expect(await seenBy(a)).toEqual([1]);
  await stop();
});

test("what is sent through an alias of an actor that has ended vanishes too", async () => {
  const { system, a, stop } = await start();
  const alias = await act(a, (me) => me.alias());
  await system.stopActor(a);
  alias.send("late");
  expect(system.deadLetters.total).toBe(0);
  await stop();
});

const monitored = async (mode: "explicit_unalias" | "demonitor" | "reply_demonitor") => {
  const parts = await start();
  const monitor = await act(parts.a, (me) => me.monitor(parts.b, { alias: mode }));
  const alias: AliasRef | undefined = monitor.alias;
  if (alias === undefined) throw new Error("no alias");
  return { ...parts, monitor, alias };
};

test("case 162: an alias of mode explicit_unalias outlives its monitor", async () => {
  const { system, a, b, alias, monitor, clock, stop } = await monitored("explicit_unalias");
  await act(a, (me) => me.demonitor(monitor));
  alias.send(1);
  system.exit(b, "kill");
  await clock.settle();
  alias.send(2);
  await act(a, (me) => me.unalias(alias));
  alias.send(3);
  expect(await seenBy(a)).toEqual([1, 2]);
  await stop();
});

test("case 162: an alias of mode demonitor ends with its monitor, by demonitor or by the down", async () => {
  const first = await monitored("demonitor");
  first.alias.send(1);
  await act(first.a, (me) => me.demonitor(first.monitor));
  first.alias.send(2);
  expect(await seenBy(first.a)).toEqual([1]);
  await first.stop();
  const second = await monitored("demonitor");
  second.system.exit(second.b, "boom");
  second.alias.send(3);
  await second.clock.settle();
  expect(await seenBy(second.a)).toEqual([{ down: second.b, reason: "boom" }]);
  await second.stop();
});

test("case 162: the first message through an alias of mode reply_demonitor ends alias and monitor", async () => {
  const { system, a, b, alias, clock, stop } = await monitored("reply_demonitor");
  alias.send(1);
  alias.send(2);
  system.exit(b, "boom");
  await clock.settle();
  expect(await seenBy(a)).toEqual([1]);
  await stop();
});

test("case 162: without a message an alias of mode reply_demonitor ends with its monitor, by demonitor or by the down", async () => {
  const first = await monitored("reply_demonitor");
  await act(first.a, (me) => me.demonitor(first.monitor));
  first.alias.send(1);
  expect(await seenBy(first.a)).toEqual([]);
  await first.stop();
  const second = await monitored("reply_demonitor");
  second.system.exit(second.b, "boom");
  await second.clock.settle();
  second.alias.send(2);
  expect(await seenBy(second.a)).toEqual([{ down: second.b, reason: "boom" }]);
  await second.stop();
});

test("case 164: an alias may travel inside a request, and answers through it arrive", async () => {
  const { a, b, stop } = await start();
  const tag = await act(a, (me) => ({ alias: me.alias({ mode: "reply" }), request: 7 }));
  await act(b, () => tag.alias.send({ request: tag.request, payload: "answer" }));
  expect(await seenBy(a)).toEqual([{ request: 7, payload: "answer" }]);
  await stop();
});

test("case 189: priority messages come first, in their own order; without both consents a message is ordinary", async () => {
  const { system, a, b, stop } = await start();
  const [priority, plain] = await act(a, (me) => [me.alias({ priority: true }), me.alias()] as const);
  const c = system.spawn(Doer);
  await act(a, (me) => {
    me.monitor(b);
    for (let n = 1; n <= 8; n++) {
      a.send(`m${n}`);
      if (n % 3 === 0) priority.send(`p${n}`, { priority: true });
      if (n === 4) system.exit(b, "boom");
      if (n === 5) priority.send("ordinary through it");
      if (n === 6) plain.send("not allowed", { priority: true });
    }
    c.cast.note("unrelated");
  });
  const seen = await seenBy(a);
  expect(seen.slice(0, 2)).toEqual(["p3", "p6"]);
  expect(seen.filter((each) => typeof each === "string" && !/^p\d/.test(each))).toEqual([
    ..."m1 m2 m3 m4 m5".split(" "),
    "ordinary through it",
    "m6",
    "not allowed",
    "m7",
    "m8",
  ]);
  await stop();
});
