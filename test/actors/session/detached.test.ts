import { expect, test } from "vitest";
import { Channel, ok, type SessionState } from "../../../actors/index.js";
import { decodeCloseReason } from "../../../src/protocol/close-codes.js";
import { formatReason, type ExitReason } from "../../../src/index.js";
import type { FakeEndpoint } from "../fake-endpoint.js";
import { comeBack, endpoint, hello, joined, type Welcomed } from "./room.js";

/** A channel class that writes down how its channels end, and what they hear of their clients. */
function diarist() {
  const lines: string[] = [];
  class Diarist extends Channel {
    override join() {
      this.joinGroup("rooms");
      return ok();
    }
    override handleSession(state: SessionState): void {
      lines.push(state);
    }
    override terminate(reason: ExitReason): void {
      lines.push(formatReason(reason));
    }
  }
  return { lines, channels: { "room:*": Diarist } };
}

const sessionOf = (end: FakeEndpoint, sid: string) => {
  const session = end.context.directory.find(sid);
  if (session === undefined) throw new Error("expected a session");
  return session;
};

test.each([
  ["its time", '{"code":4101,"reason":"expired"}', undefined],
  ["bye", '{"code":1000,"reason":"bye"}', "bye"],
  ["a kick", '{"code":4002,"reason":"kicked"}', "kick"],
  ["a crash", "killed", "kill"],
  ["the end of the server", "shutdown", "stop"],
])("terminate of a channel runs once when its session ends by %s", async (_what, reason, how) => {
  const { lines, channels } = diarist();
  const end = await endpoint({ channels });
  const client = await joined(end);
  if (how === "bye") client.socket.arrive([null, "9", "phoenix", "bye", {}]);
  else if (how === "kick") end.clients.cast.kick({ user: "ann" });
  else if (how === "kill") end.system.exit(sessionOf(end, client.sid), "kill");
  else if (how === undefined) client.socket.lose();
  await end.clock.advance(how === undefined ? 200_000 : 1_000);
  await end.stop();
  const ends = lines.filter((line) => line !== "detached");
  expect(ends).toHaveLength(1);
  expect(ends[0]).toContain(reason);
});

test("channels hear that their client is gone after 5 s, not before, and that it is back", async () => {
  const { lines, channels } = diarist();
  const end = await endpoint({ channels });
  const first = await joined(end);
  first.socket.lose();
  await end.clock.advance(4_999);
  expect(lines).toEqual([]);
  await end.clock.advance(1);
  expect(lines).toEqual(["detached"]);
  const second = { ...first, socket: await comeBack(end, first) };
  expect(lines).toEqual(["detached", "online"]);
  second.socket.lose();
  await end.clock.advance(3_000);
  await end.stop();
  expect(lines.slice(0, 3)).toEqual(["detached", "online", "shutdown"]);
});

test("a client that is back within 5 s was never gone for its channels", async () => {
  const { lines, channels } = diarist();
  const end = await endpoint({ channels });
  const first = await joined(end);
  first.socket.lose();
  await end.clock.advance(4_000);
  await comeBack(end, first);
  await end.clock.advance(20_000);
  expect(lines).toEqual([]);
  await end.stop();
});

test("a session that lives for less than 5 s ends at its time", async () => {
  const end = await endpoint();
  const client = await hello(end, { ttlMs: 1_000 });
  client.socket.lose();
  await end.clock.advance(999);
  expect(end.context.directory.size).toBe(1);
  await end.clock.advance(1);
  expect(end.context.directory.size).toBe(0);
  await end.stop();
});

test("a user has at most 5 detached sessions: one more ends the one that was detached first", async () => {
  const end = await endpoint();
  const clients = [];
  for (let n = 0; n < 7; n++) clients.push(await joined(end));
  const other = await joined(end, { token: "bob" });
  other.socket.lose();
  for (const { socket } of clients.slice(1)) {
    socket.lose();
    await end.clock.settle();
  }
  const living = clients.map(({ sid }) => end.context.directory.find(sid) !== undefined);
  expect(living).toEqual([true, false, true, true, true, true, true]);
  expect(end.context.directory.counts).toMatchObject({ online: 1, detached: 6, evicted: 1 });
  expect(end.context.directory.find(other.sid)).toBeDefined();
  expect(end.reports.map(({ type }) => type)).toContain("session_evicted");
  const evicted = clients[1];
  if (evicted === undefined) throw new Error("expected a client");
  const socket = await comeBack(end, evicted);
  expect(socket.take()[0]).toMatchObject([
    null,
    "1",
    "phoenix",
    "phx_reply",
    { response: { resumed: false, reason: "expired" } },
  ]);
  await end.stop();
});

test("an endpoint has so many detached sessions at most, the oldest go first", async () => {
  const end = await endpoint({ limits: { detachedSessions: 3 } });
  const clients = [];
  for (let n = 0; n < 5; n++) clients.push(await joined(end, { token: `user ${n}` }));
  for (const { socket } of clients) {
    socket.lose();
    await end.clock.settle();
  }
  const living = clients.map(({ sid }) => end.context.directory.find(sid) !== undefined);
  expect(living).toEqual([false, false, true, true, true]);
  await end.stop();
});

test("detached sessions keep so many bytes at most, also when these come later", async () => {
  const { channels } = diarist();
  class Room extends channels["room:*"] {
    override handleInfo(message: unknown): void {
      this.push("news", { message });
    }
  }
  const end = await endpoint({ channels: { "room:*": Room }, limits: { detachedBytes: 5_000 } });
  const clients = [await joined(end, { token: "a" }), await joined(end, { token: "b" })];
  for (const { socket } of clients) {
    socket.lose();
    await end.clock.settle();
  }
  for (const room of end.system.members("rooms")) room.send("x".repeat(2_600));
  await end.clock.settle();
  expect(clients.map(({ sid }) => end.context.directory.find(sid) !== undefined)).toEqual([false, true]);
  expect(end.context.directory.counts.bytes).toBeLessThanOrEqual(5_000);
  await end.stop();
  expect(end.context.directory.counts).toMatchObject({ online: 0, detached: 0, bytes: 0 });
});

test("the clients' actor knows a user's sessions and their state, counts all, and kicks", async () => {
  const end = await endpoint();
  const [one, other] = [await joined(end), await joined(end)];
  await joined(end, { token: "bob" });
  other.socket.lose();
  await end.clock.advance(2_000);
  const sessions = await end.clients.call.sessionsOf("ann");
  expect(sessions).toMatchObject([
    { sid: one.sid, user: "ann", state: "online", topics: ["room:a"] },
    { sid: other.sid, user: "ann", state: "detached", sinceMs: 2_000 },
  ]);
  expect(await end.clients.call.counts()).toMatchObject({ online: 2, detached: 1, evicted: 0 });
  expect(await end.clients.call.kick({ sid: one.sid })).toBe(1);
  expect(await end.clients.call.kick({ user: "nobody" })).toBe(0);
  await end.clock.settle();
  expect(one.socket.closedWith).toEqual({ code: 4002, reason: '{"reason":"kicked"}' });
  expect(await end.clients.call.kick({ user: "ann" })).toBe(1);
  await end.clock.settle();
  expect(await end.clients.call.sessionsOf("ann")).toEqual([]);
  await end.stop();
});

test("a stock client is kicked with 1001", async () => {
  const end = await endpoint({ authenticate: () => ({ user: "ann" }) });
  const { socket } = await end.connect();
  socket.arrive(["3", "3", "room:a", "phx_join", {}]);
  await end.clock.settle();
  expect(await end.clients.call.kick({ user: "ann" })).toBe(1);
  await end.clock.settle();
  expect(socket.closedWith?.code).toBe(1001);
  await end.stop();
});

test("a paced drain tells so many clients a second, each another moment to come back", async () => {
  const end = await endpoint();
  const clients: Welcomed[] = [];
  for (let n = 0; n < 40; n++) clients.push(await joined(end, { token: `user ${n}` }));
  const drained = end.clients.callWithin(60_000).drain(100);
  const closed = () => clients.filter(({ socket }) => socket.closedWith !== undefined);
  await end.clock.advance(150);
  expect(closed()).toHaveLength(10);
  const slots = closed().map(({ socket }) => decodeCloseReason(socket.closedWith?.reason ?? "").retryAfterMs ?? -1);
  expect([...slots].sort((one, other) => one - other)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  await end.clock.advance(500);
  expect(await drained).toBe(40);
  expect(new Set(closed().map(({ socket }) => socket.closedWith?.code))).toEqual(new Set([4201]));
  await end.stop();
});
