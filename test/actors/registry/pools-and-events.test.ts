import { expect, test } from "vitest";
import { stageRegistry } from "./stage.js";

test("case 422: a pool chooses among the workers that are connected", async () => {
  const { registry, actor, kill, end } = await stageRegistry();
  const { pools } = registry;
  const worker = actor();
  expect(pools.create("pool")).toBe(true);
  expect(pools.create("pool")).toBe(false);
  expect(pools.addWorker("pool", "w")).toBe(1);
  expect(pools.pick("pool")).toBeUndefined();
  expect(pools.connect("pool", "nobody", worker)).toBeUndefined();
  expect(pools.connect("pool", "w", worker)).toBe(1);
  expect(pools.pick("pool")).toEqual({ name: "w", ref: worker });
  await kill(worker);
  expect(pools.activeWorkers("pool")).toEqual([]);
  expect(pools.definedWorkers("pool")).toEqual([{ name: "w", position: 1, ref: undefined, picked: 1 }]);
  expect(pools.disconnect("pool", "w")).toBe(false);
  expect(pools.removeWorker("pool", "w")).toBe(true);
  expect(pools.definedWorkers("pool")).toEqual([]);
  expect(pools.delete("pool")).toBe(true);
  expect(() => pools.pick("pool")).toThrow(expect.objectContaining({ code: "unknown_pool" }));
  await end();
});

test.each([
  ["first", "w1"],
  ["middle", "w2"],
  ["last", "w3"],
])(
  "case 424: the rotation goes on without gap or repetition when the %s worker dies, and it comes back at its place",
  async (_which, dying) => {
    const { registry, actor, kill, end } = await stageRegistry();
    const { pools } = registry;
    pools.create("pool");
    const workers = new Map(["w1", "w2", "w3"].map((name) => [name, actor()]));
    for (const [name, ref] of workers) {
      pools.addWorker("pool", name);
      pools.connect("pool", name, ref);
    }
    const pick = (times: number) => Array.from({ length: times }, () => pools.pick("pool")?.name);
    expect(pick(9)).toEqual(["w1", "w2", "w3", "w1", "w2", "w3", "w1", "w2", "w3"]);
    const ref = workers.get(dying);
    if (ref !== undefined) await kill(ref);
    const rest = ["w1", "w2", "w3"].filter((name) => name !== dying);
    expect(pick(4)).toEqual([...rest, ...rest]);
    pools.connect("pool", dying, actor());
    expect(pick(6).sort()).toEqual(["w1", "w1", "w2", "w2", "w3", "w3"]);
    await end();
  },
);

test("pools choose by hash, by position, at random, and by claim", async () => {
  const { registry, actor, clock, kill, end } = await stageRegistry();
  const { pools } = registry;
  const refs = [actor(), actor(), actor()];
  const fill = (pool: string): void => {
    for (const [index, ref] of refs.entries()) {
      pools.addWorker(pool, `w${index + 1}`);
      pools.connect(pool, `w${index + 1}`, ref);
    }
  };
  for (const type of ["hash", "direct", "random", "claim"] as const) {
    pools.create(type, { type });
    fill(type);
  }
  expect(pools.pick("hash", "key")?.name).toBe(pools.pick("hash", "key")?.name);
  expect(() => pools.pick("hash")).toThrow(expect.objectContaining({ code: "bad_argument" }));
  expect([1, 2, 3, 4].map((n) => pools.pick("direct", n)?.name)).toEqual(["w1", "w2", "w3", "w1"]);
  pools.disconnect("direct", "w2");
  expect(pools.pick("direct", 2)?.name).toBe("w3");
  expect(refs).toContain(pools.pick("random")?.ref);
  const never = new Promise<string>(() => undefined);
  const claimer = actor();
  const held = [1, 2, 3].map(() => pools.claim("claim", () => never, { owner: claimer }));
  await expect(pools.claim("claim", () => 1, { timeoutMs: 0 })).rejects.toMatchObject({ code: "timeout" });
  const waiting = pools.claim("claim", ({ name }) => name);
  await kill(claimer);
  expect(await waiting).toBe("w1");
  expect(await pools.claim("claim", ({ name }) => name)).toBe("w2");
  await clock.settle();
  expect(held).toHaveLength(3);
  for (const type of ["hash", "direct", "random", "claim"]) pools.delete(type);
  await end();
});

test("case 426: a single subscription is good for one message until it is switched on again", async () => {
  const { registry, actor, seen, end } = await stageRegistry();
  const { events } = registry;
  const a = actor();
  expect(events.createSingle("e", a)).toBe(true);
  expect(events.tellSingles("e", 1)).toEqual([a]);
  expect(events.tellSingles("e", 2)).toEqual([]);
  expect(events.enableSingle("e", a)).toBe(0);
  expect(events.enableSingle("e", a)).toBe(1);
  expect(events.tellSingles("e", 3)).toEqual([a]);
  expect(events.disableSingle("e", a)).toBe(0);
  events.enableSingle("e", a);
  expect(events.disableSingle("e", a)).toBe(1);
  expect(events.tellSingles("e", 4)).toEqual([]);
  expect(events.singles("e")).toEqual([{ ref: a, on: false }]);
  expect((await seen(a)).map((each) => (each as { message: unknown }).message)).toEqual([1, 3]);
  expect(events.deleteSingle("e", a)).toBe(true);
  expect(() => events.enableSingle("e", a)).toThrow(expect.objectContaining({ code: "not_registered" }));
  await end();
});

test("case 427: a subscriber with a condition gets the messages that meet it", async () => {
  const { registry, actor, seen, end } = await stageRegistry();
  const { events } = registry;
  const [odd, even, all, one] = [actor(), actor(), actor(), actor()];
  events.subscribe("n", odd, { where: (message) => Number(message) % 2 === 1 });
  events.subscribe("n", even, { where: (message) => Number(message) % 2 === 0 });
  events.subscribe("n", one, { like: 1 });
  expect(events.subscribe("n", all)).toBe(true);
  expect(events.subscribe("n", all)).toBe(false);
  expect(events.publish("n", 1)).toBe(3);
  expect(events.publish("n", 2)).toBe(2);
  expect(events.publish(["n"], 3)).toBe(0);
  const got = async (ref: typeof odd) => (await seen(ref)).map((each) => (each as { message: unknown }).message);
  expect([await got(odd), await got(even), await got(all), await got(one)]).toEqual([[1], [2], [1, 2], [1]]);
  expect(events.unsubscribe("n", all)).toBe(true);
  expect(events.subscribers("n")).toEqual([odd, even, one]);
  await end();
});
