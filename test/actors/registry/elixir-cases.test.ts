import { expect, test } from "vitest";
import { variable } from "../../../actors/registry/pattern.js";
import { wildcard } from "../../../actors/registry/key.js";
import { registryOf } from "../../../actors/registry/local-registry.js";
import { findRegistry } from "../../../actors/registry/registry-directory.js";
import { sys } from "../../../src/index.js";
import { createTestSystem } from "../../../src/testing/index.js";
import { Doer } from "../../kernel/doer.js";
import { expectEmpty, stageRegistry } from "./stage.js";

const partitions = [1, 8];

test.each(partitions)(
  "case 331: a dead owner never blocks a name, also while the registry's actor is suspended (%i partitions)",
  async (count) => {
    const { system, registry, actor, keeper, kill, end } = await stageRegistry({ partitions: count });
    const [a, b] = [actor(), actor()];
    await sys.suspend(keeper());
    registry.register("name", "hello", a, 1);
    system.exit(a, "kill");
    expect(registry.register("name", "hello", b, 2)).toEqual({ ok: true });
    expect(registry.lookup("name", "hello")).toEqual([{ kind: "name", key: "hello", owner: b, value: 2 }]);
    await sys.resume(keeper());
    await kill(b);
    await end();
  },
);

test("a dead owner blocks nothing for code that runs in the middle of its end", async () => {
  const { system, registry, actor, end } = await stageRegistry();
  const [a, b] = [actor(), actor()];
  const found: unknown[] = [];
  // A listener that was there before the registry's own is called first.
  system.onExit(a, () => found.push(registry.whereis("n"), registry.register("name", "n", b)));
  registry.register("name", "n", a);
  system.exit(a, "kill");
  expect(found).toEqual([undefined, { ok: true }]);
  expect(registry.whereis("n")).toBe(b);
  await end();
});

test.each(partitions)("case 332: nothing is left of owners that were killed (%i partitions)", async (count) => {
  const { system, registry, actor, kill, end } = await stageRegistry({ partitions: count });
  const [a, b] = [actor(), actor()];
  for (const owner of [a, b]) {
    registry.register("name", ["own", owner.id], owner);
    registry.register("duplicate", "hello", owner);
    registry.register("property", "hello", owner);
  }
  await kill(a, b);
  expectEmpty(system);
  await end();
});

test("case 334: a value is changed by its owner only, and the function is not called for others", async () => {
  const { registry, actor, end } = await stageRegistry();
  const [a, b] = [actor(), actor()];
  let calls = 0;
  const add = (value: unknown): number => {
    calls++;
    return Number(value) + 1;
  };
  expect(registry.updateValue("unknown", a, add)).toEqual({ ok: false, reason: "not_owner" });
  registry.register("name", "n", a, 1);
  expect(registry.updateValue("n", b, add)).toEqual({ ok: false, reason: "not_owner" });
  expect(calls).toBe(0);
  expect(registry.updateValue("n", a, add)).toEqual({ ok: true, value: 2, previous: 1 });
  expect(registry.value("name", "n")).toBe(2);
  await end();
});

test("case 336: a dispatch runs in the caller once, or once for each part in actors of their own", async () => {
  const { system, registry, actor, clock, end } = await stageRegistry({ partitions: 8 });
  const [a, b] = [actor(), actor()];
  registry.register("duplicate", "hello", a, 1);
  registry.register("duplicate", "hello", b, 2);
  const calls: unknown[][] = [];
  registry.dispatch("duplicate", "hello", (entries) => void calls.push(entries.map(({ value }) => value)));
  expect(calls).toEqual([[1, 2]]);
  registry.dispatch("duplicate", "nobody", () => expect.unreachable());
  const parts: unknown[][] = [];
  const before = system.kernel.spawned;
  const done = registry.dispatch(
    "duplicate",
    "hello",
    (entries) => void parts.push(entries.map(({ value }) => value)),
    {
      parallel: true,
    },
  );
  expect(parts).toEqual([]);
  await clock.settle();
  await done;
  expect(parts.sort()).toEqual([[1], [2]]);
  expect(system.kernel.spawned - before).toBe(2);
  const failing = registry.dispatch("duplicate", "hello", () => Promise.reject(new Error("boom")), { parallel: true });
  await expect(failing).rejects.toThrow("boom");
  await end();
});

test.each(partitions)(
  "case 337: an actor has duplicates as often as it registers, and loses its own only (%i partitions)",
  async (count) => {
    const { registry, actor, end } = await stageRegistry({ partitions: count });
    const [a, b] = [actor(), actor()];
    registry.register("duplicate", "hello", a, 1);
    registry.register("duplicate", "hello", b, 2);
    registry.register("duplicate", "hello", a, 3);
    expect(registry.keys(a, "duplicate")).toEqual(["hello", "hello"]);
    expect(registry.lookup("duplicate", "hello").map(({ value }) => value)).toEqual([1, 3, 2]);
    expect(registry.unregister("duplicate", "hello", a)).toBe(2);
    expect(registry.lookup("duplicate", "hello")).toEqual([{ kind: "duplicate", key: "hello", owner: b, value: 2 }]);
    await end();
  },
);

test("case 339: listeners are told of what comes and goes, also by a death; one that does not run is left out", async () => {
  const { system, registry, actor, kill, seen, end } = await stageRegistry({ listeners: ["audit", "nobody"] });
  const listener = system.spawn(Doer, undefined, { name: "audit" });
  const a = actor();
  registry.register("name", "n", a, "v");
  registry.unregister("name", "n", a);
  registry.register("name", "m", a, "w");
  await kill(a);
  const entry = { registry: "names", kind: "name", owner: a };
  expect(await seen(listener)).toEqual([
    { ...entry, event: "register", key: "n", value: "v" },
    { ...entry, event: "unregister", key: "n" },
    { ...entry, event: "register", key: "m", value: "w" },
    { ...entry, event: "unregister", key: "m" },
  ]);
  await end();
});

test("case 341: a registry that does not run is named in an error with a code", async () => {
  const { system, stop } = await createTestSystem();
  const ref = system.spawn(Doer, undefined);
  const unknown = expect.objectContaining({ code: "unknown_registry", message: expect.stringContaining('"nobody"') });
  expect(() => registryOf(system, "nobody").register("name", "n", ref)).toThrow(unknown);
  expect(() => registryOf(system, "nobody").whereis("n")).toThrow(unknown);
  await expect(registryOf(system, "nobody").await("name", "n")).rejects.toEqual(unknown);
  await stop();
});

test("case 342: an actor is started under a name of the registry, once, and called by it", async () => {
  const { system, registry, actor, clock, kill, end } = await stageRegistry();
  const name = registry.via<Doer>("via", "value");
  const started = await settled(
    clock,
    name.start(() => actor()),
  );
  expect(registry.find("via")).toEqual({ kind: "name", key: "via", owner: started, value: "value" });
  await expect(name.start(() => actor())).rejects.toMatchObject({
    code: "already_started",
    reason: { already_started: started },
  });
  expect(await name.call.do(() => 42)).toBe(42);
  expect(name.ref).toBe(started);
  await kill(started);
  expect(name.ref).toBeUndefined();
  expect(() => name.call).toThrow(expect.objectContaining({ code: "not_registered" }));
  class Failing extends Doer {
    override init(): void {
      throw new Error("no");
    }
  }
  await expect(
    settled(
      clock,
      name.start(() => system.spawn(Failing, undefined)),
    ),
  ).rejects.toMatchObject({ code: "init_failed" });
  await end();
});

test("case 344: values match patterns with wildcards, repeated variables, conditions and members", async () => {
  const { registry, actor, end } = await stageRegistry();
  const [a, b] = [actor(), actor()];
  const value = [1, "atom", 1];
  registry.register("duplicate", "k", a, value);
  registry.register("duplicate", "k", a, [2, "atom", 1]);
  registry.register("duplicate", "k", b, [3, "atom", 3]);
  registry.register("duplicate", "map", a, { here: 1, more: 2 });
  const same = [variable("x"), wildcard, variable("x")];
  expect(registry.match("duplicate", "k", same).map((entry) => entry.value)).toEqual([value, [3, "atom", 3]]);
  expect(registry.countMatch("duplicate", "k", same, ({ x }) => Number(x) > 1)).toBe(1);
  expect(registry.countMatch("duplicate", "k", [1, wildcard, wildcard])).toBe(1);
  expect(registry.countMatch("duplicate", "k", [1, wildcard])).toBe(0);
  expect(registry.countMatch("duplicate", "map", { here: variable("n") }, ({ n }) => n === 1)).toBe(1);
  expect(registry.countMatch("duplicate", "map", { there: wildcard })).toBe(0);
  expect(registry.unregisterMatch("duplicate", "k", a, same)).toBe(1);
  expect(registry.lookup("duplicate", "k")).toHaveLength(2);
  expect(registry.unregisterMatch("duplicate", "k", b, same, ({ x }) => x === 4)).toBe(0);
  await end();
});

test("case 346: a selection projects, has conditions, takes several queries, and refuses what is no query", async () => {
  const { registry, actor, end } = await stageRegistry();
  const [a, b] = [actor(), actor()];
  registry.register("name", "one", a, 1);
  registry.register("name", ["room", 2], a, 2);
  registry.register("property", ["room", 3], b, 3);
  const values = registry.select({ value: variable("v"), select: (_entry, { v }) => v });
  expect(values).toEqual({ rows: [1, 2, 3], cursor: undefined });
  const rooms = registry.select({ key: ["room", variable("n")], select: ({ kind }, { n }) => [kind, n] });
  expect(rooms.rows).toEqual([
    ["name", 2],
    ["property", 3],
  ]);
  expect(registry.count({ where: ({ value }) => Number(value) > 1 })).toBe(2);
  expect(registry.count({ owner: b })).toBe(1);
  expect(registry.count([{ key: "one" }, { kind: "property" }, { value: 1 }])).toBe(2);
  expect(registry.select({ key: "one" }).rows).toEqual([{ kind: "name", key: "one", owner: a, value: 1 }]);
  const malformed: unknown[] = [undefined, 7, { who: 1 }, { where: 1 }, { kind: "nothing" }];
  for (const query of malformed) {
    expect(() => registry.select(query as object)).toThrow(expect.objectContaining({ code: "bad_argument" }));
  }
  await end();
});

test("a selection comes in pages, and what comes and goes between them moves nothing else", async () => {
  const { registry, actor, end } = await stageRegistry();
  const a = actor();
  for (let n = 0; n < 200; n++) registry.register("property", n, a, n);
  const got: unknown[] = [];
  let page = registry.select({ kind: "property" }, { limit: 30 });
  while (true) {
    got.push(...page.rows.map(({ key }) => key));
    if (page.cursor === undefined) break;
    // Those seen go, which closes gaps in the list; new ones come after all others.
    for (const key of got.slice(-20)) registry.unregister("property", Number(key), a);
    if (got.length === 60) registry.register("property", 1_000, a, 0);
    page = registry.select({ kind: "property" }, { limit: 30, after: page.cursor });
  }
  expect(got).toEqual([...Array.from({ length: 200 }, (_, n) => n), 1_000]);
  for (const limit of [0, -1, 1.5, Number.NaN]) expect(() => registry.select({}, { limit })).toThrow(/limit/);
  await end();
});

test("case 347: refused registrations leave nothing", async () => {
  const { system, registry, actor, end } = await stageRegistry();
  const [a, b] = [actor(), actor()];
  registry.register("name", "n", a);
  for (let n = 0; n < 10_000; n++) expect(registry.register("name", "n", b).ok).toBe(false);
  const { table } = findRegistry(system, "names");
  expect([table.size, table.owners, table.store("name").rows.slots]).toEqual([1, 1, 1]);
  await end();
});

test("case 349: counts and keys are right across partitions", async () => {
  const { registry, actor, end } = await stageRegistry({ partitions: 8 });
  const a = actor();
  const keys = Array.from({ length: 100 }, (_, n) => (n % 3 === 0 ? n : n % 3 === 1 ? `key ${n}` : ["list", n]));
  for (const key of keys) registry.register("name", key, a);
  expect(registry.size()).toBe(100);
  expect(registry.size("name")).toBe(100);
  expect(registry.keys(a, "name")).toEqual(keys);
  expect(keys.every((key) => registry.whereis(key) === a)).toBe(true);
  await end();
});

test("a registry keeps data about itself", async () => {
  const { registry, end } = await stageRegistry();
  expect(registry.meta("limit")).toBeUndefined();
  registry.putMeta(["limit", 1], 10);
  expect(registry.meta(["limit", 1])).toBe(10);
  expect(registry.deleteMeta(["limit", 1])).toBe(true);
  expect(registry.deleteMeta(["limit", 1])).toBe(false);
  await end();
});

async function settled<Value>(clock: { settle(): Promise<void> }, promise: Promise<Value>): Promise<Value> {
  promise.catch(() => "handled where it is awaited");
  await clock.settle();
  return promise;
}
