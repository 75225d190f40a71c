import { describe, expect, test } from "vitest";
import { presenceOf } from "../../../actors/presence/local-presence.js";
import { Presence } from "../../../actors/presence/presence.js";
import type { PresenceDiff } from "../../../actors/presence/presence-record.js";
import { cellOf } from "../../../src/kernel/cell.js";
import { createTestSystem } from "../../../src/testing/index.js";
import { act } from "../../kernel/doer.js";
import { metasOf, stagePresence } from "./stage.js";

const ONLINE = { phx_state: "online" };

describe("tracking", () => {
  test("who is tracked is visible at once, with a device for each actor", async () => {
    const stage = await stagePresence();
    const { presence } = stage;
    expect(presence.track("room:1", "ada", stage.actor(), { device: "phone" })).toMatchObject({ ok: true });
    presence.track("room:1", "ada", stage.actor(), { device: "laptop" });
    presence.track("room:1", "bob", stage.actor());
    expect(metasOf(presence.list("room:1"))).toEqual({
      ada: [
        { device: "phone", ...ONLINE },
        { device: "laptop", ...ONLINE },
      ],
      bob: [ONLINE],
    });
    expect(presence.get("room:1", "ada")?.metas).toHaveLength(2);
    expect([presence.count("room:1"), presence.get("room:1", "eve"), presence.list("room:2")]).toEqual([
      2,
      undefined,
      {},
    ]);
    await stage.end();
  });

  test("each meta has a ref of its own, and an update names the one before", async () => {
    const stage = await stagePresence();
    const { presence } = stage;
    const actors = [stage.actor(), stage.actor()];
    const refs = actors.map((actor) => presence.track("room:1", "ada", actor));
    const updated = presence.update("room:1", "ada", stage.actor(), {});
    expect(updated).toEqual({ ok: false, reason: "not_tracked" });
    const [first] = actors;
    if (first === undefined) throw new Error("there are two");
    const again = presence.update("room:1", "ada", first, { status: "away" });
    const metas = presence.get("room:1", "ada")?.metas ?? [];
    expect(new Set([...refs, again].map((each) => (each.ok ? each.ref : ""))).size).toBe(3);
    expect(metas.find((meta) => meta["status"] === "away")).toMatchObject({
      phx_ref: again.ok ? again.ref : "",
      phx_ref_prev: refs[0]?.ok === true ? refs[0].ref : "",
    });
    await stage.end();
  });

  test("an update may be made of the present meta, without its marks", async () => {
    const stage = await stagePresence();
    const { presence } = stage;
    const actor = stage.actor();
    presence.track("room:1", "ada", actor, { device: "phone", typing: false });
    presence.update("room:1", "ada", actor, (meta) => ({ ...meta, typing: Object.keys(meta).length }));
    expect(metasOf(presence.list("room:1"))).toEqual({ ada: [{ device: "phone", typing: 2, ...ONLINE }] });
    await stage.end();
  });

  test("an actor is tracked under a key of a topic once", async () => {
    const stage = await stagePresence();
    const { presence } = stage;
    const actor = stage.actor();
    presence.track("room:1", "ada", actor);
    expect(presence.track("room:1", "ada", actor)).toEqual({ ok: false, reason: "already_tracked" });
    expect(presence.track("room:1", "ada's bot", actor)).toMatchObject({ ok: true });
    expect(presence.track("room:2", "ada", actor)).toMatchObject({ ok: true });
    await stage.end();
  });

  test("untrack ends one key, one topic, or all", async () => {
    const stage = await stagePresence();
    const { presence } = stage;
    const actor = stage.actor();
    for (const topic of ["room:1", "room:2", "room:3"]) {
      for (const key of ["a", "b"]) presence.track(topic, key, actor);
    }
    expect(presence.untrack(actor, "room:1", "a")).toBe(1);
    expect(presence.untrack(actor, "room:1", "a")).toBe(0);
    expect(presence.untrack(actor, "room:2")).toBe(2);
    expect(presence.untrack(actor)).toBe(3);
    expect(presence.untrack(actor)).toBe(0);
    expect(cellOf(actor).extras?.exitWaiters?.size ?? 0).toBe(0);
    await stage.end();
  });

  test("an actor that ends is untracked before anybody hears of its end", async () => {
    const stage = await stagePresence();
    const { presence } = stage;
    const [actor, watcher] = [stage.actor(), stage.actor()];
    presence.track("room:1", "ada", actor);
    await act(watcher, (me) => {
      me.monitor(actor);
      me.handleDown = () => me.note(presence.count("room:1"));
    });
    await stage.kill(actor);
    expect(await act(watcher, (me) => me.seen)).toEqual([0]);
    expect(presence.track("room:1", "ada", actor)).toEqual({ ok: false, reason: "noproc" });
    await stage.end();
  });

  test("bounds are kept, and the answer says which one it was", async () => {
    const stage = await stagePresence({ maxPresences: 3, maxPerKey: 2, maxMetaBytes: 100 });
    const { presence } = stage;
    const track = (key: string, meta: object = {}) => presence.track("room:1", key, stage.actor(), meta);
    expect(track("ada", { text: "x".repeat(100) })).toEqual({ ok: false, reason: "meta_too_large" });
    track("ada");
    track("ada");
    expect(track("ada")).toEqual({ ok: false, reason: "too_many_metas" });
    const actor = stage.actor();
    presence.track("room:1", "bob", actor);
    expect(track("eve")).toEqual({ ok: false, reason: "full" });
    expect(presence.update("room:1", "bob", actor, { text: "x".repeat(100) })).toEqual({
      ok: false,
      reason: "meta_too_large",
    });
    expect(metasOf(presence.list("room:1"))).toMatchObject({ bob: [ONLINE] });
    await stage.end();
  });

  test.each([
    ["", "ada", {}, "Expected a topic of 1 to 1024 characters"],
    ["room:1", "x".repeat(1_025), {}, "Expected a key of 1 to 1024 characters"],
    ["room:1", "ada", [1], "Expected the meta of a presence to be an object"],
    ["room:1", "ada", { big: 1n }, "Expected the meta of a presence to have a JSON form"],
  ])("misuse is thrown: %j %.10s %s", async (topic, key, meta, text) => {
    const stage = await stagePresence();
    expect(() => stage.presence.track(topic, key, stage.actor(), meta)).toThrow(text);
    await stage.end();
  });
});

describe("diffs", () => {
  test("changes of a topic are told together, after a moment", async () => {
    const stage = await stagePresence();
    const { presence, clock } = stage;
    const [ada, bob] = [stage.actor(), stage.actor()];
    presence.track("room:1", "ada", ada);
    await clock.settle();
    await clock.advance(30);
    presence.track("room:1", "bob", bob);
    presence.track("room:2", "bob", bob);
    await clock.settle();
    expect(stage.diffs).toEqual([]);
    await clock.advance(20);
    expect(stage.diffs).toHaveLength(2);
    expect(await stage.told()).toEqual([
      ["room:1", { ada: [ONLINE], bob: [ONLINE] }, {}],
      ["room:2", { bob: [ONLINE] }, {}],
    ]);
    await stage.kill(bob);
    expect(await stage.told()).toEqual([
      ["room:1", {}, { bob: [ONLINE] }],
      ["room:2", {}, { bob: [ONLINE] }],
    ]);
    await stage.end();
  });

  test("an update is a join of the new and a leave of the old, which the new one names", async () => {
    const stage = await stagePresence();
    const actor = stage.actor();
    stage.presence.track("room:1", "ada", actor, { at: 1 });
    await stage.told();
    stage.presence.update("room:1", "ada", actor, { at: 2 });
    expect(await stage.told()).toEqual([["room:1", { ada: [{ at: 2, ...ONLINE }] }, { ada: [{ at: 1, ...ONLINE }] }]]);
    const [, { joins, leaves }] = stage.diffs[1] ?? ["", { joins: {}, leaves: {} }];
    expect(joins["ada"]?.metas[0]?.phx_ref_prev).toBe(leaves["ada"]?.metas[0]?.phx_ref);
    await stage.end();
  });

  test("who comes and goes within a batch is not told", async () => {
    const stage = await stagePresence();
    const actor = stage.actor();
    stage.presence.track("room:1", "ada", actor);
    await stage.kill(actor);
    expect(await stage.told()).toEqual([]);
    await stage.end();
  });

  test("with batchMs 0 they are told after the turn in which they happened", async () => {
    const stage = await stagePresence({ batchMs: 0 });
    const actor = stage.actor();
    for (const key of ["a", "b", "c"]) stage.presence.track("room:1", key, actor);
    await stage.clock.settle();
    expect(stage.diffs).toHaveLength(1);
    await stage.end();
  });

  test("those of many topics are told in several turns", async () => {
    const stage = await stagePresence();
    const actor = stage.actor();
    for (let room = 0; room < 300; room++) stage.presence.track(`room:${room}`, "ada", actor);
    expect(await stage.told()).toHaveLength(300);
    await stage.end();
  });

  test("one that is too large for a message comes in several", async () => {
    const stage = await stagePresence({ messageBytes: 1_000 });
    for (let each = 0; each < 100; each++) stage.presence.track("room:1", `user ${each}`, stage.actor());
    const told = await stage.told();
    expect(told.length).toBeGreaterThan(5);
    expect(Object.assign({}, ...told.map(([, joins]) => joins))).toEqual(metasOf(stage.presence.list("room:1")));
    for (const [, diff] of stage.diffs) expect(JSON.stringify(diff).length).toBeLessThan(1_100);
    await stage.end();
  });

  test("a session that is detached and back is an update each; one that did not change is nothing", async () => {
    const stage = await stagePresence();
    const { presence } = stage;
    const actor = stage.actor();
    presence.track("room:1", "ada", actor, { device: "phone" });
    await stage.told();
    presence.setSession(actor, "online");
    expect(await stage.told()).toEqual([]);
    const meta = (phx_state: string) => ({ ada: [{ device: "phone", phx_state }] });
    presence.setSession(actor, "detached");
    expect(await stage.told()).toEqual([["room:1", meta("detached"), meta("online")]]);
    // What is tracked meanwhile is detached, too.
    presence.track("room:2", "ada", actor);
    expect(await stage.told()).toEqual([["room:2", { ada: [{ phx_state: "detached" }] }, {}]]);
    presence.setSession(actor, "online");
    expect(await stage.told()).toHaveLength(2);
    await stage.end();
  });

  test("no endpoint is no obstacle", async () => {
    const { system, clock, stop } = await createTestSystem();
    const ref = await system.start(Presence, { name: "here", endpoint: "none" });
    presenceOf(system, "here").track("room:1", "ada", ref);
    await clock.advance(50);
    expect(presenceOf(system, "here").count("room:1")).toBe(1);
    await stop();
  });
});

describe("a client's state", () => {
  test("is sent with what fetch adds, and is never older than the diffs that follow", async () => {
    const stage = await stagePresence();
    const { presence } = stage;
    const owner = stage.actor();
    presence.track("room:1", "ada", owner);
    const pushed: unknown[] = [];
    presence.pushState("room:1", owner, (event, payload) => pushed.push([event, metasOf(payload)]));
    await stage.clock.settle();
    expect(pushed).toEqual([["presence_state", { ada: [ONLINE] }]]);
    // It has been shown to somebody: the leave is told although the join was not.
    presence.untrack(owner);
    expect(await stage.told()).toEqual([["room:1", { ada: [ONLINE] }, { ada: [ONLINE] }]]);
    await stage.end();
  });

  test("is not sent to one that has ended, and one that cannot take it stops nobody", async () => {
    const stage = await stagePresence();
    const { presence } = stage;
    const [gone, bad, good] = [stage.actor(), stage.actor(), stage.actor()];
    const pushed: string[] = [];
    presence.pushState("room:1", gone, () => pushed.push("gone"));
    presence.pushState("room:1", bad, () => {
      throw new Error("too large");
    });
    presence.pushState("room:1", good, () => pushed.push("good"));
    stage.system.exit(gone, "kill");
    await stage.clock.settle();
    expect(pushed).toEqual(["good"]);
    expect(stage.reports.map(({ type }) => type)).toContain("presence_push_failed");
    await stage.end();
  });
});

class Named extends Presence {
  static calls: (readonly [string, readonly string[]])[] = [];
  static answer: () => Map<string, object> | Promise<Map<string, object>> = () => new Map();
  static heard: PresenceDiff[] = [];

  override fetch(topic: string, keys: readonly string[]) {
    Named.calls.push([topic, keys]);
    return Named.answer();
  }

  override handleDiff(_topic: string, diff: PresenceDiff): void {
    Named.heard.push(diff);
  }
}

/** A presence that fetches so. */
async function stageNamed(answer: typeof Named.answer, options = {}) {
  Named.calls = [];
  Named.heard = [];
  Named.answer = answer;
  return stagePresence(options, Named);
}

describe("fetch", () => {
  const NAMES = new Map([["ada", { name: "Ada" }]]);

  test("is asked once for all keys, and what it gives stands beside the metas", async () => {
    const stage = await stageNamed(() => NAMES);
    const { presence } = stage;
    for (const key of ["ada", "ada", "bob"]) presence.track("room:1", key, stage.actor());
    await stage.told();
    expect(Named.calls).toEqual([["room:1", ["ada", "bob"]]]);
    expect(stage.diffs[0]?.[1].joins).toMatchObject({
      ada: { name: "Ada", metas: [ONLINE, ONLINE] },
      bob: { metas: [ONLINE] },
    });
    expect(await stage.keeper().call.list("room:1")).toMatchObject({ ada: { name: "Ada" } });
    await stage.end();
  });

  test("may be async: nothing overtakes what waits for it", async () => {
    let answer: (names: Map<string, object>) => void = () => undefined;
    const stage = await stageNamed(() => new Promise((resolve) => void (answer = resolve)));
    const { presence } = stage;
    const owner = stage.actor();
    presence.track("room:1", "ada", owner);
    const pushed: unknown[] = [];
    presence.pushState("room:1", owner, (event, payload) => pushed.push([event, payload]));
    await stage.clock.settle();
    await stage.clock.advance(1_000);
    expect([pushed, stage.diffs]).toEqual([[], []]);
    answer(NAMES);
    await stage.clock.settle();
    expect(pushed).toMatchObject([["presence_state", { ada: { name: "Ada" } }]]);
    await stage.clock.advance(50);
    answer(NAMES);
    await stage.clock.settle();
    expect(stage.diffs).toMatchObject([["room:1", { joins: { ada: { name: "Ada" } } }]]);
    Named.answer = () => NAMES;
    await stage.end();
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no database");
      },
      "no database",
    ],
    ["rejects", () => Promise.reject(new Error("no database")), "no database"],
    ["never answers", () => new Promise<Map<string, object>>(() => undefined), "longer than 100 ms"],
    [
      "gives too much",
      () => new Map([["ada", { text: "x".repeat(70_000) }]]),
      "more than 65536 bytes for 1 keys, as for ada",
    ],
    ["gives something else", () => JSON.parse("{}") as Map<string, object>, "may return a Map of objects by key"],
  ])("that %s is reported, and clients are told without it", async (_what, answer, text) => {
    const stage = await stageNamed(answer, { fetchTimeoutMs: 100 });
    stage.presence.track("room:1", "ada", stage.actor());
    await stage.told();
    await stage.clock.advance(100);
    expect(stage.diffs.map(([, { joins }]) => metasOf(joins))).toEqual([{ ada: [ONLINE] }]);
    expect(stage.reports.find(({ type }) => type === "presence_fetch_failed")?.text).toContain(text);
    Named.answer = () => new Map();
    await stage.end();
  });
});

describe("handleDiff", () => {
  test("hears what clients are told", async () => {
    const stage = await stageNamed(() => new Map());
    const actor = stage.actor();
    stage.presence.track("room:1", "ada", actor);
    await stage.told();
    await stage.kill(actor);
    await stage.told();
    expect(Named.heard.map(({ joins, leaves }) => [metasOf(joins), metasOf(leaves)])).toEqual([
      [{ ada: [ONLINE] }, {}],
      [{}, { ada: [ONLINE] }],
    ]);
    await stage.end();
  });
});

describe("the actor", () => {
  test("loses nobody when it crashes, and tells then what was not told", async () => {
    const stage = await stagePresence();
    const { presence, system } = stage;
    const [ada, bob] = [stage.actor(), stage.actor()];
    presence.track("room:1", "ada", ada);
    await stage.clock.settle();
    const crashed = stage.keeper();
    system.exit(crashed, "kill");
    presence.track("room:1", "bob", bob);
    await stage.clock.settle();
    expect(stage.keeper()).not.toBe(crashed);
    expect(await stage.told()).toEqual([["room:1", { ada: [ONLINE], bob: [ONLINE] }, {}]]);
    await stage.end();
  });

  test("is empty when it was stopped in order, and its use says so", async () => {
    const { system, stop } = await createTestSystem();
    const ref = await system.start(Presence, undefined);
    const presence = presenceOf(system);
    presence.track("room:1", "ada", ref);
    await system.stopActor(ref);
    expect(() => presence.list("room:1")).toThrow('No presence "presence" runs in this system');
    expect(() => presence.track("room:1", "ada", ref)).toThrow(expect.objectContaining({ code: "unknown_presence" }));
    await stop();
  });

  test("runs once under a name", async () => {
    const { system, stop } = await createTestSystem();
    const first = await system.start(Presence, undefined);
    await expect(system.start(Presence, undefined)).rejects.toMatchObject({ reason: { already_started: first } });
    await stop();
  });

  test("shows the inspector what it holds", async () => {
    const stage = await stagePresence();
    stage.presence.track("room:1", "ada", stage.actor());
    expect(cellOf(stage.keeper()).actor?.formatStatus()).toEqual({
      kind: "presence",
      name: "presence",
      topics: 1,
      presences: 1,
      own: 1,
      owners: 1,
      pending: 1,
      waiting: 0,
      told: 0,
    });
    await stage.end();
  });

  test.each([
    [{ name: "" }, "name to be a text that is not empty"],
    [{ batchMs: -1 }, "batchMs to be a number of milliseconds from 0"],
    [{ fetchTimeoutMs: 0 }, "fetchTimeoutMs to be a number of milliseconds from 1"],
    [{ maxPerKey: 0 }, "maxPerKey to be a whole number from 1"],
  ])("refuses options that cannot be used: %j", async (options, text) => {
    const { system, stop } = await createTestSystem();
    await expect(system.start(Presence, options)).rejects.toMatchObject({
      reason: { error: expect.objectContaining({ message: expect.stringContaining(text) }) },
    });
    await stop();
  });
});
