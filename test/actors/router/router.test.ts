import { expect, test } from "vitest";
import { routerOf } from "../../../actors/router/local-router.js";
import { Router } from "../../../actors/router/router.js";
import { cellOf } from "../../../src/kernel/cell.js";
import { createTestSystem } from "../../../src/testing/index.js";
import { act } from "../../kernel/doer.js";
import { stageRouter } from "./stage.js";

test("one id has many actors: each gets what is sent there, and nobody else", async () => {
  const stage = await stageRouter();
  const { router } = stage;
  const [phone, laptop, other] = [stage.actor(), stage.actor(), stage.actor()];
  expect(router.login("ada", phone)).toEqual({ ok: true });
  router.login("ada", laptop);
  router.login("bob", other);
  expect(router.send("ada", "mail")).toBe(2);
  expect(await stage.seen(phone)).toEqual(["mail"]);
  expect(await stage.seen(laptop)).toEqual(["mail"]);
  expect(await stage.seen(other)).toEqual([]);
  expect(router.actorsOf("ada")).toEqual([phone, laptop]);
  await stage.end();
});

test("one actor has many ids: it gets what is sent to each", async () => {
  const stage = await stageRouter();
  const { router } = stage;
  const actor = stage.actor();
  for (const id of ["ada", "admins", "room 7"]) router.login(id, actor);
  for (const id of ["ada", "admins", "room 7", "room 8"]) router.send(id, `to ${id}`);
  expect(await stage.seen(actor)).toEqual(["to ada", "to admins", "to room 7"]);
  expect(router.idsOf(actor)).toEqual(["ada", "admins", "room 7"]);
  await stage.end();
});

test("an actor that logs in twice gets each message once, and keeps its place", async () => {
  const stage = await stageRouter();
  const { router } = stage;
  const [first, second] = [stage.actor(), stage.actor()];
  router.login("ada", first);
  router.login("ada", second);
  expect(router.login("ada", first)).toEqual({ ok: true });
  expect(router.actorsOf("ada")).toEqual([first, second]);
  expect(router.send("ada", "once")).toBe(2);
  expect(await stage.seen(first)).toEqual(["once"]);
  expect(router.counts().logins).toBe(2);
  await stage.end();
});

test("a logout is of one id or of all, and a second finds nothing", async () => {
  const stage = await stageRouter();
  const { router } = stage;
  const actor = stage.actor();
  for (const id of ["a", "b", "c"]) router.login(id, actor);
  expect(router.logout(actor, "b")).toBe(1);
  expect(router.logout(actor, "b")).toBe(0);
  expect(router.idsOf(actor)).toEqual(["a", "c"]);
  expect(router.logout(actor)).toBe(2);
  expect(router.logout(actor)).toBe(0);
  expect(router.send("a", "gone")).toBe(0);
  // Nothing of it is watched any more.
  expect(cellOf(actor).extras?.exitWaiters?.size ?? 0).toBe(0);
  await stage.end();
});

test("an actor that ends is logged out before anybody hears of its end", async () => {
  const stage = await stageRouter();
  const { router } = stage;
  const [actor, watcher] = [stage.actor(), stage.actor()];
  router.login("ada", actor);
  await act(watcher, (me) => {
    me.monitor(actor);
    const { handleDown } = me;
    me.handleDown = (down) => {
      me.note(router.count("ada"));
      handleDown.call(me, down);
    };
  });
  await stage.kill(actor);
  expect(await stage.seen(watcher)).toEqual([0, { down: actor, reason: "killed" }]);
  expect(router.send("ada", "too late")).toBe(0);
  expect(stage.system.deadLetters.total).toBe(0);
  await stage.end();
});

test("code that runs in the middle of an actor's end never meets that actor", async () => {
  const stage = await stageRouter({ actorsPerId: 1 });
  const { router, system } = stage;
  const [actor, next] = [stage.actor(), stage.actor()];
  const outcomes: unknown[] = [];
  // Registered before the router's own: called before it.
  system.onExit(actor, () => outcomes.push(router.send("ada", "?"), router.login("ada", next)));
  router.login("ada", actor);
  await stage.kill(actor);
  expect(outcomes).toEqual([0, { ok: true }]);
  expect(router.actorsOf("ada")).toEqual([next]);
  await stage.end();
});

test("an actor that has ended cannot log in", async () => {
  const stage = await stageRouter();
  const actor = stage.actor();
  await stage.kill(actor);
  expect(stage.router.login("ada", actor)).toEqual({ ok: false, reason: "noproc" });
  await stage.end();
});

test("what went to actors and what to nobody is counted", async () => {
  const stage = await stageRouter({ actorsPerId: 2 });
  const { router } = stage;
  const [phone, laptop] = [stage.actor(), stage.actor()];
  router.login("ada", phone);
  router.login("ada", laptop);
  router.login("ada", stage.actor());
  router.send("ada", 1);
  router.send("bob", 2);
  router.send("ada", 3, { except: phone });
  expect(router.counts()).toEqual({
    ids: 1,
    actors: 2,
    logins: 2,
    refusedLogins: 1,
    replaced: 0,
    delivered: 3,
    sentToNobody: 1,
  });
  expect(await stage.seen(phone)).toEqual([1]);
  expect(await stage.seen(laptop)).toEqual([1, 3]);
  await stage.end();
});

test("a login above a limit is refused, and says which limit it is", async () => {
  const stage = await stageRouter({ actorsPerId: 2, idsPerActor: 2, maxIds: 3 });
  const { router } = stage;
  const [one, two, three] = [stage.actor(), stage.actor(), stage.actor()];
  router.login("a", one);
  router.login("a", two);
  expect(router.login("a", three)).toEqual({ ok: false, reason: "too_many_actors" });
  router.login("b", one);
  expect(router.login("c", one)).toEqual({ ok: false, reason: "too_many_ids" });
  router.login("c", two);
  expect(router.login("d", three)).toEqual({ ok: false, reason: "full" });
  router.logout(two, "a");
  expect(router.login("a", three)).toEqual({ ok: true });
  await stage.end();
});

test("with replace_oldest the newest has the place of the oldest, which is told", async () => {
  const stage = await stageRouter({ actorsPerId: 2, whenFull: "replace_oldest" });
  const { router } = stage;
  const [first, second, third] = [stage.actor(), stage.actor(), stage.actor()];
  router.login("ada", first);
  router.login("ada", second);
  expect(router.login("ada", third)).toEqual({ ok: true, replaced: first });
  expect(router.actorsOf("ada")).toEqual([second, third]);
  expect(await stage.seen(first)).toEqual([{ router: "router", event: "replaced", id: "ada" }]);
  expect(router.counts().replaced).toBe(1);
  await stage.end();
});

test("a router that crashes loses nobody, and works while it is down", async () => {
  const stage = await stageRouter();
  const { router } = stage;
  const actor = stage.actor();
  router.login("ada", actor);
  const crashed = stage.keeper();
  stage.system.exit(crashed, "kill");
  expect(router.send("ada", "while it is down")).toBe(1);
  await stage.clock.settle();
  expect(stage.keeper()).not.toBe(crashed);
  expect(await stage.seen(actor)).toEqual(["while it is down"]);
  expect(router.counts()).toMatchObject({ ids: 1, actors: 1, delivered: 1 });
  await stage.end();
});

test("a router that is stopped in order is empty, and its use says so", async () => {
  const { system, stop } = await createTestSystem();
  const ref = await system.start(Router, { name: "people" });
  const router = routerOf(system, "people");
  router.login("ada", ref);
  await system.stopActor(ref);
  expect(() => router.send("ada", 1)).toThrow(
    'No router "people" runs in this system: start one with child(Router, …)',
  );
  expect(() => router.login("ada", ref)).toThrow(expect.objectContaining({ code: "unknown_router" }));
  await stop();
});

test("two routers of one name do not run at once; those of different names know nothing of each other", async () => {
  const { system, stop } = await createTestSystem();
  const first = await system.start(Router, undefined);
  await expect(system.start(Router, undefined)).rejects.toMatchObject({ reason: { already_started: first } });
  await system.start(Router, { name: "other" });
  routerOf(system).login("ada", first);
  expect(routerOf(system, "other").count("ada")).toBe(0);
  await stop();
});

test("login, logout and send are messages of the actor as well", async () => {
  const stage = await stageRouter();
  const actor = stage.actor();
  const keeper = stage.keeper();
  expect(await keeper.call.login("ada", actor)).toEqual({ ok: true });
  expect(await keeper.call.send("ada", "hello")).toBe(1);
  expect(await stage.seen(actor)).toEqual(["hello"]);
  expect(await keeper.call.logout(actor)).toBe(1);
  await stage.end();
});

test("the inspector shows what a router holds and has counted", async () => {
  const stage = await stageRouter();
  stage.router.login("ada", stage.actor());
  const { system } = stage;
  const status = cellOf(stage.keeper()).actor?.formatStatus();
  expect(status).toMatchObject({ kind: "router", name: "router", ids: 1, actors: 1, delivered: 0, sentToNobody: 0 });
  expect(system.isAlive(stage.keeper())).toBe(true);
  await stage.end();
});

test.each([
  [{ name: "" }, "a name that is not empty"],
  [{ actorsPerId: 0 }, "actorsPerId to be a whole number from 1, got 0"],
  [{ idsPerActor: 1.5 }, "idsPerActor to be a whole number from 1"],
  [{ maxIds: -1 }, "maxIds to be a whole number from 1"],
])("options that cannot be used are refused: %j", async (options, text) => {
  const { system, stop } = await createTestSystem();
  await expect(system.start(Router, options)).rejects.toMatchObject({
    reason: { error: expect.objectContaining({ message: expect.stringContaining(text) }) },
  });
  await stop();
});

test("an id is a text of 1 to 1,024 characters", async () => {
  const stage = await stageRouter();
  const actor = stage.actor();
  for (const id of ["", "x".repeat(1_025)]) {
    expect(() => stage.router.login(id, actor)).toThrow(/Expected an id of 1 to 1024 characters/);
  }
  await stage.end();
});
