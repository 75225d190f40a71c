import { expect, test } from "vitest";
import { stageTopics } from "./stage.js";

test("what is retained of a topic a subscriber gets at once, marked, of all that its pattern matches", async () => {
  const stage = await stageTopics();
  const { topics } = stage;
  for (const topic of ["price.a", "price.b", "other"]) stage.say(topic, "old", { retain: true });
  stage.say("price.a", "new", { retain: true });
  stage.say("price.b", "not kept");
  const [one, all, none] = [stage.actor(), stage.actor(), stage.actor()];
  expect(topics.subscribe("price.a", one)).toMatchObject({ ok: true, sent: 1 });
  expect(topics.subscribe("price.*", all)).toMatchObject({ ok: true, sent: 2 });
  expect(topics.subscribe("price.*", none, { retained: false })).toMatchObject({ ok: true, sent: 0 });
  stage.say("price.a", "live");
  expect(await stage.heard(one)).toEqual(["price.a new (retained)", "price.a live"]);
  expect(await stage.heard(all)).toEqual(["price.a new (retained)", "price.b old (retained)", "price.a live"]);
  expect(await stage.heard(none)).toEqual(["price.a live"]);
  expect(topics.retained("price.a")).toMatchObject({ payload: { text: "new" }, retained: true });
  expect([topics.clearRetained("price.a"), topics.clearRetained("price.a")]).toEqual([true, false]);
  expect(topics.retained("price.a")).toBeUndefined();
  expect(topics.counts().retained).toBe(2);
  await stage.end();
});

test("what does not fit any more is not retained, nobody gets it, and whoever publishes is told", async () => {
  const stage = await stageTopics({ maxRetained: 1, retainedBytes: 100 });
  const actor = stage.actor();
  stage.topics.subscribe("**", actor);
  stage.say("a", "x", { retain: true });
  const full = { ok: false, reason: "retained_full" };
  expect(stage.topics.publish("b", "said", {}, { retain: true })).toEqual(full);
  expect(stage.topics.publish("a", "said", { text: "x".repeat(100) }, { retain: true })).toEqual(full);
  stage.say("a", "y", { retain: true });
  expect(await stage.heard(actor)).toEqual(["a x", "a y"]);
  expect(stage.topics.counts()).toMatchObject({ retainedFull: 2, retained: 1 });
  await stage.end();
});

test("a subscriber with a position gets what it missed, then what comes, each once", async () => {
  const stage = await stageTopics({ topics: { "chat:*": { log: { messages: 3 } } } });
  const { topics } = stage;
  const early = stage.actor();
  const begun = topics.subscribe("chat:1", early);
  // Known before anything was published: who has had nothing can come back, too.
  expect(begun).toMatchObject({ ok: true, position: { offset: 0 } });
  topics.unsubscribe(early);
  for (const text of ["a", "b", "c"]) stage.say("chat:1", text);
  const from = begun.ok ? begun.position : undefined;
  if (from === undefined) throw new Error("expected a position");
  expect(topics.subscribe("chat:1", early, { from })).toMatchObject({
    sent: 3,
    gap: undefined,
    position: { offset: 3 },
  });
  stage.say("chat:1", "d");
  expect(await stage.heard(early)).toEqual(["chat:1 a", "chat:1 b", "chat:1 c", "chat:1 d"]);
  const late = stage.actor();
  expect(topics.subscribe("chat:1", late, { from })).toMatchObject({
    sent: 3,
    gap: { epoch: from.epoch, from: 1, to: 1, reason: "lost" },
  });
  expect(await stage.heard(late)).toEqual(["chat:1 b", "chat:1 c", "chat:1 d"]);
  const oldest = stage.actor();
  expect(topics.subscribe("chat:1", oldest, { from: "oldest" })).toMatchObject({ sent: 3, gap: undefined });
  await stage.end();
});

test("a message on its way when a subscriber with a position comes reaches it once", async () => {
  const stage = await stageTopics({ topics: { all: { log: {} } } });
  for (let n = 0; n < 1_500; n++) stage.topics.subscribe("all", stage.actor());
  stage.say("all", "a");
  const late = stage.actor();
  stage.topics.subscribe("all", late, { from: "oldest" });
  expect(await stage.heard(late)).toEqual(["all a"]);
  await stage.end();
});

test("the log of a topic is read in parts, with what is missing said", async () => {
  const stage = await stageTopics({ topics: { log: { log: { messages: 4 } } } });
  for (let n = 1; n <= 6; n++) stage.say("log", String(n));
  const first = stage.topics.read("log", "oldest", 3);
  expect(first.messages.map(({ position }) => position?.offset)).toEqual([3, 4, 5]);
  expect(stage.topics.read("log", first.position).messages.map(({ position }) => position?.offset)).toEqual([6]);
  const { epoch } = first.position;
  expect(stage.topics.read("log", { epoch, offset: 1 }).gap).toEqual({ epoch, from: 2, to: 2, reason: "lost" });
  expect(stage.topics.position("log")).toEqual({ epoch, offset: 6 });
  expect(() => stage.topics.read("other", "oldest")).toThrow(expect.objectContaining({ code: "bad_argument" }));
  await stage.end();
});

test("what is older than a log may keep goes, also when nothing is published any more", async () => {
  const stage = await stageTopics({ topics: { log: { log: { ageMs: 10_000 } } } });
  stage.say("log", "x");
  expect(stage.topics.counts().logBytes).toBeGreaterThan(0);
  await stage.clock.advance(60_000);
  expect(stage.topics.counts()).toMatchObject({ logs: 1, logBytes: 0 });
  stage.say("log", "y");
  await stage.clock.advance(10_001);
  expect(stage.topics.read("log", "oldest").messages).toEqual([]);
  await stage.end();
});

test("a subscriber that conflates gets the first at once, and then no more than the latest of each key", async () => {
  const stage = await stageTopics();
  const actor = stage.actor();
  stage.topics.subscribe("prices", actor, { conflateMs: 100 });
  stage.say("prices", "a1", { key: "a" });
  for (const text of ["a2", "b1", "a3", "x", "b2", "y"]) {
    stage.say("prices", text, text.length === 2 ? { key: text.slice(0, 1) } : {});
  }
  expect(await stage.heard(actor)).toEqual(["prices a1"]);
  await stage.clock.advance(100);
  expect(await stage.heard(actor)).toEqual(["prices a1", "prices a3", "prices x", "prices b2", "prices y"]);
  await stage.clock.advance(100);
  stage.say("prices", "a4", { key: "a" });
  expect(await stage.heard(actor)).toHaveLength(6);
  stage.say("prices", "a5", { key: "a" });
  stage.topics.unsubscribe(actor);
  await stage.clock.advance(1_000);
  expect(await stage.heard(actor)).toHaveLength(6);
  await stage.end();
});

test("a subscriber that conflates has its missed messages conflated, too, and never a thousand waiting", async () => {
  const stage = await stageTopics({ topics: { "**": { log: { messages: 5_000 } } } });
  const actor = stage.actor();
  for (const key of ["a", "b", "a", "a"]) stage.say("log", key, { key });
  expect(stage.topics.subscribe("log", actor, { from: "oldest", conflateMs: 50 })).toMatchObject({ sent: 2 });
  for (let n = 0; n < 2_002; n++) stage.say("log", String(n));
  expect(await stage.heard(actor)).toHaveLength(2 + 1 + 2_000);
  await stage.clock.advance(50);
  expect(await stage.heard(actor)).toHaveLength(2 + 2_002);
  await stage.end();
});
