import { expect, test } from "vitest";
import { Actor, createSystem, sendRequest, sys } from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";
import { act, Doer, seenBy } from "./doer.js";

const start = async () => {
  const test = await createTestSystem();
  return { ...test, a: test.system.spawn(Doer), b: test.system.spawn(Doer) };
};

test("case 166: a started timer tells which one it is when it is over, and is gone then", async () => {
  const { a, clock, stop } = await start();
  const timer = await act(a, (me) => me.startTimer(1_000, "m"));
  await clock.advance(999);
  expect(await seenBy(a)).toEqual([]);
  await clock.advance(1);
  expect(await seenBy(a)).toEqual([{ timeout: timer, message: "m" }]);
  expect(await act(a, (me) => [me.readTimer(timer), me.cancelTimer(timer), me.readTimer(timer)])).toEqual([
    false,
    false,
    false,
  ]);
  await stop();
});

test("case 169: what is no timer of this actor is refused", async () => {
  const { a, b, stop } = await start();
  const foreign = await act(b, (me) => me.sendAfter(10, "x"));
  await act(a, (me) => expect(() => me.cancelTimer(foreign)).toThrow(/Expected a timer that this actor set/));
  await stop();
});

test("case 174: the time left decreases, is never negative, and is false afterwards", async () => {
  const { a, clock, stop } = await start();
  const timer = await act(a, (me) => me.sendAfter(10, "x"));
  const left: (number | false)[] = [];
  for (let step = 0; step < 5; step++) {
    left.push(await act(a, (me) => me.readTimer(timer)));
    await clock.advance(3);
  }
  expect(left).toEqual([10, 7, 4, 1, false]);
  await stop();
});

test("case 176: a timer for a time of the clock fires then, one for the past at once", async () => {
  const { a, clock, stop } = await start();
  await clock.advance(100);
  await act(a, (me) => [me.sendAt(120, "at 120"), me.sendAt(5, "past")]);
  await clock.advance(0);
  expect(await seenBy(a)).toEqual(["past"]);
  await clock.advance(19);
  expect(await seenBy(a)).toEqual(["past"]);
  await clock.advance(1);
  expect(await seenBy(a)).toEqual(["past", "at 120"]);
  await stop();
});

test("case 172: a timer to a ref ends with its receiver, not with its setter, and is not armed for a dead one", async () => {
  const { system, clock, a, b, stop } = await start();
  const { timers } = system.kernel;
  await act(a, (me) => me.sendAfter(50, "to b", { to: b }));
  expect(timers.size).toBe(1);
  await system.stopActor(a);
  await clock.advance(50);
  expect(await seenBy(b)).toEqual(["to b"]);
  const c = system.spawn(Doer);
  await act(c, (me) => me.sendAfter(50, "never", { to: b }));
  await system.stopActor(b);
  expect(timers.size).toBe(0);
  expect(await act(c, (me) => me.readTimer(me.sendAfter(50, "never", { to: b })))).toBe(false);
  expect(timers.size).toBe(0);
  const cancelled = await act(c, (me) => me.sendAfter(50, "never", { to: c }));
  expect(await act(c, (me) => me.cancelTimer(cancelled))).toBe(50);
  expect(timers.size).toBe(0);
  await stop();
});

test("case 172: a timer to a name goes to its holder when it fires, or is a dead letter", async () => {
  const { system, clock, a, stop } = await start();
  await act(a, (me) => [me.sendAfter(50, "to n", { to: "n" }), me.sendAfter(60, "to nobody", { to: "nobody" })]);
  const named = system.spawn(Doer, undefined, { name: "n" });
  await clock.advance(60);
  expect(await seenBy(named)).toEqual(["to n"]);
  expect(system.deadLetters.recent).toMatchObject([{ target: "nobody", reason: "noproc" }]);
  expect(system.kernel.timers.size).toBe(0);
  await stop();
});

test("case 177: zero delays come in order, after what was sent before and never inside the call", async () => {
  const { a, clock, stop } = await start();
  await act(a, (me) => {
    a.send("before");
    for (const n of [1, 2, 3]) me.sendAfter(0, n);
    a.send("after");
    expect(me.seen).toEqual([]);
  });
  await clock.advance(0);
  expect(await seenBy(a)).toEqual(["before", "after", 1, 2, 3]);
  await stop();
});

test("case 464: under the virtual clock no real timer is set by anything that waits", async () => {
  const real = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = real();
  const { system, a, b, clock, stop } = await start();
  await act(a, (me) => [me.sendAfter(10, 1), me.startTimer(10, 2), me.sendAt(10, 3), me.idleTimeout(10)]);
  class Slow extends Actor {
    override init(): Promise<void> {
      this.sendEvery(5, "beat");
      return new Promise<void>(() => undefined);
    }
  }
  const starting = system.start(Slow, undefined, { timeoutMs: 10 }).catch((error: unknown) => error);
  const c = system.spawn(Doer);
  c.cast.do(() => new Promise<void>(() => undefined));
  await clock.settle();
  const asked = sys.getState(c, { timeoutMs: 10 }).catch((error: unknown) => error);
  const request = sendRequest(system, c.callWithin(20).later()).waitResponse(10);
  const late = b
    .callWithin(10)
    .later()
    .catch((error: unknown) => error);
  const stopping = system.stopActor(a, "normal", 10);
  expect(real()).toBe(before);
  await clock.advance(10);
  await stopping;
  expect(await late).toMatchObject({ code: "timeout" });
  expect(await starting).toMatchObject({ code: "timeout" });
  expect(await asked).toMatchObject({ code: "timeout" });
  expect(await request).toBe("timeout");
  expect(real()).toBe(before);
  await stop();
});

test("case 467: after a stop nothing keeps the process alive", async () => {
  const real = (): number => process.getActiveResourcesInfo().filter((kind) => /Timeout|Immediate/.test(kind)).length;
  const before = real();
  const system = await createSystem();
  const [a, b] = [system.spawn(Doer), system.spawn(Doer)];
  await act(a, (me) => [me.sendAfter(1e9, 1), me.idleTimeout(1e9), me.hibernate(), me.sendAfter(1e9, 1, { to: "n" })]);
  const pending = b
    .callWithin(1e9)
    .later()
    .catch((error: unknown) => error);
  await act(b, () => undefined);
  expect(real()).toBeGreaterThan(before);
  await system.stop();
  expect(await pending).toMatchObject({ code: "exit" });
  await new Promise((resolve) => setImmediate(resolve));
  expect(real()).toBeLessThanOrEqual(before);
});
