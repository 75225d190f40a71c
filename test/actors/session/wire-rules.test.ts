import { expect, test } from "vitest";
import { Channel, ok, type Topics } from "../../../actors/index.js";
import { inspectSystem } from "../../../src/inspect/kernel-adapter.js";
import { serve } from "../../integration/served.js";
import { roomClass } from "../../integration/rooms.js";
import { WireClient } from "../../integration/wire-client.js";
import type { FakeEndpoint } from "../fake-endpoint.js";
import { endpoint, hello, joined, numbered, resume, welcomeOf } from "./room.js";

/** Channels whose join takes until the test says so. */
async function slowJoins(): Promise<{ end: FakeEndpoint; letIn: () => void; heard: string[] }> {
  const heard: string[] = [];
  let open: () => void = () => undefined;
  class Slow extends Channel {
    override async join() {
      heard.push("join");
      await new Promise<void>((resolve) => {
        open = resolve;
      });
      this.push("welcome", {});
      return ok({ late: true });
    }
    override handleIn(event: string) {
      heard.push(event);
      return ok();
    }
    override terminate(): void {
      heard.push("end");
    }
  }
  const end = await endpoint({ channels: { "room:*": Slow } });
  return { end, letIn: () => open(), heard };
}

test("an acknowledgement goes out alone in answer to a heartbeat, before its time", async () => {
  const end = await endpoint();
  const { socket } = await joined(end);
  socket.arrive(["3", "4", "room:a", "say", 1, 2]);
  await end.clock.settle();
  socket.take();
  socket.arrive([null, "h", "phoenix", "heartbeat", {}]);
  await end.clock.settle();
  expect(socket.take()).toContainEqual([null, null, "phoenix", "ack", { ack: 2 }]);
  await end.stop();
});

test("nothing of a topic comes before the answer to its join, and what the client sends meanwhile waits behind it", async () => {
  const { end, letIn, heard } = await slowJoins();
  const { socket } = await end.connect();
  socket.arrive(["1", "1", "room:a", "phx_join", {}]);
  socket.arrive(["1", "2", "room:a", "first", {}]);
  socket.arrive([null, "3", "nowhere", "second", {}]);
  await end.clock.settle();
  end.context.subscriptions.broadcast("room:a", "said", { early: true });
  await end.clock.settle();
  expect([socket.take(), heard]).toEqual([[], ["join"]]);
  letIn();
  await end.clock.settle();
  const frames = socket.take();
  expect(frames[0]).toEqual(["1", "1", "room:a", "phx_reply", { status: "ok", response: { late: true } }]);
  expect(frames.slice(1).map((frame) => (Array.isArray(frame) ? frame.slice(1, 4) : frame))).toEqual(
    expect.arrayContaining([
      [null, "room:a", "welcome"],
      ["2", "room:a", "phx_reply"],
      ["3", "nowhere", "phx_reply"],
    ]),
  );
  expect(heard).toEqual(["join", "first"]);
  await end.stop();
});

test("a join that its client did not wait for is left by the leave that follows with its join_ref, and may come again", async () => {
  const { end, letIn, heard } = await slowJoins();
  const { socket } = await end.connect();
  socket.arrive(["1", "1", "room:a", "phx_join", {}]);
  socket.arrive(["1", "2", "room:a", "phx_leave", {}]);
  socket.arrive(["3", "3", "room:a", "phx_join", {}]);
  await end.clock.settle();
  letIn();
  await end.clock.settle();
  letIn();
  await end.clock.settle();
  const replies = socket.take().filter((frame) => Array.isArray(frame) && frame[3] === "phx_reply");
  expect(replies.map((frame) => (Array.isArray(frame) ? frame[1] : undefined))).toEqual(["1", "2", "3"]);
  // The next one begins when the one before has ended.
  expect(heard).toEqual(["join", "end", "join"]);
  await end.stop();
});

test("broadcasts have neither join_ref nor ref, pushes the join_ref of the join, replies both", async () => {
  const end = await endpoint();
  const { socket } = await end.connect();
  socket.arrive(["7", "7", "room:a", "phx_join", {}]);
  socket.arrive(["7", "8", "room:a", "ask", {}]);
  await end.clock.settle();
  end.context.subscriptions.broadcast("room:a", "said", { n: 1 });
  for (const room of end.system.members("rooms")) room.send("hi");
  await end.clock.settle();
  const heads = socket.take().map((frame) => (Array.isArray(frame) ? frame.slice(0, 4) : frame));
  expect(heads).toEqual(
    expect.arrayContaining([
      ["7", "7", "room:a", "phx_reply"],
      ["7", "8", "room:a", "phx_reply"],
      [null, null, "room:a", "said"],
      ["7", null, "room:a", "news"],
    ]),
  );
  await end.stop();
});

test("refs are texts that mean nothing to the server: any will do, in any order, the same one again too", async () => {
  const end = await endpoint();
  const { socket } = await end.connect();
  for (const ref of ["900", "3", "3", "x", "-1"])
    socket.arrive(["900", ref, "room:a", ref === "900" ? "phx_join" : "ask", {}]);
  await end.clock.settle();
  expect(socket.take().map((frame) => (Array.isArray(frame) ? frame[1] : undefined))).toEqual([
    "900",
    "3",
    "3",
    "x",
    "-1",
  ]);
  await end.stop();
});

test("every bound of a session is shown to whoever inspects the endpoint, and so is what it holds", async () => {
  const { url, system } = await serve({
    socket: { channels: { "room:*": roomClass() }, limits: { windowMessages: 99 } },
  });
  const { client } = await WireClient.open(url);
  client.control("ack", { ack: 0 });
  const view = inspectSystem(system);
  expect(view.find("endpoint.clients")?.status()).toMatchObject({
    limits: {
      windowMessages: 99,
      windowBytes: 262_144,
      outboxMessages: 1_000,
      outboxBytes: 1_048_576,
      socketBufferBytes: 65_536,
      detachedPerUser: 5,
      topicLogMessages: 4_096,
      topicBytes: 1_024,
    },
    admission: { open: 1, pending: 0, turnedAway: { rate_limited: 0 } },
  });
  const [session] = [...(view.find("endpoint.sessions")?.children() ?? [])];
  expect(session?.status()).toMatchObject({ outbox: { messages: 0, bytes: 0 }, inFlight: { messages: 0, bytes: 0 } });
});

test("a client that is there and fast gets broadcasts in its own stream; one that is away costs the topic one note", async () => {
  const end = await endpoint();
  const [there, away] = [await joined(end), await joined(end, { token: "bob" })];
  away.socket.lose();
  await end.clock.settle();
  for (let n = 1; n <= 100; n++) end.context.subscriptions.broadcast("room:a", "said", { n });
  await end.clock.settle();
  expect(there.socket.take().map(numbered)).toEqual(
    Array.from({ length: 100 }, (_, at) => [null, null, "room:a", "said", { n: at + 1 }, at + 2]),
  );
  // What is kept for it is the answer to its join, which it has not acknowledged.
  expect(end.context.directory.counts).toMatchObject({ detached: 1 });
  expect(end.context.directory.counts.bytes).toBeLessThan(100);
  await end.stop();
});

test("a user's session is not given to the same client when it has become anonymous, nor the other way round", async () => {
  const end = await endpoint({ authenticate: ({ token }) => (token === undefined ? {} : { user: token }) });
  const named = await hello(end, { token: "ann" });
  named.socket.lose();
  await end.clock.settle();
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, ...resume(named, 0, 1) }]);
  await end.clock.settle();
  const nobody = welcomeOf(socket);
  expect(nobody).toMatchObject({ resumed: false, reason: "auth" });
  const { socket: second } = await end.connect();
  second.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume(nobody, 0, 1) }]);
  await end.clock.settle();
  expect(welcomeOf(second)).toMatchObject({ resumed: false, reason: "auth" });
  await end.stop();
});

test("Topics is what other actors broadcast with, and what they send has a number like all else", async () => {
  const { url, system } = await serve({ socket: { channels: { "room:*": roomClass() } } });
  const { client } = await WireClient.open(url);
  await client.next((frame) => frame.ref === client.send(1, "room:1", "phx_join"));
  system.whereis<Topics>("endpoint.topics")?.cast.broadcast("room:1", "news", { n: 1 });
  expect(await client.next(({ event }) => event === "news")).toMatchObject({ joinRef: null, ref: null, seq: 2 });
});

test("what the handler of a killed channel still says, its answer included, is not for the client", async () => {
  let finish: () => void = () => undefined;
  const channels: Slow[] = [];
  class Slow extends Channel {
    override join() {
      channels.push(this);
    }
    override async handleIn() {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      this.push("afterwards", {});
      return ok({ late: true });
    }
    me() {
      return this.self();
    }
  }
  const end = await endpoint({ channels: { "room:*": Slow } });
  const { socket } = await hello(end);
  socket.arrive(["3", "3", "room:a", "phx_join", {}, 1]);
  socket.arrive(["3", "4", "room:a", "say", {}, 2]);
  await end.clock.settle();
  socket.take();
  const [channel] = channels;
  if (channel !== undefined) end.system.exit(channel.me(), "kill");
  await end.clock.settle();
  expect(JSON.stringify(socket.take())).toContain('"room:a","phx_error",{"reason":"channel_crash"}');
  finish();
  await end.clock.settle();
  expect(socket.take()).toEqual([]);
  await end.stop();
});
