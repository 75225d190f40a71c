import { expect, test } from "vitest";
import { Channel, type Gap, ok, type Overflow } from "../../../actors/index.js";
import type { FakeEndpoint } from "../fake-endpoint.js";
import type { FakeSocket } from "../fake-socket.js";
import { comeBack, endpoint, joined, numbered, welcomeOf } from "./room.js";

const say = (end: FakeEndpoint, from: number, to: number, key?: (n: number) => string): void => {
  for (let n = from; n <= to; n++) {
    end.context.subscriptions.broadcast("room:a", "said", { n }, key === undefined ? undefined : { key: key(n) });
  }
};

/** What a client got, with gaps as `from-to reason`; it acknowledges all of it. */
async function got(end: FakeEndpoint, socket: FakeSocket): Promise<unknown[]> {
  const all: unknown[] = [];
  for (;;) {
    const frames = socket.take();
    if (frames.length === 0) return all;
    let last = 0;
    for (const frame of frames) {
      if (!Array.isArray(frame) || typeof frame[5] !== "number") continue;
      last = Math.max(last, frame[5]);
      const payload: Record<string, unknown> = frame[4];
      const { n, from, to, reason } = payload;
      all.push(frame[3] === "phx_gap" ? `${String(from)}-${String(to)} ${String(reason)}` : (n ?? payload));
    }
    if (last > 0) socket.arrive([null, null, "phoenix", "ack", { ack: last }]);
    await end.clock.settle();
  }
}

const roomWith = (overflow: Overflow) =>
  class extends Channel {
    static override readonly overflow = overflow;
  };

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);

test("what is broadcast while nobody is away is not kept", async () => {
  const end = await endpoint();
  await joined(end);
  say(end, 1, 10);
  expect(end.context.subscriptions.find("room:a")?.kept).toEqual({ messages: 0, bytes: 0 });
  await end.stop();
});

test("while a client is away its session keeps nothing of a broadcast; the topic keeps it once for all of them", async () => {
  const end = await endpoint();
  const [one, other] = [await joined(end), await joined(end)];
  one.socket.lose();
  other.socket.lose();
  await end.clock.settle();
  say(end, 1, 500);
  await end.clock.settle();
  expect(end.context.subscriptions.find("room:a")?.kept.messages).toBe(500);
  expect(end.context.directory.counts.bytes).toBeLessThan(400);
  for (const client of [one, other]) expect(await got(end, await comeBack(end, client))).toEqual(numbers(1, 500));
  expect(end.context.subscriptions.loggedBytes).toBe(0);
  await end.stop();
});

test("what was on its way when the socket was lost comes before what is read from the log", async () => {
  const end = await endpoint();
  const first = await joined(end);
  say(end, 1, 3);
  first.socket.lose();
  say(end, 4, 6);
  await end.clock.settle();
  say(end, 7, 9);
  const socket = await comeBack(end, first);
  say(end, 10, 12);
  await end.clock.settle();
  const frames = [...(await got(end, first.socket)), ...(await got(end, socket))];
  expect([...new Set(frames)]).toEqual(numbers(1, 12));
  await end.stop();
});

test("a burst larger than the outbox reaches a client that is there, and none of it is lost", async () => {
  const end = await endpoint({ limits: { windowMessages: 8, outboxMessages: 20 } });
  const { socket } = await joined(end);
  say(end, 1, 2_000);
  await end.clock.settle();
  expect(await got(end, socket)).toEqual(numbers(1, 2_000));
  say(end, 2_001, 2_003);
  await end.clock.settle();
  expect(await got(end, socket)).toEqual(numbers(2_001, 2_003));
  expect(end.context.subscriptions.loggedBytes).toBe(0);
  await end.stop();
});

test("the outbox of a client that never acknowledges stays within a window or two", async () => {
  const end = await endpoint({ limits: { windowMessages: 8 } });
  const first = await joined(end);
  for (let time = 0; time < 50; time++) {
    say(end, 1, 20);
    await end.clock.settle();
  }
  expect(end.context.directory.counts.online).toBe(1);
  expect(end.context.subscriptions.find("room:a")?.kept.messages).toBeGreaterThan(900);
  expect(first.socket.take().length).toBeLessThanOrEqual(8);
  await end.stop();
});

test("what the log has dropped is announced as lost, in its place, and in the welcome", async () => {
  const end = await endpoint({ limits: { topicLogMessages: 5 } });
  const first = await joined(end);
  first.socket.lose();
  await end.clock.settle();
  say(end, 1, 20);
  const socket = await comeBack(end, first);
  expect(JSON.parse(socket.sent[0] ?? "")).toMatchObject([
    null,
    "1",
    "phoenix",
    "phx_reply",
    {
      response: { topics: { "room:a": "gap" } },
    },
  ]);
  expect(await got(end, socket)).toEqual(["1-15 lost", ...numbers(16, 20)]);
  await end.stop();
});

test("a gap is a numbered frame of the topic, with its epoch", async () => {
  const end = await endpoint({ limits: { topicLogMessages: 1 } });
  const first = await joined(end);
  first.socket.lose();
  await end.clock.settle();
  say(end, 1, 3);
  const socket = await comeBack(end, first);
  const epoch = end.context.subscriptions.find("room:a")?.epoch;
  expect(socket.take().slice(1).map(numbered)).toEqual([
    ["3", null, "room:a", "phx_gap", { epoch, from: 1, to: 2, reason: "lost" }, 2],
    [null, null, "room:a", "said", { n: 3 }, 3],
  ]);
  await end.stop();
});

test("conflate sends only the latest of each key, and says what it left out", async () => {
  const end = await endpoint({ channels: { "room:*": roomWith("conflate") } });
  const first = await joined(end);
  first.socket.lose();
  await end.clock.settle();
  say(end, 1, 6, (n) => `k${n % 2}`);
  say(end, 7, 7);
  expect(await got(end, await comeBack(end, first))).toEqual(["1-4 conflated", 5, 6, 7]);
  await end.stop();
});

test("drop_oldest sends a window's worth, and says what it left out", async () => {
  const end = await endpoint({ channels: { "room:*": roomWith("drop_oldest") }, limits: { windowMessages: 4 } });
  const first = await joined(end);
  first.socket.lose();
  await end.clock.settle();
  say(end, 1, 10);
  expect(await got(end, await comeBack(end, first))).toEqual(["1-6 overflow", 7, 8, 9, 10]);
  await end.stop();
});

test("close sends a slow client away for a while; when it is back it gets everything", async () => {
  const end = await endpoint({ channels: { "room:*": roomWith("close") }, limits: { windowMessages: 4 } });
  const first = await joined(end);
  say(end, 1, 30);
  await end.clock.settle();
  expect(first.socket.closedWith?.code).toBe(4202);
  expect(JSON.parse(first.socket.closedWith?.reason ?? "")).toEqual({
    reason: "slow_consumer",
    retryAfterMs: expect.any(Number),
  });
  expect(await got(end, await comeBack(end, first))).toEqual(numbers(1, 30));
  await end.stop();
});

test("a channel answers a gap with a snapshot before the rest of the replay", async () => {
  const gaps: Gap[] = [];
  class Board extends Channel {
    override handleGap(gap: Gap): void {
      gaps.push(gap);
      this.push("snapshot", { n: "snapshot" });
    }
  }
  const end = await endpoint({ channels: { "room:*": Board }, limits: { topicLogMessages: 2 } });
  const first = await joined(end);
  first.socket.lose();
  await end.clock.settle();
  say(end, 1, 6);
  expect(await got(end, await comeBack(end, first))).toEqual(["1-4 lost", "snapshot", 5, 6]);
  expect(gaps).toMatchObject([{ from: 1, to: 4, reason: "lost" }]);
  await end.stop();
});

test("what a sender is not to get of its own does not come from the log either, and is no gap", async () => {
  class Room extends Channel {
    override handleInfo(message: unknown): void {
      this.broadcastFrom("said", { n: message });
    }
    override join() {
      this.joinGroup("rooms");
      return ok();
    }
  }
  const end = await endpoint({ channels: { "room:*": Room } });
  const first = await joined(end);
  first.socket.lose();
  await end.clock.settle();
  say(end, 1, 2);
  for (const room of end.system.members("rooms")) room.send("own");
  await end.clock.settle();
  say(end, 4, 5);
  expect(await got(end, await comeBack(end, first))).toEqual([1, 2, 4, 5]);
  await end.stop();
});

test("a message larger than the window is refused where it is broadcast", async () => {
  const end = await endpoint({ limits: { windowBytes: 1_000 } });
  await joined(end);
  expect(() => end.context.subscriptions.broadcast("room:a", "said", { text: "x".repeat(1_000) })).toThrow(
    "windowBytes",
  );
  await end.stop();
});

test("a topic that was joined while the client was lost waits for it like the others", async () => {
  let open: () => void = () => undefined;
  class Slow extends Channel {
    override join() {
      return new Promise<undefined>((resolve) => {
        open = () => resolve(undefined);
      });
    }
  }
  const end = await endpoint({ channels: { "room:*": Slow } });
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new", token: "ann" }]);
  await end.clock.settle();
  const { sid, secret } = welcomeOf(socket);
  socket.arrive(["3", "3", "room:a", "phx_join", {}, 1]);
  await end.clock.settle();
  socket.lose();
  open();
  await end.clock.settle();
  say(end, 1, 3);
  const next = await end.connect();
  const resume = { sid, secret, epoch: 1, rx: 0, txFirst: 1, txNext: 2 };
  next.socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "resume", token: "ann", resume }]);
  await end.clock.settle();
  expect(await got(end, next.socket)).toEqual([{ status: "ok", response: {} }, 1, 2, 3]);
  await end.stop();
});

test("a storm of clients that come back replays in turns, and whoever dies gives its turn back", async () => {
  const end = await endpoint({ limits: { detachedPerUser: 30 } });
  const clients = [];
  for (let count = 0; count < 30; count++) clients.push(await joined(end));
  for (const { socket } of clients) socket.lose();
  await end.clock.settle();
  say(end, 1, 200);
  const { replays } = end.context;
  const turns: number[] = [];
  const { join } = replays;
  replays.join = (session): void => {
    join.call(replays, session);
    turns.push(replays.counts.granted);
  };
  const [first, ...others] = await Promise.all(clients.map((client) => comeBack(end, client)));
  for (const { sid } of clients.slice(1, 4)) {
    const session = end.context.directory.find(sid);
    if (session !== undefined) end.system.exit(session, "kill");
  }
  await end.clock.settle();
  expect(first).toBeDefined();
  for (const socket of others.slice(3)) expect(await got(end, socket)).toEqual(numbers(1, 200));
  // How many have a turn at a time is the queue's own test; here every read has asked for one.
  expect(turns.length).toBeGreaterThan(26);
  expect(Math.max(...turns)).toBeLessThanOrEqual(8);
  expect(replays.counts).toEqual({ waiting: 0, granted: 0 });
  await end.stop();
});
