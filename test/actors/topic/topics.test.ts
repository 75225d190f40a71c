import { expect, test } from "vitest";
import { isTopicMessage, Topics, topicsOf } from "../../../actors/index.js";
import { cellOf } from "../../../src/kernel/cell.js";
import { createTestSystem } from "../../../src/testing/index.js";
import { act } from "../../kernel/doer.js";
import { stageTopics, Taker } from "./stage.js";

test("whoever has subscribed gets what is published, in order, and nobody else", async () => {
  const stage = await stageTopics();
  const { topics } = stage;
  const [one, two, other] = [stage.actor(), stage.actor(), stage.actor()];
  for (const actor of [one, two]) {
    expect(topics.subscribe("room:1", actor)).toEqual({ ok: true, position: undefined, sent: 0, gap: undefined });
  }
  topics.subscribe("room:2", other);
  expect(topics.publish("room:1", "said", { text: "a" })).toEqual({
    ok: true,
    clients: 0,
    nodes: 0,
    actors: 2,
    position: undefined,
  });
  stage.say("room:1", "b");
  expect(await stage.heard(one)).toEqual(["room:1 a", "room:1 b"]);
  expect(await stage.heard(two)).toEqual(["room:1 a", "room:1 b"]);
  expect(await stage.heard(other)).toEqual([]);
  expect(topics.publish("room:3", "said").ok).toBe(true);
  await stage.end();
});

test("a message says whose it is, and the payload is the one that was published", async () => {
  const stage = await stageTopics();
  const actor = stage.actor();
  const payload = { at: new Date(0) };
  stage.topics.subscribe("clock", actor);
  stage.topics.publish("clock", "tick", payload, { key: "k" });
  await stage.clock.settle();
  const [message] = await act(actor, (me) => [...me.seen]);
  expect(message).toEqual({
    topics: "topics",
    topic: "clock",
    event: "tick",
    payload,
    key: "k",
    position: undefined,
    retained: false,
  });
  expect(isTopicMessage(message) && message.payload).toBe(payload);
  expect([isTopicMessage(message, "topics"), isTopicMessage(message, "other"), isTopicMessage("tick")]).toEqual([
    true,
    false,
    false,
  ]);
  await stage.end();
});

test("an actor may have its messages as those of a method", async () => {
  const stage = await stageTopics();
  const taker = await stage.system.start(Taker);
  stage.topics.subscribe("room:*", taker, { method: "take" });
  stage.say("room:1", "a");
  expect(await taker.call.all()).toEqual(["room:1 a"]);
  for (const method of ["nothing", "init", "constructor", "toString"]) {
    expect(() => Reflect.apply(stage.topics.subscribe, stage.topics, ["x", taker, { method }])).toThrow(
      expect.objectContaining({ code: "bad_argument" }),
    );
  }
  expect(stage.topics.subscriptionsOf(taker)).toEqual(["room:*"]);
  await stage.kill(taker);
  await stage.end();
});

test("a pattern brings what is published on each topic that matches it, once for each pattern", async () => {
  const stage = await stageTopics();
  const [rooms, metrics, both] = [stage.actor(), stage.actor(), stage.actor()];
  stage.topics.subscribe("room:*", rooms);
  stage.topics.subscribe("metrics.**", metrics);
  for (const topic of ["room:*", "room:1", "**"]) stage.topics.subscribe(topic, both);
  for (const topic of ["room:1", "room:1:2", "metrics", "metrics.cpu", "metrics.cpu.user"]) stage.say(topic, "x");
  expect(await stage.heard(rooms)).toEqual(["room:1 x"]);
  expect(await stage.heard(metrics)).toEqual(["metrics.cpu x", "metrics.cpu.user x"]);
  expect((await stage.heard(both)).filter((heard) => heard === "room:1 x")).toHaveLength(3);
  expect(stage.topics.count("room:1")).toEqual({ actors: 4, clients: 0 });
  await stage.end();
});

test("a subscription ends when it is given back, one or all, and a second time finds nothing", async () => {
  const stage = await stageTopics();
  const { topics } = stage;
  const actor = stage.actor();
  for (const topic of ["a", "b", "c.*"]) topics.subscribe(topic, actor);
  expect(topics.unsubscribe(actor, "b")).toBe(1);
  expect(topics.unsubscribe(actor, "b")).toBe(0);
  expect(topics.subscriptionsOf(actor)).toEqual(["a", "c.*"]);
  expect(topics.unsubscribe(actor)).toBe(2);
  expect(topics.unsubscribe(actor)).toBe(0);
  for (const topic of ["a", "b", "c.1"]) stage.say(topic, "x");
  expect(await stage.heard(actor)).toEqual([]);
  // Nothing of it is watched any more.
  expect(cellOf(actor).extras?.exitWaiters?.size ?? 0).toBe(0);
  expect(topics.counts()).toMatchObject({ subscriptions: 0, subscribers: 0, topics: 0, patterns: 0 });
  await stage.end();
});

test("a subscription ends with its actor, before anybody hears of that end", async () => {
  const stage = await stageTopics();
  const [actor, watcher] = [stage.actor(), stage.actor()];
  stage.topics.subscribe("a", actor);
  stage.topics.subscribe("b.*", actor);
  await act(watcher, (me) => {
    me.monitor(actor);
    me.handleDown = () => me.note(stage.topics.counts().subscriptions);
  });
  await stage.kill(actor);
  expect(await stage.heard(watcher)).toEqual([0]);
  expect(stage.topics.publish("a", "said")).toMatchObject({ actors: 0 });
  expect(stage.topics.subscribe("a", actor)).toEqual({ ok: false, reason: "noproc" });
  await stage.end();
});

test("publishFrom reaches all but the one who publishes, however it has subscribed", async () => {
  const stage = await stageTopics();
  const [me, other] = [stage.actor(), stage.actor()];
  for (const actor of [me, other]) for (const topic of ["room:1", "room:*"]) stage.topics.subscribe(topic, actor);
  expect(stage.topics.publishFrom(me, "room:1", "said", { text: "a" })).toMatchObject({ ok: true, actors: 2 });
  expect(await stage.heard(me)).toEqual([]);
  expect(await stage.heard(other)).toEqual(["room:1 a", "room:1 a"]);
  await stage.end();
});

test("publishTo reaches this node by its name, and no other", async () => {
  const stage = await stageTopics({ node: "left" });
  const actor = stage.actor();
  stage.topics.subscribe("room:1", actor);
  expect(stage.topics.node).toBe("left");
  expect(stage.topics.publishTo("left", "room:1", "said", { text: "a" })).toMatchObject({ ok: true, actors: 1 });
  expect(stage.topics.publishTo("right", "room:1", "said")).toEqual({ ok: false, reason: "noconnection" });
  expect(await stage.heard(actor)).toEqual(["room:1 a"]);
  await stage.end();
  const plain = await stageTopics();
  expect(plain.topics.node).toBe(plain.system.name);
  await plain.end();
});

test("a message to more actors than fit in a turn reaches all, in order, and the loop is not kept meanwhile", async () => {
  const stage = await stageTopics();
  const actors = Array.from({ length: 2_500 }, () => stage.actor());
  for (const actor of actors) stage.topics.subscribe("all", actor);
  const small = stage.actor();
  stage.topics.subscribe("small", small);
  for (const text of ["a", "b", "c"]) {
    expect(stage.topics.publish("all", "said", { text })).toMatchObject({ actors: 2_500 });
  }
  expect(stage.topics.counts().pending).toBe(3);
  stage.say("small", "x");
  // Who comes now gets none of what is on its way.
  const late = stage.actor();
  stage.topics.subscribe("all", late);
  expect(await stage.heard(small)).toEqual(["small x"]);
  for (const actor of [actors[0], actors[999], actors[1_000], actors[2_499]]) {
    if (actor !== undefined) expect(await stage.heard(actor)).toEqual(["all a", "all b", "all c"]);
  }
  expect(await stage.heard(late)).toEqual([]);
  expect(stage.topics.counts().pending).toBe(0);
  await stage.end();
});

test("what is on its way goes on when the actor that runs the topics crashes", async () => {
  const stage = await stageTopics();
  const actors = Array.from({ length: 1_500 }, () => stage.actor());
  for (const actor of actors) stage.topics.subscribe("all", actor);
  stage.say("all", "a");
  const keeper = stage.keeper();
  await stage.kill(keeper);
  expect(stage.keeper()).not.toBe(keeper);
  for (const actor of actors.slice(-2)) expect(await stage.heard(actor)).toEqual(["all a"]);
  stage.say("all", "b");
  expect(await stage.heard(stage.actor())).toEqual([]);
  for (const actor of actors.slice(-2)) expect(await stage.heard(actor)).toEqual(["all a", "all b"]);
  await stage.end();
});

test("with too much on its way publishing is refused with a time, and reported", async () => {
  const stage = await stageTopics({ maxPending: 2 });
  for (let n = 0; n < 1_500; n++) stage.topics.subscribe("all", stage.actor());
  for (let n = 0; n < 2; n++) expect(stage.topics.publish("all", "said").ok).toBe(true);
  expect(stage.topics.publish("all", "said")).toEqual({ ok: false, reason: "overloaded", retryAfterMs: 100 });
  await stage.clock.settle();
  expect(stage.topics.publish("all", "said").ok).toBe(true);
  expect(stage.topics.counts()).toMatchObject({ overloaded: 1, published: 3 });
  expect(stage.reports.filter(({ type }) => type === "publish_refused")).toHaveLength(1);
  await stage.end();
});

test("rates hold for a topic and for a publisher, each refusal says when to try again", async () => {
  const stage = await stageTopics({
    topics: { "chat:*": { rate: { perSecond: 2 } } },
    publisherRate: { perSecond: 1, burst: 3 },
  });
  const { topics } = stage;
  const me = stage.actor();
  for (let n = 0; n < 2; n++) expect(topics.publish("chat:1", "said").ok).toBe(true);
  expect(topics.publish("chat:1", "said")).toEqual({
    ok: false,
    reason: "rate_limited",
    by: "topic",
    retryAfterMs: 500,
  });
  expect(topics.publish("chat:2", "said").ok).toBe(true);
  for (let n = 0; n < 3; n++) expect(topics.publishFrom(me, "free", "said").ok).toBe(true);
  expect(topics.publish("free", "said", {}, { publisher: me })).toEqual({
    ok: false,
    reason: "rate_limited",
    by: "publisher",
    retryAfterMs: 1_000,
  });
  expect(topics.publish("free", "said").ok).toBe(true);
  await stage.clock.advance(500);
  expect(topics.publish("chat:1", "said").ok).toBe(true);
  await stage.clock.advance(500);
  expect(topics.publishFrom(me, "free", "said").ok).toBe(true);
  expect(topics.counts().rateLimited).toBe(2);
  await stage.end();
});

test("refusals are reported together, not each of them", async () => {
  const stage = await stageTopics({ topics: { "**": { rate: { perSecond: 1 } } } });
  for (let n = 0; n < 100; n++) stage.topics.publish("a", "said");
  await stage.clock.advance(1_000);
  for (let n = 0; n < 100; n++) stage.topics.publish("a", "said");
  const refusals = stage.reports.filter(({ type }) => type !== "progress");
  expect(refusals.map(({ type, details }) => [type, details["count"]])).toEqual([
    ["publish_refused", undefined],
    ["reports_left_out", 98],
    ["publish_refused", undefined],
  ]);
  expect(stage.topics.counts().rateLimited).toBe(198);
  await stage.end();
});

test("a second subscription to the same changes how the messages come, and loses none", async () => {
  const stage = await stageTopics();
  const actor = stage.actor();
  stage.topics.subscribe("a", actor, { conflateMs: 1_000 });
  for (const text of ["1", "2"]) stage.say("a", text);
  stage.topics.subscribe("a", actor);
  stage.say("a", "3");
  expect(await stage.heard(actor)).toEqual(["a 1", "a 2", "a 3"]);
  expect(stage.topics.counts().subscriptions).toBe(1);
  await stage.end();
});

test("bounds refuse subscriptions, of one actor and of all, and count what they refuse", async () => {
  const stage = await stageTopics({ subscriptionsPerActor: 2, maxSubscriptions: 3 });
  const [one, two] = [stage.actor(), stage.actor()];
  const results = ["a", "b.*", "c"].map((topic) => stage.topics.subscribe(topic, one));
  expect(results.map((result) => result.ok || result.reason)).toEqual([true, true, "too_many_subscriptions"]);
  expect(stage.topics.subscribe("a", two).ok).toBe(true);
  expect(stage.topics.subscribe("b", two)).toEqual({ ok: false, reason: "full" });
  // It has this one already.
  expect(stage.topics.subscribe("a", two).ok).toBe(true);
  expect(stage.topics.counts()).toMatchObject({ subscriptions: 3, refusedSubscriptions: 2 });
  await stage.end();
});

test("misuse is told where it happens", async () => {
  const stage = await stageTopics();
  const { topics } = stage;
  const actor = stage.actor();
  const wrong = expect.objectContaining({ code: "bad_argument" });
  for (const misuse of [
    () => topics.publish("room:*", "said"),
    () => topics.publish("", "said"),
    () => topics.publish("a", "phx_reply"),
    () => topics.publish("a", ""),
    () => Reflect.apply(topics.publish, topics, ["a", "said", 5]),
    () => topics.subscribe("a*", actor),
    () => topics.subscribe("a", actor, { conflateMs: 0 }),
    () => topics.subscribe("a", actor, { from: "oldest" }),
    () => topics.subscribe("a.*", actor, { from: "oldest" }),
  ]) {
    expect(misuse).toThrow(wrong);
  }
  expect(() => topics.publish("a", "said", { big: 1n }, { retain: true })).toThrow(
    expect.objectContaining({ code: "unencodable_payload" }),
  );
  // Among actors alone nothing is encoded.
  topics.subscribe("a", actor);
  expect(topics.publish("a", "said", { big: 1n })).toMatchObject({ ok: true, actors: 1 });
  await stage.end();
});

test.each([
  { name: "" },
  { maxPending: 0 },
  { retainedBytes: 1.5 },
  { topics: { "a*": {} } },
  { topics: { a: { rate: { perSecond: 0 } } } },
  { topics: { a: { log: { ageMs: 0 } } } },
  { topics: { a: { log: { messages: 0 } } } },
  { publisherRate: { perSecond: 1, burst: 0 } },
  { unknown: 1 },
])("the options %j are refused", async (options) => {
  const { system, stop } = await createTestSystem();
  await expect(system.start(Topics, options)).rejects.toThrow(expect.objectContaining({ code: "init_failed" }));
  await stop();
});

test("topics that nobody runs are unknown, and come to life with their actor", async () => {
  const { system, stop } = await createTestSystem();
  const topics = topicsOf(system, "later");
  const unknown = expect.objectContaining({ code: "unknown_topics" });
  expect(() => topics.publish("a", "said")).toThrow(unknown);
  expect(() => topics.counts()).toThrow(unknown);
  const keeper = await system.start(Topics, { name: "later" });
  expect(topics.publish("a", "said").ok).toBe(true);
  await expect(system.start(Topics, { name: "later" })).rejects.toThrow(
    expect.objectContaining({ reason: { already_started: keeper } }),
  );
  await system.stopActor(keeper);
  expect(() => topics.publish("a", "said")).toThrow(unknown);
  await stop();
});

test("subscriptions outlive an orderly stop of the topics, logs and retained messages do not", async () => {
  const stage = await stageTopics({ name: "own", topics: { "**": { log: {} } } });
  const { system } = stage;
  const other = topicsOf(system, "second");
  const first = await system.start(Topics, { name: "second", topics: { "**": { log: {} } } });
  const actor = stage.actor();
  other.subscribe("a", actor);
  other.publish("a", "said", { text: "1" }, { retain: true });
  const before = other.position("a");
  await system.stopActor(first);
  const second = await system.start(Topics, { name: "second", topics: { "**": { log: {} } } });
  expect(other.counts()).toMatchObject({ subscriptions: 1, logs: 0, logBytes: 0, retained: 0, retainedBytes: 0 });
  other.publish("a", "said", { text: "2" });
  expect(await stage.heard(actor)).toEqual(["a 1", "a 2"]);
  if (before === undefined) throw new Error("expected a position");
  expect(other.read("a", before).gap?.reason).toBe("epoch");
  await system.stopActor(second);
  await stage.end();
});

test("the actor answers the same as messages, and is not ended by what it is asked", async () => {
  const stage = await stageTopics({ topics: { slow: { rate: { perSecond: 1 } } } });
  const keeper = stage.keeper();
  const actor = stage.actor();
  expect(await keeper.call.subscribe("a", actor)).toMatchObject({ ok: true });
  expect(await keeper.call.publish("a", "said", { text: "x" })).toMatchObject({ ok: true, actors: 1 });
  expect(await keeper.call.broadcast("a", "said", { text: "y" })).toBe(0);
  expect(await stage.heard(actor)).toEqual(["a x", "a y"]);
  await expect(keeper.call.publish("a.*", "said")).rejects.toThrow(expect.objectContaining({ code: "exit" }));
  await expect(keeper.call.subscribe("a*", actor)).rejects.toThrow(expect.objectContaining({ code: "exit" }));
  await keeper.call.broadcast("slow", "said", {});
  await expect(keeper.call.broadcast("slow", "said", {})).rejects.toThrow(
    expect.objectContaining({
      reason: { error: expect.objectContaining({ code: "rate_limited", retryAfterMs: 1_000 }) },
    }),
  );
  expect(await keeper.call.unsubscribe(actor, "a")).toBe(1);
  expect(stage.keeper()).toBe(keeper);
  await stage.end();
});

test("the inspector sees what there is, and what was refused", async () => {
  const stage = await stageTopics({ topics: { "**": { log: {} } } });
  stage.topics.subscribe("a", stage.actor());
  stage.topics.subscribe("b.*", stage.actor());
  stage.say("a", "x", { retain: true });
  expect(cellOf(stage.keeper()).actor?.formatStatus()).toMatchObject({
    kind: "topics",
    name: "topics",
    subscriptions: 2,
    subscribers: 2,
    topics: 1,
    patterns: 1,
    clientTopics: 0,
    logs: 1,
    retained: 1,
    published: 1,
    pending: 0,
    rateLimited: 0,
    overloaded: 0,
    retainedFull: 0,
    refusedSubscriptions: 0,
    droppedLogs: 0,
  });
  await stage.end();
});
