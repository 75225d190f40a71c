import { expect, test } from "vitest";
import { stageRegistry } from "./stage.js";

test("case 402: who waits for an aggregate, or for a count, is told its value with what was there before", async () => {
  const { registry, actor, seen, end } = await stageRegistry();
  const [a, waiter] = [actor(), actor()];
  registry.register("counter", "c", a, 3);
  registry.register("resource", "r", a);
  const sum = registry.nbWait("aggregated_counter", "c", waiter);
  const count = registry.nbWait("resource_counter", "r", waiter);
  registry.register("aggregated_counter", "c", a);
  registry.register("resource_counter", "r", a);
  const message = { registry: "names", event: "registered", owner: a };
  expect(await seen(waiter)).toEqual([
    { ...message, ref: sum, kind: "aggregated_counter", key: "c", value: 3 },
    { ...message, ref: count, kind: "resource_counter", key: "r", value: 1 },
  ]);
  await end();
});

test("case 407: a waiter gets the owner and the value, as a promise or as a message, also from oneself", async () => {
  const { registry, actor, seen, end } = await stageRegistry();
  const [a, b] = [actor(), actor()];
  const waiting = registry.await("name", "n");
  const ref = registry.nbWait("name", "n", b);
  registry.register("name", "n", a, "v");
  const entry = { kind: "name", key: "n", owner: a, value: "v" };
  expect(await waiting).toEqual(entry);
  expect(await registry.await("name", "n", { timeoutMs: 0 })).toEqual(entry);
  const late = registry.nbWait("name", "n", b);
  const self = registry.nbWait("name", "own", b);
  registry.register("name", "own", b);
  const message = { registry: "names", event: "registered" };
  expect(await seen(b)).toEqual([
    { ...message, ref, ...entry },
    { ...message, ref: late, ...entry },
    { ...message, ref: self, kind: "name", key: "own", owner: b, value: undefined },
  ]);
  await end();
});

test("case 409: a wait that times out, is cancelled, is aborted, or whose waiter dies, leaves nothing", async () => {
  const { registry, actor, clock, kill, seen, end } = await stageRegistry();
  const [a, b, c] = [actor(), actor(), actor()];
  const waiting = registry.await("name", "n", { timeoutMs: 100 });
  const outcome = waiting.catch((error: unknown) => error);
  const stop = new AbortController();
  const aborted = registry.await("name", "n", { signal: stop.signal }).catch((error: unknown) => error);
  registry.nbWait("name", "n", b);
  const cancelled = registry.nbWait("name", "n", c);
  stop.abort();
  expect(await aborted).toMatchObject({ name: "AbortError" });
  await clock.advance(99);
  await clock.advance(1);
  expect(await outcome).toMatchObject({ code: "timeout" });
  await kill(b);
  expect(registry.cancel(cancelled)).toBe(true);
  expect(registry.cancel(cancelled)).toBe(false);
  registry.register("name", "n", a);
  expect(await seen(c)).toEqual([]);
  expect(clock.armed).toBe(0);
  await end();
});

test("waits are bounded, and told when the registry stops", async () => {
  const { system, registry, keeper, end } = await stageRegistry({ maxWaiting: 2 });
  const waits = [1, 2].map((key) => registry.await("name", key, { timeoutMs: Number.POSITIVE_INFINITY }));
  await expect(registry.await("name", 3)).rejects.toMatchObject({ code: "busy" });
  const told = Promise.all(waits.map((wait) => expect(wait).rejects.toMatchObject({ code: "unknown_registry" })));
  await system.stopActor(keeper());
  await told;
  await registry.system.idle();
  await end();
});

test("case 416: a monitor is told that a name was given away", async () => {
  const { registry, actor, seen, end } = await stageRegistry();
  const [a, b, watcher] = [actor(), actor(), actor()];
  registry.register("name", "n", a);
  const ref = registry.monitor("n", watcher);
  registry.giveAway("n", a, b);
  registry.unregister("name", "n", b);
  registry.register("name", "n", a);
  const message = { registry: "names", ref, key: "n" };
  expect(await seen(watcher)).toEqual([
    { ...message, event: "migrated", owner: b },
    { ...message, event: "unreg" },
  ]);
  await end();
});

test("case 417: a standby takes a name over when its owner dies, and everybody who watches is told", async () => {
  const { registry, actor, kill, seen, end } = await stageRegistry();
  const [owner, a, b, watcher] = [actor(), actor(), actor(), actor()];
  registry.register("name", "n", owner, "value");
  const refs = [
    registry.monitor("n", a, "standby"),
    registry.monitor("n", b, "standby"),
    registry.monitor("n", watcher),
  ];
  await kill(owner);
  expect(registry.find("n")).toMatchObject({ owner: a, value: "value" });
  const message = (index: number) => ({ registry: "names", key: "n", event: "failover", ref: refs[index] });
  expect(await seen(a)).toEqual([{ ...message(0), owner: a }]);
  expect(await seen(watcher)).toEqual([{ ...message(2), owner: a }]);
  await kill(a);
  expect(await seen(b)).toEqual([
    { ...message(1), owner: a },
    { ...message(1), owner: b },
  ]);
  registry.unregister("name", "n", b);
  expect((await seen(watcher)).at(-1)).toMatchObject({ event: "unreg" });
  await end();
});

test("a monitor of a free name is told so at once; a standby has the name at once; a follower hears of the next owner", async () => {
  const { registry, actor, seen, end } = await stageRegistry();
  const [a, b, c] = [actor(), actor(), actor()];
  registry.monitor("n", a);
  registry.monitor("n", b, "follow");
  registry.monitor("n", c, "standby");
  expect(registry.whereis("n")).toBe(c);
  registry.unregister("name", "n", c);
  const events = async (ref: typeof a) => (await seen(ref)).map((each) => (each as { event: string }).event);
  expect(await events(a)).toEqual(["unreg"]);
  expect(await events(b)).toEqual(["unreg", "registered", "unreg"]);
  expect(await events(c)).toEqual(["failover"]);
  expect(() => registry.monitor("n", a, "nothing" as "info")).toThrow(
    expect.objectContaining({ code: "bad_argument" }),
  );
  await end();
});

test("case 419: of two that monitor a name one dies, and the other is told", async () => {
  const { registry, actor, kill, seen, end } = await stageRegistry();
  const [owner, a, b] = [actor(), actor(), actor()];
  registry.register("name", "n", owner);
  registry.monitor("n", a);
  registry.monitor("n", b);
  await kill(a);
  await kill(owner);
  expect(await seen(b)).toMatchObject([{ event: "unreg", key: "n" }]);
  await end();
});

test("case 421: a subscriber is told who has a name, now and at each change, until it is cancelled", async () => {
  const { registry, actor, kill, seen, end } = await stageRegistry();
  const [a, b, subscriber] = [actor(), actor(), actor()];
  const ref = registry.subscribe("n", subscriber);
  registry.register("name", "n", a);
  registry.giveAway("n", a, b);
  await kill(b);
  registry.cancel(ref);
  registry.register("name", "n", a);
  const message = { registry: "names", event: "status", ref, key: "n", migrated: false };
  expect(await seen(subscriber)).toEqual([
    { ...message, owner: undefined },
    { ...message, owner: a },
    { ...message, owner: b, migrated: true },
    { ...message, owner: undefined },
  ]);
  await end();
});
