import { afterEach, describe, expect, it } from "vitest";
import { NodesStage, Room } from "./stage.js";

let stage: NodesStage;

afterEach(async () => {
  await stage.stop();
});

const said = { event: "said" };

function say(node: string, topic: string, text: string): unknown {
  return stage.topics(node).publish(topic, said.event, { text });
}

describe("what is published on one node", () => {
  it("reaches the actors of all that listen to it, by name or by pattern, and is counted", async () => {
    stage = await NodesStage.create(["a", "b", "c"]);
    const [here, there, other] = [
      await stage.listener("a", "news"),
      await stage.listener("b", "news", "**"),
      await stage.listener("c", "weather"),
    ];
    expect(say("a", "news", "one")).toMatchObject({ ok: true, actors: 1, clients: 0, nodes: 1 });
    expect(say("a", "weather", "two")).toMatchObject({ actors: 0, nodes: 2 });
    expect(say("c", "weather", "three")).toMatchObject({ actors: 1, nodes: 1 });
    await stage.settle();
    expect(await stage.heard(here)).toEqual(["news one"]);
    // Two publishers: between them there is no order.
    expect([...(await stage.heard(there))].sort()).toEqual(["news one", "news one", "weather three", "weather two"]);
    expect([...(await stage.heard(other))].sort()).toEqual(["weather three", "weather two"]);
    expect(stage.topics("b").counts()).toMatchObject({ published: 0, received: 3, missed: 0 });
  });

  it("goes nowhere when the last that listened there is gone", async () => {
    stage = await NodesStage.create(["a", "b"]);
    const there = await stage.listener("b", "news", "room:*");
    stage.system("b").exit(there, "kill");
    await stage.settle();
    expect(say("a", "news", "one")).toMatchObject({ nodes: 0 });
    expect(say("a", "room:1", "one")).toMatchObject({ nodes: 0 });
  });

  it("is heard by one that listens on a node that came later", async () => {
    stage = await NodesStage.create(["a"]);
    const here = await stage.listener("a", "news");
    await stage.start("b");
    const there = await stage.listener("b", "news");
    say("b", "news", "one");
    say("a", "news", "two");
    await stage.settle();
    for (const ref of [here, there]) expect([...(await stage.heard(ref))].sort()).toEqual(["news one", "news two"]);
  });

  it("keeps what it is made of: dates, maps, bytes and refs", async () => {
    stage = await NodesStage.create(["a", "b"]);
    const there = await stage.listener("b", "news");
    const payload = { at: new Date(5), map: new Map([["k", 1n]]), bytes: new Uint8Array([1, 2]), text: "x" };
    expect(stage.topics("a").publish("news", "said", payload)).toMatchObject({ nodes: 1 });
    await stage.settle();
    expect(await stage.heard(there)).toEqual(["news x"]);
  });

  it("is an error that names the field where it cannot be carried, and then nobody gets it", async () => {
    stage = await NodesStage.create(["a", "b"]);
    const here = await stage.listener("a", "news");
    const publish = (): unknown => stage.topics("a").publish("news", "said", { text: "x", work: { done: () => 1 } });
    publish();
    await stage.listener("b", "news");
    expect(publish).toThrow(expect.objectContaining({ code: "cannot_carry", field: "$.payload.work.done" }));
    await stage.settle();
    expect(await stage.heard(here)).toEqual(["news x"]);
  });

  it("goes to one node alone with publishTo", async () => {
    stage = await NodesStage.create(["a", "b", "c"]);
    const refs = [
      await stage.listener("a", "news"),
      await stage.listener("b", "news"),
      await stage.listener("c", "news"),
    ];
    const topics = stage.topics("a");
    expect(topics.node).toBe("a");
    expect(topics.publishTo("b", "news", "said", { text: "b" })).toMatchObject({ ok: true, nodes: 1, actors: 0 });
    expect(topics.publishTo("a", "news", "said", { text: "a" })).toMatchObject({ ok: true, nodes: 0, actors: 1 });
    expect(topics.publishTo("x", "news", "said", { text: "x" })).toEqual({ ok: false, reason: "noconnection" });
    expect(() => topics.publishTo("b", "news", "said", {}, { retain: true })).toThrow(/no retain/);
    await stage.settle();
    const heard: unknown[] = [];
    for (const ref of refs) heard.push(await stage.heard(ref));
    expect(heard).toEqual([["news a"], ["news b"], []]);
  });

  it("is limited where it is published", async () => {
    stage = await NodesStage.create(["a", "b"], { topics: { news: { rate: { perSecond: 1 } } } });
    await stage.listener("b", "news");
    expect([say("a", "news", "1"), say("a", "news", "2"), say("b", "news", "3")]).toMatchObject([
      { ok: true, nodes: 1 },
      { ok: false, reason: "rate_limited" },
      { ok: true },
    ]);
    await stage.settle();
  });
});

describe("clients of two nodes", () => {
  it("hear each other in one room, each once, and all but the one who speaks where that is meant", async () => {
    stage = await NodesStage.create(["a", "b"]);
    const [ann, bob, eve] = [
      await stage.client("a"),
      await stage.client("b"),
      await stage.client("b", undefined, "room:2"),
    ];
    ann.say("hello");
    bob.say("hi");
    await stage.settle();
    ann.say("tell", "tell");
    bob.say("told", "tell");
    await stage.settle();
    expect(new Set(ann.said)).toEqual(new Set(["hello", "hi", "told"]));
    expect(ann.said).toHaveLength(3);
    expect(new Set(bob.said)).toEqual(new Set(["hello", "hi", "tell"]));
    expect(bob.said).toHaveLength(3);
    expect([eve.said, ann.gaps, bob.gaps]).toEqual([[], [], []]);
  });

  it("that was away gets what was said on the other node meanwhile, in order", async () => {
    stage = await NodesStage.create(["a", "b"]);
    const [ann, bob] = [await stage.client("a"), await stage.client("b")];
    stage.network("b").cut();
    for (let n = 0; n < 20; n++) ann.say(`${n}`);
    await stage.settle(5_000);
    expect(bob.said).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`));
    expect(bob.gaps).toEqual([]);
  });

  it("are told, with their channels, that something was lost between the nodes", async () => {
    stage = await NodesStage.create(["a", "b"]);
    const [ann, bob] = [await stage.client("a"), await stage.client("b")];
    Room.gaps = 0;
    stage.cluster.network.setFaults({ dropRate: 1 });
    ann.say("lost");
    await stage.settle(10);
    stage.cluster.network.setFaults({});
    ann.say("heard");
    await stage.settle(3_000);
    expect([ann.said, bob.said]).toEqual([["lost", "heard"], ["heard"]]);
    expect(bob.gaps).toMatchObject([{ from: 1, to: 1, reason: "lost" }]);
    expect(Room.gaps).toBeGreaterThan(0);
    expect(stage.topics("b").counts().missed).toBeGreaterThan(0);
    expect(stage.reports("b")).toContainEqual(expect.objectContaining({ type: "publications_lost" }));
  });

  it("are told after a silence in which nothing could be sent to their node", async () => {
    stage = await NodesStage.create(["a", "b"]);
    const [ann, bob] = [await stage.client("a"), await stage.client("b")];
    stage.cluster.network.partition(["a"], ["b"]);
    await stage.settle(1_800);
    ann.say("lost");
    await stage.settle(10);
    stage.cluster.network.heal();
    await stage.settle(3_000);
    expect(bob.gaps.length).toBeGreaterThan(0);
    ann.say("heard");
    await stage.settle();
    expect(bob.said).toEqual(["heard"]);
  });
});

describe("what is retained", () => {
  it("is known on all nodes, to those that come later too, and cleared on all", async () => {
    stage = await NodesStage.create(["a", "b"]);
    stage.topics("a").publish("room:1", "said", { text: "last" }, { retain: true });
    await stage.settle();
    await stage.start("c");
    await stage.settle();
    for (const node of ["a", "b", "c"])
      expect(stage.topics(node).retained("room:1")?.payload).toEqual({ text: "last" });
    expect((await stage.client("c")).said).toEqual(["last"]);
    expect(await stage.heard(await stage.listener("b", "room:*"))).toEqual(["room:1 last (retained)"]);
    stage.topics("b").clearRetained("room:1");
    await stage.settle();
    for (const node of ["a", "b", "c"]) expect(stage.topics(node).retained("room:1")).toBeUndefined();
  });

  it("reaches a listener that subscribed before its node heard of it, and outlives the node that published it", async () => {
    stage = await NodesStage.create(["a", "b"]);
    stage.topics("a").publish("price", "said", { text: "7" }, { retain: true });
    stage.cluster.network.partition(["b"], ["a"]);
    await stage.cluster.kill("a", { known: true });
    stage.cluster.network.heal();
    await stage.settle(3_000);
    expect(stage.topics("b").retained("price")?.payload).toBeUndefined();
    await stage.start("a");
    await stage.settle();
    const early = await stage.listener("b", "price");
    stage.topics("a").publish("price", "said", { text: "8" }, { retain: true });
    await stage.settle();
    await stage.cluster.kill("a", { known: true });
    await stage.settle(3_000);
    await stage.start("c");
    expect(stage.topics("c").retained("price")?.payload).toEqual({ text: "8" });
    expect(await stage.heard(early)).toEqual(["price 8"]);
  });

  it("is the same on both sides after a partition: the later one", async () => {
    stage = await NodesStage.create(["a", "b", "c"]);
    stage.cluster.network.partition(["a", "c"], ["b"]);
    stage.topics("b").publish("price", "said", { text: "b" }, { retain: true });
    await stage.settle(500);
    stage.topics("a").publish("price", "said", { text: "a" }, { retain: true });
    await stage.settle(1_000);
    stage.cluster.network.heal();
    await stage.settle(5_000);
    for (const node of ["a", "b", "c"]) expect(stage.topics(node).retained("price")?.payload).toEqual({ text: "a" });
  });
});

describe("a log", () => {
  const options = { topics: { "chat:*": { log: {} } } };

  it("belongs to its node: it goes on while nobody listens there, and its positions mean nothing elsewhere", async () => {
    stage = await NodesStage.create(["a", "b"], options);
    const there = await stage.listener("b", "chat:1");
    say("a", "chat:1", "one");
    await stage.settle();
    const position = stage.topics("b").position("chat:1");
    stage.system("b").exit(there, "kill");
    await stage.settle();
    say("a", "chat:1", "two");
    await stage.settle();
    if (position === undefined) throw new Error("there is no log");
    const read = stage.topics("b").read("chat:1", position);
    expect(read.messages.map(({ payload }) => payload)).toEqual([{ text: "two" }]);
    expect(read.gap).toBeUndefined();
    const elsewhere = stage.topics("a").read("chat:1", position);
    expect(elsewhere.gap).toMatchObject({ reason: "epoch" });
    expect(elsewhere.messages).toHaveLength(2);
  });

  it("begins anew when something was lost on the way", async () => {
    stage = await NodesStage.create(["a", "b"], options);
    await stage.listener("b", "chat:1");
    say("a", "chat:1", "one");
    await stage.settle();
    const position = stage.topics("b").position("chat:1");
    if (position === undefined) throw new Error("there is no log");
    stage.cluster.network.setFaults({ dropRate: 1 });
    say("a", "chat:1", "two");
    await stage.settle(10);
    stage.cluster.network.setFaults({});
    say("a", "chat:1", "three");
    await stage.settle(3_000);
    say("a", "chat:1", "four");
    await stage.settle();
    const read = stage.topics("b").read("chat:1", position);
    expect(read.gap).toBeDefined();
    expect(read.messages.at(-1)?.payload).toEqual({ text: "four" });
  });
});

describe("frames", () => {
  it("a broadcast costs one for each node, however many listen there", async () => {
    stage = await NodesStage.create(["a", "b", "c"]);
    for (let n = 0; n < 10; n++) await stage.client("b");
    await stage.listener("b", "room:1", "room:*");
    await stage.client("c");
    await stage.settle(1_000);
    const { membership } = stage.cluster.node("a").cluster;
    const send = membership.send.bind(membership);
    const frames: string[] = [];
    Object.assign(membership, {
      send: (...sent: Parameters<typeof send>) => {
        frames.push(sent[0].name);
        return send(...sent);
      },
    });
    say("a", "room:1", "hello");
    await stage.cluster.clock.settle();
    expect(frames.sort()).toEqual(["b", "c"]);
  });
});
