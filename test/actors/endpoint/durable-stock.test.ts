import { expect, test } from "vitest";
import type { Clients, Topics } from "../../../actors/index.js";
import { type RawClient, world } from "./durable-world.js";

type World = Awaited<ReturnType<typeof world>>;

interface News {
  readonly client: RawClient;
  readonly token: string;
  readonly resumed: boolean;
  readonly reason?: string;
}

/** A stock client connects, with the token that it has, and hears of its session. */
async function connect({ raw }: World, token = "", rx = 0): Promise<News> {
  const client = await raw(`&user=ann&session=${token}&rx=${rx}`);
  const [frame] = client.take();
  if (!Array.isArray(frame) || frame[3] !== "session") {
    throw new Error(`expected a session, got ${JSON.stringify(frame)} and ${client.closes.join()}`);
  }
  return { client, ...frame[4] };
}

async function join({ clock }: World, client: RawClient, joinRef: string, topic = "room:a"): Promise<unknown[]> {
  client.say(joinRef, joinRef, topic, "phx_join", {});
  await clock.advance(1_000);
  return client.take();
}

async function say({ clock }: World, client: RawClient, joinRef: string, event: string, n: number): Promise<unknown[]> {
  client.say(joinRef, `${n}`, "room:a", event, { n });
  await clock.advance(1_000);
  return client.take();
}

async function news({ system, clock }: World, payload: string, topic = "room:a"): Promise<void> {
  const done = system().whereis<Topics>("endpoint.topics")?.call.broadcast(topic, "said", { payload });
  await clock.advance(1_000);
  await done;
}

const said = (payload: string, seq: number, topic = "room:a") => [null, null, topic, "said", { payload }, seq];
const rejoined = (joinRef: string, seq: number, topic = "room:a") => [
  joinRef,
  joinRef,
  topic,
  "phx_reply",
  { status: "ok", response: { resumed: true } },
  seq,
];

test("a stock client has its session back after the server was killed: its channel, and what it missed, once", async () => {
  const there = await world();
  await there.serve();
  const first = await connect(there);
  await join(there, first.client, "3");
  expect(await say(there, first.client, "3", "say", 1)).toMatchObject([["3", "1", "room:a", "phx_reply", {}, 2]]);
  await news(there, "one");
  expect(first.client.take()).toEqual([said("one", 3)]);
  await there.kill();
  await there.serve();
  await news(there, "two");
  // It has not seen the third frame.
  const second = await connect(there, first.token, 2);
  expect(second.resumed).toBe(true);
  expect(await join(there, second.client, "9")).toEqual([rejoined("9", 4), said("one", 5), said("two", 6)]);
  expect(await say(there, second.client, "9", "said", 7)).toEqual([
    ["9", "7", "room:a", "phx_reply", { status: "ok", response: { said: [{ n: 1 }], restored: true } }, 7],
  ]);
  await there.stop();
});

test("its token is good once, whatever life of the server it came from, and is nowhere in the store", async () => {
  const there = await world();
  await there.serve();
  const first = await connect(there);
  await join(there, first.client, "3");
  await there.kill();
  const stored: string[] = [];
  for await (const { sid } of there.disk.sessions()) {
    const session = await there.disk.readSession(sid);
    if (session?.corrupt === false) stored.push(new TextDecoder().decode(session.meta));
  }
  expect(stored).toHaveLength(1);
  expect(stored.join()).not.toContain(first.token.split(".")[1]);
  await there.serve();
  const second = await connect(there, first.token, 1);
  expect(second.resumed).toBe(true);
  await there.kill();
  await there.serve();
  expect(await connect(there, first.token, 1)).toMatchObject({ resumed: false, reason: "unknown" });
  expect(await connect(there, second.token, 1)).toMatchObject({ resumed: true });
  await there.stop();
});

test("a token that it was given in time is good after a restart, and the one before until it is confirmed", async () => {
  const there = await world();
  await there.serve();
  const first = await connect(there);
  const tokens: string[] = [];
  for (let beat = 0; beat < 11; beat++) {
    first.client.say(null, `${beat}`, "phoenix", "heartbeat", {});
    await there.clock.advance(30_000);
    for (const token of JSON.stringify(first.client.take()).matchAll(/"token":"([^"]+)"/g)) tokens.push(token[1] ?? "");
  }
  expect(tokens).toHaveLength(1);
  await there.kill();
  await there.serve();
  expect(await connect(there, tokens[0])).toMatchObject({ resumed: true });
  await there.stop();
});

test("nothing reaches it before it is safe, so the server never knows less than it", async () => {
  const there = await world();
  const store = await there.serve();
  const first = await connect(there);
  await join(there, first.client, "3");
  store.hold();
  expect(await say(there, first.client, "3", "say", 1)).toEqual([]);
  await there.kill(0);
  await there.serve();
  const second = await connect(there, first.token, 1);
  expect(second.resumed).toBe(true);
  expect(await join(there, second.client, "9")).toEqual([rejoined("9", 2)]);
  await there.stop();
});

test("what waits for a join when the server is killed waits on, however often; what was joined before is not sent again", async () => {
  const there = await world();
  await there.serve();
  const first = await connect(there);
  await join(there, first.client, "3", "room:a");
  await join(there, first.client, "4", "room:b");
  await news(there, "a1", "room:a");
  await news(there, "b1", "room:b");
  first.client.take();
  await there.kill();
  await there.serve();
  // It has seen its joins, and neither broadcast.
  const second = await connect(there, first.token, 2);
  expect(await join(there, second.client, "7", "room:a")).toEqual([rejoined("7", 5), said("a1", 6)]);
  await there.kill();
  await there.serve();
  const third = await connect(there, second.token, 6);
  expect(third.resumed).toBe(true);
  await there.kill();
  await there.serve();
  const fourth = await connect(there, third.token, 6);
  await news(there, "b2", "room:b");
  expect(await join(there, fourth.client, "8", "room:b")).toEqual([
    rejoined("8", 7, "room:b"),
    said("b1", 8, "room:b"),
    said("b2", 9, "room:b"),
  ]);
  expect(await join(there, fourth.client, "9", "room:a")).toEqual([rejoined("9", 10)]);
  await there.stop();
});

test("a client that comes again before it has seen any new number has missed nothing", async () => {
  const there = await world();
  await there.serve();
  const first = await connect(there);
  await join(there, first.client, "3");
  await news(there, "one");
  first.client.socket.close(4000);
  await there.clock.advance(1_000);
  const second = await connect(there, first.token, 1);
  expect(second.resumed).toBe(true);
  await there.kill();
  await there.serve();
  const third = await connect(there, second.token, 1);
  expect(third.resumed).toBe(true);
  expect(await join(there, third.client, "9")).toEqual([rejoined("9", 3), said("one", 4)]);
  await there.stop();
});

test("it keeps the latest frames, in the store too, and has a gap below them", async () => {
  const there = await world();
  await there.serve();
  const first = await connect(there);
  await join(there, first.client, "3");
  for (let n = 1; n <= 1_200; n++) first.client.say("3", `${n}`, "room:a", "said", { n });
  await there.clock.advance(5_000);
  expect(first.client.take()).toHaveLength(1_200);
  const [stored] = await sessionsOf(there);
  expect(stored?.frames.length).toBeLessThanOrEqual(1_064);
  await there.kill();
  await there.serve();
  const second = await connect(there, first.token, 1_199);
  expect(second.resumed).toBe(true);
  expect(await join(there, second.client, "9")).toHaveLength(3);
  await there.kill();
  await there.serve();
  expect(await connect(there, second.token, 50)).toMatchObject({ resumed: false, reason: "gap" });
  await there.stop();
});

test("while the store takes nothing it is closed, and comes back when the store does; a client that cannot come back notices nothing", async () => {
  const there = await world();
  const store = await there.serve();
  const first = await connect(there);
  const plain = await there.raw("&user=bob");
  for (const client of [first.client, plain]) await join(there, client, "3");
  store.failNext();
  expect(await say(there, first.client, "3", "say", 1)).toEqual([]);
  expect(first.client.closes).toEqual([expect.stringMatching(/^1011 .*store_failed/)]);
  store.failNext();
  const refused = await there.raw("&user=ann&session=");
  expect(refused.closes).toEqual([expect.stringMatching(/^1011 .*store_failed/)]);
  plain.take();
  expect(await say(there, plain, "3", "said", 2)).toHaveLength(1);
  await there.clock.advance(3_000);
  const second = await connect(there, first.token, 1);
  expect(second.resumed).toBe(true);
  expect(await join(there, second.client, "9")).toMatchObject([
    rejoined("9", 3),
    ["9", "1", "room:a", "phx_reply", { status: "ok" }, 4],
  ]);
  await there.stop();
});

test("it leaves nothing in the store when its time is over, and is told so after a restart", async () => {
  const there = await world();
  await there.serve();
  const first = await connect(there);
  await join(there, first.client, "3");
  first.client.socket.close(4000);
  await there.clock.advance(10_000);
  await there.kill();
  await there.clock.advance(200_000);
  await there.serve();
  expect(there.disk.status()).toMatchObject({ sessions: 0, logs: 0 });
  expect(await connect(there, first.token, 1)).toMatchObject({ resumed: false, reason: "expired" });
  await there.stop();
});

test("it outlives its own actor's crash", async () => {
  const there = await world();
  await there.serve();
  const first = await connect(there);
  await join(there, first.client, "3");
  await say(there, first.client, "3", "say", 1);
  const asked = there.system().whereis<Clients>("endpoint.clients")?.call.sessionsOf("ann");
  await there.clock.advance(10);
  for (const { session } of (await asked) ?? []) there.system().exit(session, "kill");
  await there.clock.advance(1_000);
  const second = await connect(there, first.token, 2);
  expect(second.resumed).toBe(true);
  await join(there, second.client, "9");
  expect(await say(there, second.client, "9", "said", 7)).toMatchObject([
    ["9", "7", "room:a", "phx_reply", { response: { said: [{ n: 1 }], restored: true } }, 4],
  ]);
  await there.stop();
});

async function sessionsOf({ disk }: World) {
  const found = [];
  for await (const { sid } of disk.sessions()) {
    const session = await disk.readSession(sid);
    if (session?.corrupt === false) found.push(session);
  }
  return found;
}

test("a stock client gets all of a burst, larger than what is kept for it, that came while the disk was busy", async () => {
  const there = await world();
  const { clock, system, stop } = there;
  const store = await there.serve();
  const { client } = await connect(there);
  await join(there, client, "3");
  store.hold();
  const payload = "x".repeat(20_000);
  for (let n = 1; n <= 100; n++) {
    system().whereis<Topics>("endpoint.topics")?.cast.broadcast("room:a", "said", { n, payload });
  }
  await clock.advance(500);
  store.release();
  await clock.advance(20_000);
  const frames = client.take().filter((frame) => Array.isArray(frame) && frame[3] === "said");
  expect(client.closes).toEqual([]);
  const all = Array.from({ length: 100 }, (_, index) => [null, null, "room:a", "said", { n: index + 1 }]);
  expect(frames).toMatchObject(all.map((frame) => [...frame, expect.any(Number)]));
  expect(there.reports().map(({ type }) => type)).not.toContain("store_refused");
  await stop();
});
