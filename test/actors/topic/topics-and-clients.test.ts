import { expect, test } from "vitest";
import {
  Channel,
  error,
  isTopicMessage,
  ok,
  Topics,
  TopicsError,
  type TopicsOptions,
  topicsOf,
} from "../../../actors/index.js";
import { Actor } from "../../../src/index.js";
import { createFakeEndpoint, type FakeEndpoint, type FakeEndpointOptions } from "../fake-endpoint.js";
import type { FakeSocket } from "../fake-socket.js";
import { comeBack, hello, joined, numbered } from "../session/room.js";

class Room extends Channel {
  static override readonly retained: boolean = true;

  override join() {
    this.joinGroup("rooms");
    return ok();
  }

  override handleIn(event: string, payload: { readonly text: string }) {
    if (event === "listen") topicsOf(this.system).subscribe(this.topic, this.self());
    if (event === "from") this.broadcastFrom("said", payload);
    if (event === "publish_from") topicsOf(this.system).publishFrom(this.self(), this.topic, "said", payload);
    if (event !== "say") return ok();
    try {
      this.broadcast("said", payload, { retain: true });
      return ok();
    } catch (thrown) {
      if (!(thrown instanceof TopicsError)) throw thrown;
      return error({ reason: thrown.code, retryAfterMs: thrown.retryAfterMs });
    }
  }

  override handleInfo(message: unknown): void {
    this.push("heard", { message });
  }
}

class Plain extends Room {
  static override readonly retained = false;
}

class Listener extends Actor {
  readonly #heard: unknown[] = [];

  override init(): void {
    topicsOf(this.system).subscribe("room:*", this.self());
  }

  override handleInfo(message: unknown): void {
    if (isTopicMessage(message)) this.#heard.push([message.topic, message.event, message.payload]);
  }

  heard(): readonly unknown[] {
    return this.#heard.splice(0);
  }
}

async function endpoint(topics: TopicsOptions = {}, options: Partial<FakeEndpointOptions> = {}): Promise<FakeEndpoint> {
  const end = await createFakeEndpoint({ channels: { "room:*": Room, "plain:*": Plain }, ...options });
  const { subscriptions } = end.context;
  await end.system.start(Topics, { subscriptions, writer: undefined, options: topics }, { name: "endpoint.topics" });
  return end;
}

/** The events that a socket was sent since the last look, without replies and numbers. */
function events(socket: FakeSocket): unknown[] {
  return socket
    .take()
    .filter((frame): frame is unknown[] => Array.isArray(frame) && frame[2] !== "phoenix" && frame[3] !== "phx_reply")
    .map(([, , topic, event, payload]) => [topic, event, payload]);
}

test("what a channel broadcasts reaches clients and actors, and what an actor publishes does, too", async () => {
  const end = await endpoint();
  const listener = await end.system.start(Listener);
  const { socket } = await joined(end);
  socket.arrive(["3", "4", "room:a", "say", { text: "by a client" }, 2]);
  await end.clock.settle();
  expect(events(socket)).toEqual([["room:a", "said", { text: "by a client" }]]);
  expect(await listener.call.heard()).toEqual([["room:a", "said", { text: "by a client" }]]);
  const published = topicsOf(end.system).publish("room:a", "news", { text: "by an actor" });
  expect(published).toMatchObject({ ok: true, clients: 1, actors: 1 });
  await end.clock.settle();
  expect(events(socket)).toEqual([["room:a", "news", { text: "by an actor" }]]);
  expect(await listener.call.heard()).toEqual([["room:a", "news", { text: "by an actor" }]]);
  const topics = end.system.whereis<Topics>("endpoint.topics");
  expect(await topics?.call.broadcast("room:a", "news", {})).toBe(1);
  expect(await listener.call.heard()).toEqual([["room:a", "news", {}]]);
  expect(topicsOf(end.system).count("room:a")).toEqual({ clients: 1, actors: 1 });
  await end.stop();
});

test("what is left out for the one who sends is its client and the channel itself", async () => {
  const end = await endpoint();
  const listener = await end.system.start(Listener);
  const { socket } = await joined(end);
  const other = await joined(end);
  socket.arrive(["3", "4", "room:a", "listen", {}, 2]);
  await end.clock.settle();
  let seq = 3;
  for (const event of ["from", "publish_from"]) {
    socket.arrive(["3", String(seq + 2), "room:a", event, { text: event }, seq++]);
    await end.clock.settle();
    expect(events(socket)).toEqual([]);
    expect(events(other.socket)).toEqual([["room:a", "said", { text: event }]]);
    expect(await listener.call.heard()).toHaveLength(1);
  }
  topicsOf(end.system).publish("room:a", "news", { text: "to all" });
  await end.clock.settle();
  expect(events(socket).map((event) => (event as unknown[])[1])).toEqual(["news", "heard"]);
  await end.stop();
});

test("a payload is encoded once for all clients, and for actors not at all", async () => {
  const end = await endpoint();
  await end.system.start(Listener);
  const clients = [await joined(end), await joined(end), await joined(end)];
  let encoded = 0;
  const payload = {
    toJSON: () => {
      encoded++;
      return { text: "x" };
    },
  };
  topicsOf(end.system).publish("room:nobody", "said", payload);
  expect(encoded).toBe(0);
  topicsOf(end.system).publish("room:a", "said", payload, { retain: true });
  await end.clock.settle();
  for (const { socket } of clients) expect(events(socket)).toEqual([["room:a", "said", { text: "x" }]]);
  const late = await hello(end);
  late.socket.arrive(["3", "3", "room:a", "phx_join", {}, 1]);
  await end.clock.settle();
  expect(encoded).toBe(1);
  await end.stop();
});

test("a client that joins gets what is retained, after the answer to its join, if the channel's class asks for it", async () => {
  const end = await endpoint();
  for (const topic of ["room:a", "plain:a"]) {
    topicsOf(end.system).publish(topic, "price", { text: "old" }, { retain: true });
    topicsOf(end.system).publish(topic, "price", { text: "7" }, { retain: true });
  }
  const { socket } = await hello(end);
  socket.arrive(["3", "3", "room:a", "phx_join", {}, 1]);
  socket.arrive(["4", "4", "plain:a", "phx_join", {}, 2]);
  await end.clock.settle();
  topicsOf(end.system).publish("room:a", "price", { text: "8" });
  await end.clock.settle();
  const frames = socket.take().map(numbered);
  expect(frames).toEqual([
    ["3", "3", "room:a", "phx_reply", { status: "ok", response: {} }, 1],
    [null, null, "room:a", "price", { text: "7" }, 2],
    ["4", "4", "plain:a", "phx_reply", { status: "ok", response: {} }, 3],
    [null, null, "room:a", "price", { text: "8" }, 4],
  ]);
  await end.stop();
});

test("a client is told by its channel that a limit refused what it said, and when to say it again", async () => {
  const end = await endpoint({ topics: { "room:*": { rate: { perSecond: 2, burst: 1 } } } });
  const { socket } = await joined(end);
  for (let seq = 2; seq <= 3; seq++) socket.arrive(["3", String(seq + 2), "room:a", "say", { text: "x" }, seq]);
  await end.clock.settle();
  const replies = socket.take().filter((frame): frame is unknown[] => Array.isArray(frame) && frame[3] === "phx_reply");
  expect(replies.map((frame) => frame[4])).toEqual([
    { status: "ok", response: {} },
    { status: "error", response: { reason: "rate_limited", retryAfterMs: 500 } },
  ]);
  await end.stop();
});

test("the rate of a publisher is that of a client, whatever topics it is on", async () => {
  const end = await endpoint({ publisherRate: { perSecond: 1 } });
  const [one, two] = [await joined(end), await joined(end)];
  one.socket.arrive(["9", "9", "plain:b", "phx_join", {}, 2]);
  await end.clock.settle();
  one.socket.arrive(["3", "10", "room:a", "say", { text: "x" }, 3]);
  one.socket.arrive(["9", "11", "plain:b", "say", { text: "x" }, 4]);
  two.socket.arrive(["3", "10", "room:a", "say", { text: "x" }, 2]);
  await end.clock.settle();
  const answers = [one, two].flatMap(({ socket }) =>
    socket
      .take()
      .filter((frame): frame is unknown[] => Array.isArray(frame) && (frame[1] === "10" || frame[1] === "11"))
      .map((frame) => (frame[4] as { status: string }).status),
  );
  expect(answers).toEqual(["ok", "error", "ok"]);
  await end.stop();
});

test("a gap that a client is told of has the offsets of the topic's log, which the server can read", async () => {
  const limits = { topicLogMessages: 2 };
  const end = await endpoint({ topics: { "room:*": { log: {} } } }, { limits });
  const { topics } = { topics: topicsOf(end.system) };
  topics.publish("room:a", "news", { n: 1 });
  const client = await joined(end);
  client.socket.lose();
  await end.clock.settle();
  for (let n = 2; n <= 5; n++) topics.publish("room:a", "news", { n });
  const socket = await comeBack(end, client);
  await end.clock.settle();
  const gap = socket
    .take()
    .filter((frame): frame is unknown[] => Array.isArray(frame) && frame[3] === "phx_gap")
    .map((frame) => frame[4] as { epoch: string; from: number; to: number });
  const position = topics.position("room:a");
  expect(gap).toEqual([{ epoch: position?.epoch, from: 2, to: 3, reason: "lost" }]);
  const [missed] = gap;
  if (missed === undefined) throw new Error("expected a gap");
  const page = topics.read("room:a", { epoch: missed.epoch, offset: missed.from - 1 }, missed.to - missed.from + 1);
  expect(page.messages.map(({ payload }) => payload)).toEqual([{ n: 2 }, { n: 3 }]);
  await end.stop();
});

test("a log that begins while clients are on the topic goes on with the numbers that they know", async () => {
  const end = await endpoint();
  const { socket } = await joined(end);
  for (let n = 1; n <= 3; n++) topicsOf(end.system).publish("room:a", "news", { n });
  const own = end.context.subscriptions.find("room:a");
  const position = { epoch: own?.epoch, offset: own?.offset };
  expect(position.offset).toBe(3);
  const topics = end.system.whereis<Topics>("endpoint.topics");
  if (topics === undefined) throw new Error("expected topics");
  await end.system.stopActor(topics);
  const { subscriptions } = end.context;
  await end.system.start(Topics, { subscriptions, writer: undefined, options: { topics: { "**": { log: {} } } } });
  expect(topicsOf(end.system).publish("room:a", "news", { n: 4 })).toMatchObject({
    position: { epoch: position.epoch, offset: 4 },
  });
  await end.clock.settle();
  expect(events(socket)).toHaveLength(4);
  await end.stop();
});

test("two endpoints with topics of one name are one: what is said at one is heard at both, once", async () => {
  const end = await endpoint();
  const other = await createFakeEndpoint({ channels: { "room:*": Room } });
  // Its sessions run elsewhere, which matters to nobody.
  await end.system.start(Topics, { subscriptions: other.context.subscriptions, writer: undefined });
  const { socket } = await joined(end);
  const far = await joined(other);
  expect(topicsOf(end.system).publish("room:a", "news", {})).toMatchObject({ clients: 2 });
  socket.arrive(["3", "4", "room:a", "say", { text: "x" }, 2]);
  await end.clock.settle();
  await other.clock.settle();
  expect(events(socket)).toHaveLength(2);
  expect(events(far.socket)).toHaveLength(2);
  await end.stop();
  await other.stop();
});

test("presence is told whatever the rates of a topic are", async () => {
  const end = await endpoint({ topics: { "**": { rate: { perSecond: 1 } } } });
  const { socket } = await joined(end);
  const topics = end.system.whereis<Topics>("endpoint.topics");
  for (let n = 0; n < 5; n++) topics?.cast.announce("room:a", "presence_diff", { n });
  await end.clock.settle();
  expect(events(socket)).toHaveLength(5);
  await end.stop();
});
