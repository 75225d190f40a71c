import { expect, test } from "vitest";
import { stageRegistry } from "./stage.js";

test("case 329: a lock has one requester, is set again by the same, and is free when that has ended", async () => {
  const { registry, actor, kill, end } = await stageRegistry();
  const { locks } = registry;
  const [a, b, c] = [actor(), actor(), actor()];
  expect(await locks.set("L", a)).toBe(true);
  expect(await locks.set("L", b, { timeoutMs: 0 })).toBe(false);
  expect(locks.delete("L", b)).toBe(false);
  expect(locks.delete("L", a)).toBe(true);
  expect(await locks.set("L", b)).toBe(true);
  await kill(b);
  expect(await locks.set("L", a)).toBe(true);
  expect(await locks.set("L", a)).toBe(true);
  expect(await locks.set("M", a)).toBe(true);
  const waiting = locks.set("L", c, { timeoutMs: Number.POSITIVE_INFINITY });
  locks.delete("L", a);
  expect(locks.holder("L")).toBe(a);
  locks.delete("L", a);
  expect(await waiting).toBe(true);
  expect([locks.holder("L"), locks.holder("M")]).toEqual([c, a]);
  await end();
});

test("a wait for a lock ends with its time, and with its waiter", async () => {
  const { registry, actor, clock, kill, end } = await stageRegistry();
  const { locks } = registry;
  const [a, b, c, d] = [actor(), actor(), actor(), actor()];
  locks.trySet("L", a);
  const [late, dead, third] = [locks.set("L", b, { timeoutMs: 100 }), locks.set("L", c), locks.set("L", d)];
  await clock.advance(100);
  expect(await late).toBe(false);
  await kill(c);
  expect(await dead).toBe(false);
  await kill(a);
  expect(await third).toBe(true);
  expect(locks.trySet("L", c)).toBe(false);
  await end();
});

test("one requester that waits twice has set the lock twice", async () => {
  const { registry, actor, end } = await stageRegistry();
  const { locks } = registry;
  const [a, b] = [actor(), actor()];
  locks.trySet("L", a);
  const waits = [locks.set("L", b), locks.set("L", b)];
  locks.delete("L", a);
  expect(await Promise.all(waits)).toEqual([true, true]);
  expect([locks.delete("L", b), locks.delete("L", b), locks.delete("L", b)]).toEqual([true, true, false]);
  await end();
});

test("a transaction runs while it holds the lock, and gives it back also when it throws", async () => {
  const { registry, actor, end } = await stageRegistry();
  const { locks } = registry;
  const [a, b] = [actor(), actor()];
  const held = await locks.transaction("L", a, () => locks.transaction("L", b, () => 1, { timeoutMs: 0 }));
  expect(held).toEqual({ ok: true, value: { ok: false, reason: "aborted" } });
  await expect(locks.transaction("L", a, () => Promise.reject(new Error("boom")))).rejects.toThrow("boom");
  expect(locks.holder("L")).toBeUndefined();
  await end();
});

test("functions run one at a time for each key, also those of one actor, and pass on when their owner dies", async () => {
  const { registry, actor, clock, kill, end } = await stageRegistry();
  const { locks } = registry;
  const [a, b] = [actor(), actor()];
  const order: string[] = [];
  const stuck = new Promise<void>(() => undefined);
  const first = locks.run("k", a, () => {
    order.push("first");
    return stuck;
  });
  const waiters = [
    locks.run("k", b, () => void order.push("of b")),
    locks.run("k", a, () => void order.push("never")),
    locks.run("k", undefined, () => void order.push("of the program")),
  ];
  const results = Promise.allSettled(waiters);
  await locks.run("other", undefined, () => void order.push("other"));
  await clock.settle();
  expect(order).toEqual(["first", "other"]);
  await kill(a);
  expect((await results).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(order).toEqual(["first", "other", "of b", "of the program"]);
  expect(first).toBeInstanceOf(Promise);
  await expect(locks.run("k", a, () => 1)).rejects.toMatchObject({ code: "not_alive" });
  await end();
});
