import { expect, test } from "vitest";
import { Channel, ok } from "../../../actors/index.js";
import { encodeClientBinary } from "../../../src/protocol/binary-frame.js";
import type { FakeEndpoint, FakeEndpointOptions } from "../fake-endpoint.js";
import type { FakeSocket } from "../fake-socket.js";
import { createFakeEndpoint } from "../fake-endpoint.js";

class Room extends Channel {
  static joins = 0;
  override join() {
    Room.joins++;
    this.joinGroup(this.topic);
    return ok({ joins: Room.joins });
  }
  override handleIn(event: string, payload: unknown) {
    return event === "silent" ? undefined : ok({ payload });
  }
  override handleInfo(message: unknown): void {
    this.push("news", { message });
  }
}

async function stage(options: Partial<FakeEndpointOptions> = {}): Promise<FakeEndpoint> {
  Room.joins = 0;
  const authenticate = ({ params }: { params: Record<string, unknown> }) => ({ user: `${params["user"] ?? "ann"}` });
  return createFakeEndpoint({ channels: { "room:*": Room }, authenticate, ...options });
}

interface News {
  readonly socket: FakeSocket;
  readonly token: string;
  readonly resumed: boolean;
  readonly reason?: string;
}

/** A stock client connects, with the token it has, and hears of its session at once. */
async function connect(end: FakeEndpoint, params: Record<string, string> = {}): Promise<News> {
  const { socket } = await end.connect({ session: "", ...params });
  await end.clock.settle();
  const frame: unknown = socket.take()[0];
  if (!Array.isArray(frame) || frame[3] !== "session") throw new Error(`expected a session, got ${String(frame)}`);
  return { ...frame[4], socket };
}

async function joined(end: FakeEndpoint, topics: readonly string[] = ["room:a"]): Promise<News> {
  const client = await connect(end);
  for (const topic of topics) client.socket.arrive(["3", "3", topic, "phx_join", {}]);
  await end.clock.settle();
  client.socket.take();
  return client;
}

const say = (end: FakeEndpoint, n: number, topic = "room:a") =>
  end.context.subscriptions.broadcast(topic, "said", { n });

async function lose(end: FakeEndpoint, client: News): Promise<void> {
  client.socket.lose();
  await end.clock.settle();
}

test("a stock client that asks for it hears of its session at once, and its frames are numbered in the sixth element", async () => {
  const end = await stage();
  const { socket, token, resumed } = await connect(end);
  expect([resumed, token.split(".")[1]?.length]).toEqual([false, 43]);
  socket.arrive(["3", "3", "room:a", "phx_join", {}]);
  await end.clock.settle();
  say(end, 1);
  await end.clock.settle();
  expect(socket.take()).toEqual([
    ["3", "3", "room:a", "phx_reply", { status: "ok", response: { joins: 1 } }, 1],
    [null, null, "room:a", "said", { n: 1 }, 2],
  ]);
  await end.stop();
});

test("its join of a topic that the session holds gives the live channel back: the reply first, then what was missed, under the new join_ref", async () => {
  const end = await stage();
  const first = await joined(end);
  say(end, 1);
  for (const room of end.system.members("room:a")) room.send("in flight");
  await end.clock.settle();
  await lose(end, first);
  say(end, 2);
  for (const room of end.system.members("room:a")) room.send("while away");
  await end.clock.settle();
  const second = await connect(end, { session: first.token, rx: "1" });
  expect(second.resumed).toBe(true);
  say(end, 3);
  await end.clock.settle();
  expect(second.socket.take()).toEqual([]);
  second.socket.arrive(["9", "9", "room:a", "phx_join", {}]);
  await end.clock.settle();
  expect(second.socket.take()).toEqual([
    ["9", "9", "room:a", "phx_reply", { status: "ok", response: { resumed: true } }, 5],
    [null, null, "room:a", "said", { n: 1 }, 6],
    ["9", null, "room:a", "news", { message: "in flight" }, 7],
    ["9", null, "room:a", "news", { message: "while away" }, 8],
    [null, null, "room:a", "said", { n: 2 }, 9],
    [null, null, "room:a", "said", { n: 3 }, 10],
  ]);
  for (const room of end.system.members("room:a")) room.send("live");
  second.socket.arrive(["9", "10", "room:a", "ask", 5]);
  await end.clock.settle();
  expect(second.socket.take()).toEqual([
    ["9", null, "room:a", "news", { message: "live" }, 11],
    ["9", "10", "room:a", "phx_reply", { status: "ok", response: { payload: 5 } }, 12],
  ]);
  expect(Room.joins).toBe(1);
  await end.stop();
});

test("what was missed on a topic that is joined later is not lost when the client is lost in between", async () => {
  const end = await stage();
  const first = await joined(end, ["room:a", "room:b"]);
  await lose(end, first);
  say(end, 1, "room:a");
  say(end, 2, "room:b");
  for (const room of end.system.members("room:b")) room.send("own");
  await end.clock.settle();
  const second = await connect(end, { session: first.token, rx: "2" });
  second.socket.arrive(["5", "5", "room:a", "phx_join", {}]);
  await end.clock.settle();
  const seen = second.socket.take();
  expect(seen).toHaveLength(2);
  await lose(end, second);
  const third = await connect(end, { session: second.token, rx: "5" });
  third.socket.arrive(["7", "7", "room:b", "phx_join", {}]);
  third.socket.arrive(["8", "8", "room:a", "phx_join", {}]);
  await end.clock.settle();
  expect(third.socket.take().map((frame) => JSON.stringify(frame).replace(/,\d+\]$/u, ""))).toEqual([
    '["7","7","room:b","phx_reply",{"status":"ok","response":{"resumed":true}}',
    '["7",null,"room:b","news",{"message":"own"}',
    '["8","8","room:a","phx_reply",{"status":"ok","response":{"resumed":true}}',
    '[null,null,"room:b","said",{"n":2}',
  ]);
  await end.stop();
});

test("a token is good once; then the client gets a fresh session and hears why", async () => {
  const end = await stage();
  const first = await joined(end);
  await lose(end, first);
  await connect(end, { session: first.token, rx: "1" });
  expect(await connect(end, { session: first.token, rx: "1" })).toMatchObject({ resumed: false, reason: "unknown" });
  await end.stop();
});

test("a token is worth nothing to another user, nor one that nobody made", async () => {
  const end = await stage();
  const first = await joined(end);
  await lose(end, first);
  const [sid] = first.token.split(".");
  expect(await connect(end, { session: first.token, rx: "1", user: "eve" })).toMatchObject({ reason: "auth" });
  expect(await connect(end, { session: `${sid}.guess` })).toMatchObject({ reason: "unknown" });
  expect(await connect(end, { session: `${sid}` })).toMatchObject({ reason: "unknown" });
  expect(await connect(end, { session: first.token, rx: "99" })).toMatchObject({ reason: "corrupt" });
  expect(await connect(end, { session: first.token, rx: "1" })).toMatchObject({ resumed: true });
  await end.stop();
});

test("without a token the same join behaves as Phoenix does", async () => {
  const end = await stage();
  const first = await joined(end);
  await lose(end, first);
  const { socket } = await connect(end);
  socket.arrive(["9", "9", "room:a", "phx_join", {}]);
  await end.clock.settle();
  expect(socket.take()).toMatchObject([["9", "9", "room:a", "phx_reply", { response: { joins: 2 } }, 1]]);
  await end.stop();
});

test("while its client is there a token is renewed every five minutes, and the one before is good until the next heartbeat", async () => {
  const end = await stage();
  const client = await joined(end);
  const beat = async (): Promise<unknown[]> => {
    client.socket.arrive([null, "h", "phoenix", "heartbeat", {}]);
    await end.clock.settle();
    return client.socket.take().slice(1);
  };
  await end.clock.advance(299_999);
  expect(await beat()).toEqual([]);
  await end.clock.advance(1);
  expect(await beat()).toMatchObject([[null, null, "phoenix", "session", { resumed: true }]]);
  await lose(end, client);
  expect(await connect(end, { session: client.token, rx: "1" })).toMatchObject({ resumed: true });
  await end.stop();
});

test("a topic that it does not join again within 30 s is left", async () => {
  const end = await stage();
  const first = await joined(end, ["room:a", "room:b"]);
  await lose(end, first);
  const second = await connect(end, { session: first.token, rx: "2" });
  second.socket.arrive(["5", "5", "room:a", "phx_join", {}]);
  await end.clock.advance(29_999);
  expect(end.context.subscriptions.count("room:b")).toBe(1);
  await end.clock.advance(1);
  expect([end.context.subscriptions.count("room:a"), end.context.subscriptions.count("room:b")]).toEqual([1, 0]);
  expect(end.context.subscriptions.loggedBytes).toBe(0);
  await end.stop();
});

test("its session waits for it as long as any other, ends with 1000, and does not end when Phoenix's client gives a dead socket up", async () => {
  const end = await stage();
  const [bye, gaveUp] = [await joined(end), await joined(end)];
  bye.socket.owner?.onClose(bye.socket, 1000, "");
  gaveUp.socket.owner?.onClose(gaveUp.socket, 1000, "heartbeat timeout");
  await end.clock.settle();
  expect(end.context.directory.size).toBe(1);
  await end.clock.advance(120_000);
  expect(end.context.directory.size).toBe(0);
  expect(await connect(end, { session: gaveUp.token, rx: "1" })).toMatchObject({ resumed: false, reason: "expired" });
  await end.stop();
});

test("the latest frames are kept without acknowledgements; a client that has seen less than these begins anew", async () => {
  const end = await stage({ limits: { outboxMessages: 10 } });
  const first = await joined(end);
  for (let n = 0; n < 30; n++) say(end, n);
  await end.clock.settle();
  expect(first.socket.take()).toHaveLength(30);
  await lose(end, first);
  expect(await connect(end, { session: first.token, rx: "5" })).toMatchObject({ resumed: false, reason: "gap" });
  await end.stop();
});

test("a plain stock client has a session that ends with its socket, as ever, and frames without numbers", async () => {
  const end = await stage();
  const { socket } = await end.connect();
  socket.arrive(["3", "3", "room:a", "phx_join", {}]);
  await end.clock.settle();
  expect(socket.take()).toEqual([["3", "3", "room:a", "phx_reply", { status: "ok", response: { joins: 1 } }]]);
  socket.lose();
  await end.clock.settle();
  expect(end.context.subscriptions.size).toBe(0);
  await end.stop();
});

test("bytes go out as Phoenix writes them, and are replayed under the new join_ref", async () => {
  const end = await stage();
  const first = await joined(end);
  await lose(end, first);
  const payload = new Uint8Array([1]);
  end.context.subscriptions.broadcast("room:a", "said", payload);
  const { socket } = await connect(end, { session: first.token, rx: "1" });
  socket.arrive(["9", "9", "room:a", "phx_join", {}]);
  socket.arriveBytes(encodeClientBinary({ joinRef: "9", ref: "10", topic: "room:a", event: "silent", payload }));
  await end.clock.settle();
  expect(socket.sent.slice(1)).toEqual(["\x02\x06\x04room:asaid\x01"]);
  await end.stop();
});
