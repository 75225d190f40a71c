import { expect, test } from "vitest";
import { Channel, ok, type AuthenticatedUser } from "../../../actors/index.js";
import { formatReason, type ExitReason } from "../../../src/index.js";
import type { FakeEndpoint } from "../fake-endpoint.js";
import type { FakeSocket } from "../fake-socket.js";
import { comeBack, endpoint, hello, joined, numbered, resume, type Welcomed, welcomeOf } from "./room.js";

// What went wrong in other systems that give sessions back; each is named after what their users saw.

test("recovery that is impossible because no event had been received yet: a client that got nothing at all resumes", async () => {
  const end = await endpoint();
  const first = await hello(end);
  first.socket.lose();
  await end.clock.settle();
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume(first, 0, 1) }]);
  await end.clock.settle();
  expect(welcomeOf(socket)).toMatchObject({ resumed: true, rx: 0, tx: 0 });
  await end.stop();
});

test("a quiet connection that cannot recover because its offset was pruned: others' traffic, and their logs, do not touch it", async () => {
  const end = await endpoint({ limits: { topicLogMessages: 2 } });
  const quiet = await joined(end);
  const other = await joined(end);
  other.socket.arrive(["4", "4", "room:b", "phx_join", {}, 2]);
  await end.clock.settle();
  other.socket.lose();
  await end.clock.settle();
  for (let n = 0; n < 5_000; n++) end.context.subscriptions.broadcast("room:b", "said", { n });
  await end.clock.advance(100_000);
  quiet.socket.lose();
  await end.clock.settle();
  end.context.subscriptions.broadcast("room:a", "said", { n: 1 });
  const socket = await comeBack(end, quiet);
  expect(socket.take().slice(1).map(numbered)).toEqual([[null, null, "room:a", "said", { n: 1 }, 2]]);
  await end.stop();
});

test("a still-open old socket that blocks resume: a new one wins at once, and the old one is told 4001", async () => {
  const end = await endpoint();
  const first = await joined(end);
  const socket = await comeBack(end, first);
  expect(welcomeOf(socket)).toMatchObject({ resumed: true, epoch: 2 });
  expect(first.socket.closedWith?.code).toBe(4001);
  await end.stop();
});

test("recovery that works only once: it works ten times, with something missed each time", async () => {
  const end = await endpoint();
  let last = await joined(end);
  for (let time = 1; time <= 10; time++) {
    last.socket.lose();
    await end.clock.settle();
    end.context.subscriptions.broadcast("room:a", "said", { time });
    const { socket } = await end.connect();
    socket.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume(last, time, 2) }]);
    await end.clock.settle();
    expect(socket.sent.slice(1).map((text) => numbered(JSON.parse(text)))).toEqual([
      [null, null, "room:a", "said", { time }, time + 1],
    ]);
    last = { ...last, ...welcomeOf(socket), socket };
  }
  await end.stop();
});

test("a volatile message that overwrites the offset: pings, acknowledgements and the like have no number and take none", async () => {
  const end = await endpoint();
  const { socket } = await joined(end);
  const session = end.system.members("rooms").length;
  expect(session).toBe(1);
  socket.arrive(["3", "4", "room:a", "say", 1, 2]);
  await end.clock.advance(1_000);
  socket.arrive([null, "h", "phoenix", "heartbeat", {}]);
  await end.clock.settle();
  end.context.subscriptions.broadcast("room:a", "said", { n: 2 });
  await end.clock.settle();
  const frames: unknown[][] = socket.take().filter((frame) => Array.isArray(frame));
  expect(frames.map((frame) => [frame[2], frame[5]])).toEqual([
    ["room:a", 2],
    ["phoenix", undefined],
    ["phoenix", undefined],
    ["room:a", 3],
  ]);
  await end.stop();
});

test("no event when a session finally expires: its channels end with the reason, and the client is told", async () => {
  const ends: string[] = [];
  class Room extends Channel {
    override terminate(reason: ExitReason): void {
      ends.push(formatReason(reason));
    }
  }
  const end = await endpoint({ channels: { "room:*": Room } });
  const first = await joined(end);
  first.socket.lose();
  await end.clock.advance(120_000);
  expect(ends).toHaveLength(1);
  expect(ends[0]).toContain("expired");
  const socket = await comeBack(end, first);
  expect(welcomeOf(socket)).toMatchObject({ resumed: false, reason: "expired" });
  await end.stop();
});

test("replay delivered before authorisation: nothing is shown until authenticate has said yes, and nothing at all if it says no", async () => {
  const decisions: ((user: AuthenticatedUser | undefined) => void)[] = [];
  const end = await endpoint({
    authenticate: () =>
      new Promise((resolve) => {
        decisions.push(resolve);
      }),
  });
  const { socket: firstSocket } = await end.connect();
  firstSocket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new", token: "ann" }]);
  await end.clock.settle();
  decisions.pop()?.({ user: "ann" });
  await end.clock.settle();
  const first = { ...welcomeOf(firstSocket), socket: firstSocket };
  firstSocket.arrive(["3", "3", "room:a", "phx_join", {}, 1]);
  await end.clock.settle();
  firstSocket.lose();
  await end.clock.settle();
  end.context.subscriptions.broadcast("room:a", "said", { secret: true });
  const [refused, allowed] = [await comeBack(end, first), await comeBack(end, first)];
  expect([refused.sent, allowed.sent]).toEqual([[], []]);
  decisions.shift()?.(undefined);
  decisions.shift()?.({ user: "ann" });
  await end.clock.settle();
  expect(JSON.stringify(refused.sent)).not.toContain("secret");
  expect(refused.closedWith?.code).toBe(4003);
  expect(JSON.stringify(allowed.sent)).toContain("secret");
  await end.stop();
});

test("a replay loop that outlives its attach: what was read for a socket that is gone goes on to the next one only", async () => {
  const end = await endpoint({ limits: { windowMessages: 4 } });
  const first = await joined(end);
  first.socket.lose();
  await end.clock.settle();
  for (let n = 1; n <= 500; n++) end.context.subscriptions.broadcast("room:a", "said", { n });
  const second = await comeBack(end, first);
  const { secret } = welcomeOf(second);
  second.take();
  const { socket: third } = await end.connect();
  third.arrive([
    null,
    "1",
    "phoenix",
    "hello",
    { v: 1, token: "ann", ...resume({ ...first, secret, epoch: 2 }, 1, 2) },
  ]);
  await end.clock.settle();
  third.arrive([null, null, "phoenix", "ack", { ack: 3 }]);
  await end.clock.advance(10_000);
  expect(second.take()).toEqual([]);
  expect(welcomeOf(third)).toMatchObject({ resumed: true, epoch: 3 });
  await end.stop();
});

test("zero-ack reconnects that re-run handlers: pushes that come again after each resume run once", async () => {
  const handled: unknown[] = [];
  class Room extends Channel {
    override handleIn(_event: string, payload: unknown) {
      handled.push(payload);
      return ok();
    }
  }
  const end = await endpoint({ channels: { "room:*": Room } });
  const first = await joined(end);
  let { secret } = first;
  for (let time = 0; time < 4; time++) {
    const { socket } = await end.connect();
    socket.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume({ ...first, secret }, 0, 4, 1) }]);
    await end.clock.settle();
    ({ secret } = welcomeOf(socket));
    for (let seq = 2; seq <= 3; seq++) socket.arrive(["3", `${seq}`, "room:a", "add", seq, seq]);
    await end.clock.settle();
    socket.lose();
    await end.clock.settle();
  }
  expect(handled).toEqual([2, 3]);
  await end.stop();
});

test("implicit counters that drift: a frame whose number is not the next one is not counted, it ends the connection", async () => {
  const end = await endpoint();
  const first = await joined(end);
  first.socket.arrive(["3", "4", "room:a", "ask", {}, 3]);
  await end.clock.settle();
  expect(first.socket.closedWith?.code).toBe(4005);
  expect(welcomeOf(await comeBack(end, first))).toMatchObject({ resumed: true, rx: 1 });
  await end.stop();
});

test("one large message that causes an endless reconnect loop: it is refused where it is sent, and the session goes on", async () => {
  class Room extends Channel {
    override handleIn(event: string) {
      if (event === "large") this.push("news", { text: "x".repeat(5_000) });
      return ok({ event });
    }
  }
  const end = await endpoint({ channels: { "room:*": Room }, limits: { windowBytes: 4_000 } });
  const first = await joined(end);
  first.socket.arrive(["3", "4", "room:a", "large", {}, 2]);
  await end.clock.settle();
  const frames = JSON.stringify(first.socket.take());
  expect(frames).toContain("phx_error");
  expect(frames).not.toContain("xxxx");
  expect(first.socket.closedWith).toBeUndefined();
  await end.stop();
});

test("messages lost while a takeover is under way: what is sent between the two sockets comes on the new one, once", async () => {
  const end = await endpoint();
  const first = await joined(end);
  const { socket } = await end.connect();
  for (let n = 1; n <= 3; n++) end.context.subscriptions.broadcast("room:a", "said", { n });
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume(first, 1, 2) }]);
  for (let n = 4; n <= 6; n++) end.context.subscriptions.broadcast("room:a", "said", { n });
  await end.clock.settle();
  const said = socket.take().slice(1).map(numbered);
  expect(said).toEqual([1, 2, 3, 4, 5, 6].map((n) => [null, null, "room:a", "said", { n }, n + 1]));
  await end.stop();
});

test("two holders that kick each other for ever: the one that was taken over gets a terminal code, and what it holds is worth nothing soon", async () => {
  const end = await endpoint();
  const first = await joined(end);
  const other = await comeBack(end, first);
  expect(first.socket.closedWith?.code).toBe(4001);
  other.arrive([null, null, "phoenix", "ack", { ack: 1 }]);
  await end.clock.settle();
  expect(other.closedWith).toBeUndefined();
  const again = await comeBack(end, first);
  expect(again.closedWith?.code).toBe(4007);
  expect(end.context.directory.size).toBe(0);
  await end.stop();
});

test("hijack through a public id: the id alone, with any secret or token, gives nothing and disturbs nobody", async () => {
  const end = await endpoint();
  const first = await joined(end);
  for (const guess of ["x", "x".repeat(43), first.secret.slice(0, -1)]) {
    const { socket } = await end.connect();
    const claim = resume({ ...first, secret: guess }, 1, 2);
    socket.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...claim }]);
    await end.clock.settle();
    expect(welcomeOf(socket)).toMatchObject({ resumed: false, reason: "unknown" });
  }
  const { socket: stock } = await end.connect({ session: `${first.sid}.${first.secret}` });
  await end.clock.settle();
  expect(stock.sent.join()).toContain('"reason":"unknown"');
  expect(first.socket.closedWith).toBeUndefined();
  await end.stop();
});

// Theft, by the words of the contract.

test("any older secret revokes the session once a later one was shown to have arrived, not only the last but one", async () => {
  const end = await endpoint();
  const first = await joined(end);
  let last = first;
  for (let time = 0; time < 5; time++) {
    const socket = await comeBack(end, last);
    last = { ...last, ...welcomeOf(socket), socket };
    socket.arrive([null, null, "phoenix", "ack", { ack: 1 }]);
    await end.clock.settle();
  }
  const thief = await comeBack(end, first);
  expect([thief.closedWith?.code, last.socket.closedWith?.code]).toEqual([4007, 4007]);
  expect(end.reports.filter(({ type }) => type === "session_revoked")).toHaveLength(1);
  await end.stop();
});

test("a hello that was held up, of a socket that its client has given up, neither takes over nor revokes", async () => {
  const end = await endpoint();
  const first = await joined(end);
  first.socket.lose();
  await end.clock.settle();
  const { socket: late } = await end.connect();
  const live = await comeBack(end, first);
  live.arrive([null, null, "phoenix", "ack", { ack: 1 }]);
  await end.clock.settle();
  late.arrive([null, "1", "phoenix", "hello", { v: 1, token: "ann", ...resume(first, 1, 2) }]);
  late.lose();
  await end.clock.settle();
  expect(live.closedWith).toBeUndefined();
  expect(end.context.directory.size).toBe(1);
  await end.stop();
});

/** A resume that was written, and then given up, while the network held it back. */
async function heldBack(end: FakeEndpoint, client: Welcomed, attempt: number): Promise<{ arrive: () => FakeSocket }> {
  const { socket } = await end.connect();
  const claim = resume(client, 1, 2);
  const frame = { v: 1, token: "ann", ...claim, resume: { ...claim.resume, attempt } };
  return {
    arrive: () => {
      socket.arrive([null, "1", "phoenix", "hello", frame]);
      return socket;
    },
  };
}

test.each([
  ["before its client has shown the new secret", false],
  ["after that", true],
])(
  "a given-up resume that takes over from the one after it: it arrives %s, and is closed alone",
  async (_when, shown) => {
    const end = await endpoint();
    const client = await joined(end);
    client.socket.lose();
    await end.clock.settle();
    const late = await heldBack(end, client, 1);
    const living = (await heldBack(end, client, 2)).arrive();
    await end.clock.settle();
    expect(welcomeOf(living)).toMatchObject({ resumed: true, epoch: 2 });
    if (shown) living.arrive([null, null, "phoenix", "ack", { ack: 1 }]);
    await end.clock.settle();
    const socket = late.arrive();
    await end.clock.settle();
    expect(socket.closedWith).toMatchObject({ code: 4204 });
    expect([living.closedWith, end.context.directory.size]).toEqual([undefined, 1]);
    living.arrive(["3", "4", "room:a", "echo", 1, 2]);
    await end.clock.settle();
    expect(living.take().some((frame) => Array.isArray(frame) && frame[3] === "phx_reply")).toBe(true);
    expect(end.reports.map(({ type }) => type)).not.toContain("session_revoked");
    await end.stop();
  },
);

test("a resume whose answer was lost is let in again under the same secret, with its next attempt", async () => {
  const end = await endpoint();
  const client = await joined(end);
  for (const attempt of [1, 2, 3]) {
    const socket = (await heldBack(end, client, attempt)).arrive();
    await end.clock.settle();
    expect(welcomeOf(socket)).toMatchObject({ resumed: true, epoch: attempt + 1 });
    socket.lose();
    await end.clock.settle();
  }
  await end.stop();
});
