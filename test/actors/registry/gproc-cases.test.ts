import { expect, test } from "vitest";
import { wildcard } from "../../../actors/registry/key.js";
import { act } from "../../kernel/doer.js";
import { stageRegistry } from "./stage.js";

test("case 396: a name is registered, found and given up, by oneself or for another", async () => {
  const { registry, actor, end } = await stageRegistry();
  const [a, b] = [actor(), actor()];
  expect(await act(a, (me) => registry.register("name", "n", me.address()))).toEqual({ ok: true });
  expect(registry.whereis("n")).toBe(a);
  expect(registry.register("name", "n", b)).toEqual({ ok: false, reason: "already_registered", key: "n", owner: a });
  expect(registry.unregister("name", "n", a)).toBe(1);
  expect(registry.whereis("n")).toBeUndefined();
  expect(registry.unregister("name", "n", a)).toBe(0);
  expect(registry.register("name", "n", b)).toEqual({ ok: true });
  expect(registry.whereis("n")).toBe(b);
  expect(registry.unregister("name", "n", a)).toBe(0);
  expect(registry.unregister("name", "n", b)).toBe(1);
  await end();
});

test("nothing is registered for an actor that has ended, or under what is no key", async () => {
  const { registry, actor, kill, end } = await stageRegistry();
  const a = actor();
  await kill(a);
  expect(registry.register("name", "n", a)).toMatchObject({ ok: false, reason: "noproc" });
  const wrong: unknown[] = [undefined, null, {}, () => 1, [{}], [undefined], Symbol("s"), ["a", wildcard]];
  for (const key of wrong) {
    expect(() => registry.register("name", key as string, actor())).toThrow(
      expect.objectContaining({ code: "bad_argument" }),
    );
  }
  expect(() => registry.register("nothing" as "name", "n", actor())).toThrow(
    expect.objectContaining({ code: "bad_argument" }),
  );
  await end();
});

test("several entries are registered together, or none of them", async () => {
  const { registry, actor, end } = await stageRegistry({ listeners: [] });
  const [a, b] = [actor(), actor()];
  expect(
    registry.registerAll(
      "name",
      [
        ["x", 1],
        ["y", 2],
      ],
      a,
    ),
  ).toEqual({ ok: true });
  expect(registry.value("name", "y")).toBe(2);
  expect(registry.registerAll("name", [["z"], ["y"]], b)).toEqual({
    ok: false,
    reason: "already_registered",
    key: "y",
    owner: a,
  });
  expect(registry.registerAll("name", [["z"], ["z"]], b)).toMatchObject({ ok: false, owner: b });
  expect(() =>
    registry.registerAll(
      "counter",
      [
        ["c", 1],
        ["d", "one"],
      ],
      b,
    ),
  ).toThrow(/whole number/);
  expect(registry.entriesOf(b)).toEqual([]);
  expect(registry.unregisterAll("name", ["x", "y", "z"], a)).toBe(2);
  await end();
});

test("case 397: ensuring registers first, and then replaces value and attributes", async () => {
  const { registry, actor, end } = await stageRegistry();
  const [a, b] = [actor(), actor()];
  for (const kind of ["name", "property"] as const) {
    expect(registry.ensure(kind, "k", a, 1, { attributes: { colour: "red" } })).toEqual({ ok: true, outcome: "new" });
    expect(registry.ensure(kind, "k", a, 2, { attributes: { size: 3 } })).toEqual({ ok: true, outcome: "updated" });
    expect(registry.value(kind, "k", a)).toBe(2);
    expect(registry.attributes(kind, "k", a)).toEqual({ size: 3 });
  }
  expect(registry.ensure("name", "k", b, 3)).toMatchObject({ ok: false, owner: a });
  await end();
});

test("case 399: one actor is spawned for a name, and has it before its init runs", async () => {
  const { system, registry, actor, seen, end } = await stageRegistry();
  const first = registry.registerOrLocate("n", actor, "value");
  expect(first.started).toBe(true);
  expect(registry.find("n")).toMatchObject({ owner: first.ref, value: "value" });
  expect(system.info(first.ref)?.status).toBe("starting");
  expect(registry.registerOrLocate("n", () => expect.unreachable(), "other")).toEqual({
    ref: first.ref,
    started: false,
  });
  expect(await seen(first.ref)).toEqual([]);
  await end();
});

test("case 461: a hundred that ask at the same time get the one actor that is started", async () => {
  const { registry, actor, clock, kill, end } = await stageRegistry();
  let starts = 0;
  const start = async () => {
    starts++;
    await clock.settle();
    return actor();
  };
  const refs = await Promise.all(Array.from({ length: 100 }, () => registry.getOrStart("k", start, "v")));
  expect(new Set(refs).size).toBe(1);
  expect(starts).toBe(1);
  expect(registry.find("k")).toMatchObject({ owner: refs[0], value: "v" });
  await kill(...refs.slice(0, 1));
  const again = await registry.getOrStart("k", start);
  expect(again).not.toBe(refs[0]);
  expect(starts).toBe(2);
  await end();
});

test("case 461: who asks for an actor that dies while it is started, or fails to start, may ask again", async () => {
  const { system, registry, actor, clock, end } = await stageRegistry();
  const dying = async () => {
    const ref = actor();
    system.exit(ref, "kill");
    return ref;
  };
  const asked = await Promise.allSettled(Array.from({ length: 100 }, () => registry.getOrStart("k", dying)));
  expect(asked.every(({ status }) => status === "rejected")).toBe(true);
  expect(asked[0]).toMatchObject({ reason: { code: "not_alive" } });
  await expect(registry.getOrStart("k", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  const other = actor();
  const taken = registry.getOrStart("k", async () => {
    registry.register("name", "k", other);
    return actor();
  });
  await expect(taken).rejects.toMatchObject({ code: "surplus" });
  expect(await registry.getOrStart("k", actor)).toBe(other);
  await clock.settle();
  await end();
});

test("case 401: an aggregated counter is the sum of its counters after every change, and after a death", async () => {
  const { registry, actor, kill, end } = await stageRegistry();
  const [a, b] = [actor(), actor()];
  const sums: unknown[] = [];
  const note = (): void => void sums.push(registry.value("aggregated_counter", "c"));
  registry.register("counter", "c", a, 3);
  registry.register("aggregated_counter", "c", a);
  note();
  registry.register("counter", "c", b, 5);
  note();
  expect(registry.updateCounter("c", a, 4)).toBe(7);
  note();
  await kill(b);
  note();
  registry.setValue("counter", "c", a, 1);
  note();
  expect(sums).toEqual([3, 8, 12, 7, 1]);
  expect(() => registry.updateCounter("c", b)).toThrow(expect.objectContaining({ code: "not_registered" }));
  expect(() => registry.updateCounter("c", a, 0.5)).toThrow(expect.objectContaining({ code: "bad_argument" }));
  await end();
});

test("case 404: resources are counted under their key and under a wildcard for its last part", async () => {
  const { registry, actor, kill, end } = await stageRegistry();
  const [a, b, counter] = [actor(), actor(), actor()];
  registry.register("resource", ["r", 1], a);
  registry.register("resource_counter", ["r", 1], counter);
  registry.register("resource_counter", ["r", wildcard], counter);
  registry.register("resource", ["r", 2], b);
  const counts = (): unknown[] => [
    registry.value("resource_counter", ["r", 1]),
    registry.value("resource_counter", ["r", wildcard]),
  ];
  expect(counts()).toEqual([1, 2]);
  await kill(b);
  expect(counts()).toEqual([1, 1]);
  expect(() => registry.register("resource", ["r", wildcard], a)).toThrow(
    expect.objectContaining({ code: "bad_argument" }),
  );
  expect(() => registry.register("resource_counter", [wildcard, "r"] as never, a)).toThrow(
    expect.objectContaining({ code: "bad_argument" }),
  );
  await end();
});

test("a resource counter that comes down to 0 tells an actor, or who holds a name", async () => {
  const { registry, actor, kill, seen, end } = await stageRegistry();
  const [a, named, told, counter] = [actor(), actor(), actor(), actor()];
  registry.register("name", "pool", named);
  registry.register("resource_counter", ["r", 1], counter, undefined, { onZero: told });
  registry.register("resource_counter", ["r", wildcard], counter, undefined, { onZero: "pool" });
  registry.register("resource", ["r", 1], a);
  registry.register("resource", ["r", 2], a);
  registry.unregister("resource", ["r", 1], a);
  const message = { registry: "names", event: "resource_on_zero", owner: a };
  expect(await seen(told)).toEqual([{ ...message, key: ["r", 1] }]);
  expect(await seen(named)).toEqual([]);
  await kill(a);
  expect(await seen(named)).toEqual([{ ...message, key: ["r", wildcard] }]);
  await end();
});

test("case 406: many may have a property, each once", async () => {
  const { registry, actor, seen, end } = await stageRegistry();
  const [a, b] = [actor(), actor()];
  expect(registry.register("property", "p", a, 1)).toEqual({ ok: true });
  expect(registry.register("property", "p", b, 2)).toEqual({ ok: true });
  expect(registry.register("property", "p", a, 3)).toEqual({
    ok: false,
    reason: "already_registered",
    key: "p",
    owner: a,
  });
  expect(registry.lookup("property", "p").map(({ owner, value }) => [owner, value])).toEqual([
    [a, 1],
    [b, 2],
  ]);
  expect(registry.send("property", "p", "hello")).toBe(2);
  expect([await seen(a), await seen(b)]).toEqual([["hello"], ["hello"]]);
  await end();
});

test("case 411: what is registered survives a crash of the registry's actor, and goes with its owner", async () => {
  const { system, registry, actor, keeper, kill, clock, end } = await stageRegistry();
  const [a, b] = [actor(), actor()];
  registry.register("name", "n", a, 1);
  const first = keeper();
  system.exit(first, "kill");
  expect(registry.whereis("n")).toBe(a);
  registry.register("name", "m", b);
  await clock.settle();
  expect(keeper()).not.toBe(first);
  expect(registry.find("n")).toMatchObject({ owner: a, value: 1 });
  await kill(a);
  expect(registry.whereis("n")).toBeUndefined();
  expect(registry.whereis("m")).toBe(b);
  await end();
});

test("a registry that is stopped in order is emptied, and begins anew", async () => {
  const { system, registry, actor, keeper, clock, end } = await stageRegistry();
  const a = actor();
  registry.register("name", "n", a);
  registry.putMeta("x", 1);
  await system.stopActor(keeper(), "shutdown");
  await clock.settle();
  expect([registry.whereis("n"), registry.size(), registry.meta("x")]).toEqual([undefined, 0, undefined]);
  expect(system.kernel.monitors).toBe(0);
  await end();
});

test("case 412: a name is given to another actor, to oneself, to a name, and back", async () => {
  const { registry, actor, end } = await stageRegistry();
  const [a, b] = [actor(), actor()];
  registry.register("name", "n", a, "value");
  expect(registry.giveAway("n", a, b)).toBe(b);
  expect(registry.find("n")).toMatchObject({ owner: b, value: "value" });
  expect(registry.giveAway("n", b, b)).toBe(b);
  expect(() => registry.giveAway("n", a, b)).toThrow(expect.objectContaining({ code: "not_registered" }));
  registry.register("name", "a", a);
  expect(registry.giveAway("n", b, "a")).toBe(a);
  expect(registry.keys(a, "name")).toEqual(["a", "n"]);
  expect(registry.giveAway("n", a, "nobody")).toBeUndefined();
  expect(registry.whereis("n")).toBeUndefined();
  await end();
});

test("case 414: the rows of a dead owner are in no selection, although the registry's actor is suspended", async () => {
  const { system, registry, actor, keeper, end } = await stageRegistry();
  const a = actor();
  const doer = actor();
  registry.register("property", "p", a);
  await act(doer, (me) => me.suspend(keeper()));
  system.exit(a, "kill");
  expect(registry.select({ kind: "property" }).rows).toEqual([]);
  expect(registry.count({ kind: "property" })).toBe(0);
  await act(doer, (me) => me.resume(keeper()));
  await end();
});

test("an actor whose start was under way when the registry stopped is not registered in what is left of it", async () => {
  const { system, registry, actor, keeper, clock, end } = await stageRegistry();
  const asked = registry.getOrStart("k", async () => {
    await system.stopActor(keeper());
    return actor();
  });
  const outcome = asked.catch((error: unknown) => error);
  await clock.settle();
  expect(await outcome).toMatchObject({ code: "unknown_registry" });
  expect(registry.whereis("k")).toBeUndefined();
  await end();
});
