import type { Clients, Topics } from "holdfast/actors";
import { type Channel, type LostSession, Socket, type SocketOptions, type SocketState } from "holdfast/client";
import { eventStream, withFallback } from "holdfast/client/fallback";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { Cable } from "./cable.js";
import { Diary, roomClass } from "./rooms.js";
import { serve, type ServeOptions } from "./served.js";

async function stage(socket: Partial<NonNullable<ServeOptions["socket"]>> = {}, port = 0) {
  const diary = new Diary();
  const server = await serve({ port, socket: { channels: { "room:*": roomClass(diary) }, ...socket } });
  return { ...server, diary, cable: await Cable.to(server.port) };
}

function clientOf(url: string, options: SocketOptions = {}): Socket {
  const socket = new Socket(url, { webSocket: WebSocket, backoff: { baseMs: 5, capMs: 20 }, ...options });
  onTestFinished(() => socket.disconnect());
  socket.connect();
  return socket;
}

async function joined(socket: Socket, topic = "room:1"): Promise<Channel> {
  const channel = socket.channel(topic);
  await channel.join().reply;
  return channel;
}

/** Resolves when the socket comes to a state of that name. */
function state(socket: Socket, name: SocketState["name"]): Promise<SocketState> {
  return new Promise((resolve) => {
    const ref = socket.onState((now) => {
      if (now.name !== name) return;
      socket.off(ref);
      resolve(now);
    });
  });
}

describe("an idempotent push", () => {
  it("is handled once, and answered, although its session was lost before the answer came", async () => {
    const authenticate = () => ({ user: "ada" });
    const { cable, diary } = await stage({ authenticate, limits: { sessionTtlMs: 20 } });
    const socket = clientOf(cable.url);
    const channel = await joined(socket);
    const lost = new Promise<LostSession>((resolve) => {
      socket.onSessionLost(resolve);
    });
    void cable.eatAnswers(true);
    const push = channel.push("echo", "pay", { idempotent: true });
    await diary.wrote("echo");
    cable.unplug();
    await diary.wrote("end room:1");
    void cable.eatAnswers(false);
    cable.plug();
    expect(await lost).toMatchObject({ reason: "expired" });
    expect(await push.reply).toEqual({ payload: "pay" });
    expect(diary.lines.filter((line) => line.startsWith("echo"))).toEqual(['echo "pay"']);
  });

  it("goes to the server that takes the place of one that was killed, and so does what waited behind it", async () => {
    const first = await stage();
    const socket = clientOf(first.cable.url);
    const channel = await joined(socket);
    first.cable.unplug();
    await state(socket, "waiting");
    const pays = [1, 2, 3].map((n) => channel.push("echo", n, { idempotent: n !== 2 }).reply);
    const { port } = first;
    await first.system.stop();
    const second = await stage({}, port);
    first.cable.plug();
    expect(await Promise.all(pays)).toEqual([{ payload: 1 }, { payload: 2 }, { payload: 3 }]);
    expect(second.diary.lines).toEqual(["join room:1", "echo 1", "echo 2", "echo 3"]);
  });
});

describe("messages that could not be kept", () => {
  it("are told in the answer to hello, and in their place among the messages", async () => {
    const { cable, system } = await stage({ limits: { topicLogMessages: 2 } });
    const socket = clientOf(cable.url);
    const channel = await joined(socket);
    const seen: unknown[] = [];
    const ofSocket: unknown[] = [];
    channel.onGap((gap) => seen.push(gap));
    channel.on("news", (payload) => seen.push(payload));
    socket.onGap((gap) => ofSocket.push(gap));
    cable.unplug();
    await state(socket, "waiting");
    const clients = system.whereis<Clients>("endpoint.clients");
    while ((await clients?.call.counts())?.detached !== 1) await clients?.call.counts();
    const topics = system.whereis<Topics>("endpoint.topics");
    for (let n = 1; n <= 4; n++) topics?.cast.broadcast("room:1", "news", { n });
    await topics?.call.count("room:1");
    cable.plug();
    await state(socket, "open");
    await channel.push("echo", 1).reply;
    await channel.push("echo", 2).reply;
    expect(seen).toEqual([
      { reason: "lost" },
      { epoch: expect.any(String), from: 1, to: 2, reason: "lost" },
      { n: 3 },
      { n: 4 },
    ]);
    expect(ofSocket).toMatchObject([{ topic: "room:1" }, { topic: "room:1", from: 1, to: 2 }]);
  });
});

describe("a server that sends its clients off", () => {
  it("kicks one for good: its pushes fail, and it does not come back", async () => {
    const { cable, system, diary } = await stage({ authenticate: () => ({ user: "ada" }) });
    const socket = clientOf(cable.url);
    const channel = await joined(socket);
    const push = channel.push("never answered", 1).reply.catch((error: unknown) => error);
    await diary.wrote("never answered");
    const closed = state(socket, "closed");
    await system.whereis<Clients>("endpoint.clients")?.call.kick({ user: "ada" });
    expect(await closed).toMatchObject({ why: "final", close: { code: 4002, reason: "kicked" } });
    expect(await push).toMatchObject({ code: "disconnected", outcome: "unknown" });
    expect([socket.sessionId, channel.state]).toEqual([undefined, "errored"]);
  });

  it("drains them, each with its own time to come back, and nothing is lost on the way", async () => {
    const { url, system, diary } = await stage();
    const sockets = Array.from({ length: 5 }, () => clientOf(url));
    const channels = await Promise.all(sockets.map((socket, n) => joined(socket, `room:${n}`)));
    const closes = sockets.map(
      (socket) =>
        new Promise<{ readonly code: number; readonly retryAfterMs?: number | undefined }>((resolve) => {
          socket.onClose(resolve);
        }),
    );
    const back = sockets.map((socket) => state(socket, "open"));
    const replies = channels.map((channel, n) => channel.push("echo", n).reply);
    expect(await system.whereis<Clients>("endpoint.clients")?.call.drain(100)).toBe(5);
    const told = await Promise.all(closes);
    expect(new Set(told.map(({ code }) => code))).toEqual(new Set([4201]));
    expect(told.map(({ retryAfterMs = 0 }) => retryAfterMs).sort((a, b) => a - b)).toEqual([0, 10, 20, 30, 40]);
    expect(await Promise.all(back)).toMatchObject(sockets.map(() => ({ resumed: true })));
    expect(await Promise.all(replies)).toEqual([0, 1, 2, 3, 4].map((payload) => ({ payload })));
    expect(diary.lines.filter((line) => line.startsWith("join"))).toHaveLength(5);
  });
});

describe("where WebSockets are blocked", () => {
  it("a session goes by the event stream, and back to a WebSocket when that is the way that works", async () => {
    const { cable, diary } = await stage();
    let blocked = true;
    const used: string[] = [];
    // Connections to the port of nobody: they fail at once.
    const nowhere = (url: string): string => url.replace(/:\d+\//, ":1/");
    class Blockable extends WebSocket {
      constructor(url: string) {
        super(blocked ? nowhere(url) : url);
        used.push("WebSocket");
      }
    }
    const socket = clientOf(cable.url, {
      webSocket: withFallback({
        webSocket: Blockable,
        fallback: (url) => {
          used.push("event stream");
          return eventStream(blocked ? url : nowhere(url));
        },
      }),
    });
    const channel = await joined(socket);
    const told: unknown[] = [];
    channel.on("told", (payload) => told.push(payload));
    channel.push("tell me", "by stream");
    expect(await channel.push("echo", 1).reply).toEqual({ payload: 1 });
    expect(used).toEqual(["WebSocket", "event stream"]);
    blocked = false;
    cable.pull();
    expect(await channel.push("echo", 2).reply).toEqual({ payload: 2 });
    expect(used).toEqual(["WebSocket", "event stream", "event stream", "WebSocket"]);
    expect(told).toEqual([{ payload: "by stream" }]);
    expect(diary.lines.filter((line) => line.startsWith("join"))).toHaveLength(1);
  });
});
