import { expect, test } from "vitest";
import { Channel, ok } from "../../../actors/index.js";
import { inspectSystem } from "../../../src/inspect/kernel-adapter.js";
import { comeBack, endpoint, hello, joined, numbered, resume, welcomeOf } from "./room.js";

test("a hello is answered with a session; a join, a push and a broadcast are numbered from 1", async () => {
  const end = await endpoint();
  const welcomed = await hello(end);
  const { socket } = welcomed;
  expect(welcomed).toMatchObject({
    v: 1,
    resumed: false,
    epoch: 1,
    rx: 0,
    tx: 0,
    ttlMs: 120_000,
    heartbeatMs: 25_000,
    topics: {},
  });
  socket.arrive(["3", "3", "room:a", "phx_join", {}, 1]);
  socket.arrive(["3", "4", "room:a", "ask", { n: 1 }, 2]);
  socket.arrive(["3", "5", "room:a", "say", "hi", 3]);
  await end.clock.settle();
  expect(socket.take()).toEqual([
    ["3", "3", "room:a", "phx_reply", { status: "ok", response: { in: "room:a" } }, 1],
    ["3", "4", "room:a", "phx_reply", { status: "ok", response: { event: "ask", payload: { n: 1 } } }, 2, 1],
    [null, null, "room:a", "said", { payload: "hi" }, 3, 2],
  ]);
  await end.stop();
});

test("an acknowledgement comes alone after a second, and means handled", async () => {
  const end = await endpoint();
  const { socket } = await joined(end);
  socket.arrive(["3", "4", "room:a", "say", 1, 2]);
  await end.clock.settle();
  socket.take();
  await end.clock.advance(1_000);
  expect(socket.take()).toEqual([[null, null, "phoenix", "ack", { ack: 2 }]]);
  await end.clock.advance(10_000);
  expect(socket.take()).toEqual([]);
  await end.stop();
});

test("a frame whose number was taken before has no effect and no second reply", async () => {
  const end = await endpoint();
  const { socket } = await joined(end);
  for (let time = 0; time < 3; time++) socket.arrive(["3", "4", "room:a", "say", 1, 2]);
  await end.clock.settle();
  expect(socket.take().filter((frame) => JSON.stringify(frame).includes("said"))).toHaveLength(1);
  await end.stop();
});

test("a missing number closes the connection with 4005, and the session survives", async () => {
  const end = await endpoint();
  const first = await joined(end);
  first.socket.arrive(["3", "4", "room:a", "ask", {}, 5]);
  await end.clock.settle();
  expect(first.socket.closedWith?.code).toBe(4005);
  const socket = await comeBack(end, first);
  expect(socket.take()[0]).toMatchObject([null, "1", "phoenix", "phx_reply", { response: { resumed: true } }]);
  await end.stop();
});

test("a malformed frame closes that one connection with 4005, and the session survives", async () => {
  const end = await endpoint();
  const first = await joined(end);
  first.socket.arrive("{not json");
  await end.clock.settle();
  expect(first.socket.closedWith?.code).toBe(4005);
  expect(end.context.directory.find(first.sid)).toBeDefined();
  await end.stop();
});

test("what was sent while the client was away comes once, in order, after the answer to its hello", async () => {
  const end = await endpoint();
  const first = await joined(end);
  first.socket.lose();
  await end.clock.settle();
  for (let n = 0; n < 5; n++) end.context.subscriptions.broadcast("room:a", "said", { n });
  await end.clock.settle();
  const socket = await comeBack(end, first);
  const frames = socket.take();
  expect(frames[0]).toMatchObject([
    null,
    "1",
    "phoenix",
    "phx_reply",
    { response: { resumed: true, epoch: 2, rx: 1, tx: 1, topics: { "room:a": "ok" } } },
  ]);
  expect(frames.slice(1).map(numbered)).toEqual(
    [0, 1, 2, 3, 4].map((n) => [null, null, "room:a", "said", { n }, n + 2]),
  );
  await end.clock.advance(5_000);
  expect(socket.take().filter((frame) => JSON.stringify(frame).includes("said"))).toEqual([]);
  await end.stop();
});

test("a session that was never sent anything resumes, and resumes again", async () => {
  const end = await endpoint();
  let last = await hello(end);
  for (let time = 2; time < 5; time++) {
    last.socket.lose();
    await end.clock.settle();
    const { socket } = await end.connect();
    socket.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume(last, 0, 1) }]);
    await end.clock.settle();
    last = { ...welcomeOf(socket), socket };
    expect(last).toMatchObject({ resumed: true, epoch: time });
  }
  await end.stop();
});

test("a valid resume takes over from a socket that still looks open, which is closed with 4001", async () => {
  const end = await endpoint();
  const first = await joined(end);
  const socket = await comeBack(end, first);
  expect(first.socket.closedWith?.code).toBe(4001);
  first.socket.arrive(["3", "4", "room:a", "say", "from the old one", 2]);
  end.context.subscriptions.broadcast("room:a", "said", { n: 1 });
  await end.clock.settle();
  expect(first.socket.take()).toEqual([]);
  expect(socket.take().slice(1).map(numbered)).toEqual([[null, null, "room:a", "said", { n: 1 }, 2]]);
  await end.stop();
});

test("the previous secret is good while the client may not have had the new one, and revokes the session after that", async () => {
  const end = await endpoint();
  const first = await joined(end);
  first.socket.lose();
  await end.clock.settle();
  const lost = { socket: await comeBack(end, first) };
  // The answer was lost with the socket: the client still has the first secret.
  lost.socket.lose();
  await end.clock.settle();
  const second = { socket: await comeBack(end, first) };
  expect(second.socket.take()[0]).toMatchObject([null, "1", "phoenix", "phx_reply", { response: { resumed: true } }]);
  second.socket.arrive([null, null, "phoenix", "ack", { ack: 1 }]);
  await end.clock.settle();
  const thief = { socket: await comeBack(end, first) };
  expect(thief.socket.closedWith?.code).toBe(4007);
  expect(second.socket.closedWith?.code).toBe(4007);
  expect(end.reports.map((report) => report.type)).toContain("session_revoked");
  expect(end.context.directory.size).toBe(0);
  await end.stop();
});

test.each([
  ["a wrong secret", { secret: "x".repeat(43) }, {}, "unknown"],
  ["an unknown session", { sid: "nobody" }, {}, "unknown"],
  ["another user", {}, { token: "bob" }, "auth"],
  ["numbers that never were", {}, { rx: 99 }, "corrupt"],
])(
  "a resume with %s gives a fresh session in the same round trip, and the reason",
  async (_what, change, ask: { token?: string; rx?: number }, reason) => {
    const end = await endpoint();
    const first = { ...(await joined(end)), ...change };
    first.socket.lose();
    await end.clock.settle();
    const { socket } = await end.connect();
    socket.arrive([
      null,
      "1",
      "phoenix",
      "hello",
      { v: 1, token: ask.token ?? "ann", ...resume(first, ask.rx ?? 1, 2) },
    ]);
    await end.clock.settle();
    expect(socket.take()[0]).toMatchObject([
      null,
      "1",
      "phoenix",
      "phx_reply",
      { status: "ok", response: { resumed: false, reason, epoch: 1, topics: {} } },
    ]);
    await end.stop();
  },
);

test("a detached session expires after its time, its channels end, and the client is told so when it comes back", async () => {
  const end = await endpoint();
  const first = await joined(end);
  first.socket.lose();
  await end.clock.advance(119_999);
  expect(end.context.directory.size).toBe(1);
  await end.clock.advance(1);
  expect(end.context.directory.size).toBe(0);
  expect(end.context.subscriptions.size).toBe(0);
  const socket = await comeBack(end, first);
  expect(socket.take()[0]).toMatchObject([
    null,
    "1",
    "phoenix",
    "phx_reply",
    { response: { resumed: false, reason: "expired" } },
  ]);
  await end.stop();
});

test("the time away is counted from the last drop", async () => {
  const end = await endpoint();
  const first = await joined(end);
  first.socket.lose();
  await end.clock.advance(100_000);
  const socket = await comeBack(end, first);
  socket.lose();
  await end.clock.advance(100_000);
  expect(end.context.directory.size).toBe(1);
  await end.clock.advance(20_000);
  expect(end.context.directory.size).toBe(0);
  await end.stop();
});

test("an anonymous client's session lives for 15 s, and a client may ask for less but not for more", async () => {
  const end = await endpoint({ authenticate: () => ({}) });
  expect(await hello(end)).toMatchObject({ ttlMs: 15_000 });
  expect(await hello(end, { ttlMs: 1_000 })).toMatchObject({ ttlMs: 1_000 });
  expect(await hello(end, { ttlMs: 999_999 })).toMatchObject({ ttlMs: 15_000 });
  await end.stop();
});

test("bye ends the session at once, with 1000", async () => {
  const end = await endpoint();
  const { socket } = await joined(end);
  socket.arrive([null, "9", "phoenix", "bye", {}]);
  await end.clock.settle();
  expect(socket.closedWith?.code).toBe(1000);
  expect(end.context.directory.size).toBe(0);
  await end.stop();
});

test("an outbox that overflows with a channel's own pushes ends the session; the client is told that there is a gap", async () => {
  const end = await endpoint({ limits: { outboxMessages: 10 } });
  const first = await joined(end);
  first.socket.lose();
  await end.clock.settle();
  for (let n = 0; n < 11; n++) for (const room of end.system.members("rooms")) room.send(n);
  await end.clock.settle();
  const socket = await comeBack(end, first);
  expect(socket.take()[0]).toMatchObject([
    null,
    "1",
    "phoenix",
    "phx_reply",
    { response: { resumed: false, reason: "gap" } },
  ]);
  expect(end.reports.map((report) => report.type)).toContain("outbox_full");
  await end.stop();
});

test("no more than the window is written before the client acknowledges", async () => {
  const end = await endpoint({ limits: { windowMessages: 3 } });
  const { socket } = await joined(end);
  for (let n = 0; n < 10; n++) end.context.subscriptions.broadcast("room:a", "said", { n });
  await end.clock.settle();
  expect(socket.take()).toHaveLength(2);
  socket.arrive([null, null, "phoenix", "ack", { ack: 3 }]);
  await end.clock.settle();
  expect(socket.take()).toHaveLength(3);
  await end.stop();
});

test("nothing is written while the socket is full; it goes on when the socket has drained", async () => {
  const end = await endpoint();
  const { socket } = await joined(end);
  socket.bufferedBytes = 64 * 1024;
  end.context.subscriptions.broadcast("room:a", "said", { n: 1 });
  await end.clock.settle();
  expect(socket.take()).toEqual([]);
  socket.bufferedBytes = 0;
  socket.owner?.onDrain(socket);
  await end.clock.settle();
  expect(socket.take()).toHaveLength(1);
  await end.stop();
});

test("an acknowledgement of what was never sent closes with 4005", async () => {
  const end = await endpoint();
  const { socket } = await joined(end);
  socket.arrive([null, null, "phoenix", "ack", { ack: 99 }]);
  await end.clock.settle();
  expect(socket.closedWith?.code).toBe(4005);
  await end.stop();
});

test("a hello with another version is refused with 4006, a malformed one with 4005, a refused user with 4003", async () => {
  const end = await endpoint({ authenticate: ({ token }) => (token === "ann" ? { user: "ann" } : undefined) });
  for (const [payload, code] of [
    [{ v: 2, intent: "new", token: "ann" }, 4006],
    [{ v: 1, intent: "maybe", token: "ann" }, 4005],
    [{ v: 1, intent: "new", token: "eve" }, 4003],
  ] as const) {
    const { socket } = await end.connect();
    socket.arrive([null, "1", "phoenix", "hello", payload]);
    await end.clock.settle();
    expect(socket.closedWith?.code).toBe(code);
  }
  await end.stop();
});

test("an authenticate that throws refuses the client, and is reported", async () => {
  const end = await endpoint({
    authenticate: () => {
      throw new Error("database is down");
    },
  });
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new" }]);
  await end.clock.settle();
  expect(socket.closedWith?.code).toBe(4003);
  expect(end.reports.map((report) => report.text).join()).toContain("database is down");
  await end.stop();
});

test("when there is no room for another session the client is told when to come back", async () => {
  const end = await endpoint({ maxSessions: 1 });
  await hello(end);
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new", token: "bob" }]);
  await end.clock.settle();
  expect(socket.closedWith?.code).toBe(4205);
  expect(JSON.parse(socket.closedWith?.reason ?? "{}")).toMatchObject({ retryAfterMs: expect.any(Number) });
  await end.stop();
});

test("a session that crashes closes its connection with 4207, and the client gets a fresh one", async () => {
  const end = await endpoint();
  const first = await joined(end);
  const session = end.context.directory.find(first.sid);
  if (session !== undefined) end.system.exit(session, "kill");
  await end.clock.settle();
  expect(first.socket.closedWith?.code).toBe(4207);
  expect(end.context.directory.size).toBe(0);
  expect(end.context.subscriptions.size).toBe(0);
  await end.stop();
});

test("a drain waits for what was accepted, acknowledges it, and says when to come back", async () => {
  const end = await endpoint();
  const { socket, connection } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new", token: "ann" }]);
  socket.arrive(["3", "3", "room:a", "phx_join", {}, 1]);
  for (let n = 2; n < 12; n++) socket.arrive(["3", `${n}`, "room:a", "ask", {}, n]);
  connection.cast.drain(250);
  await end.clock.settle();
  const frames = socket.take().slice(1);
  expect(frames.filter((frame) => JSON.stringify(frame).includes("phx_reply"))).toHaveLength(11);
  expect(frames.slice(-2)).toEqual([
    [null, null, "phoenix", "ack", { ack: 11 }],
    [null, null, "phoenix", "drain", { retryAfterMs: 250 }],
  ]);
  expect(socket.closedWith).toEqual({ code: 4201, reason: JSON.stringify({ reason: "drain", retryAfterMs: 250 }) });
  await end.stop();
});

test("a stock client is drained with 1012", async () => {
  const end = await endpoint();
  const { socket, connection } = await end.connect();
  socket.arrive(["3", "3", "room:a", "phx_join", {}]);
  await end.clock.settle();
  connection.cast.drain(0);
  await end.clock.settle();
  expect(socket.closedWith?.code).toBe(1012);
  await end.stop();
});

test("the inspector is shown whether a session is attached, since when, and what it holds", async () => {
  const end = await endpoint();
  const first = await joined(end);
  const status = (): unknown =>
    JSON.parse(
      JSON.stringify(
        inspectSystem(end.system)
          .find(`${end.context.directory.find(first.sid)}`)
          ?.status(),
      ),
    );
  expect(status()).toMatchObject({ kind: "session", state: "attached", user: "ann", topics: 1 });
  first.socket.lose();
  await end.clock.advance(5_000);
  for (const room of end.system.members("rooms")) room.send("for later");
  await end.clock.settle();
  expect(status()).toMatchObject({ state: "detached", sinceMs: 5_000, outbox: { messages: 2 } });
  await end.stop();
});

test("while its session is busy with a slow join a client's socket is not read, and nothing of what came is lost", async () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  class Slow extends Channel {
    override async join(): Promise<void> {
      await opened;
    }

    override handleIn() {
      return ok();
    }
  }
  const end = await endpoint({
    channels: { "room:*": Slow },
    limits: { outboxMessages: 1_000, windowMessages: 1_000 },
  });
  const { socket } = await hello(end);
  socket.arrive(["3", "3", "room:a", "phx_join", {}, 1]);
  for (let n = 2; n <= 302; n++) socket.arrive(["3", `${n + 2}`, "room:a", "ask", {}, n]);
  await end.clock.settle();
  expect(socket.paused).toBe(true);
  open();
  await end.clock.settle();
  expect(socket.paused).toBe(false);
  expect(socket.take().filter((frame) => JSON.stringify(frame).includes("phx_reply"))).toHaveLength(302);
  await end.stop();
});
