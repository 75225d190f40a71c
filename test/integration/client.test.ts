import type { Topics } from "holdfast/actors";
import { type Channel, Socket, type SocketOptions, type SocketState } from "holdfast/client";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { Cable } from "./cable.js";
import { Diary, roomClass } from "./rooms.js";
import { type Served, serve, type ServeOptions } from "./served.js";

interface Stage extends Served {
  readonly diary: Diary;
  readonly cable: Cable;
}

async function stage(
  options: Partial<ServeOptions> = {},
  socketOptions: Partial<ServeOptions["socket"]> = {},
): Promise<Stage> {
  const diary = new Diary();
  const socket = { channels: { "room:*": roomClass(diary) }, ...socketOptions };
  const server = await serve({ socket, ...options });
  return { ...server, diary, cable: await Cable.to(server.port) };
}

/** Makes a client that comes back soon. */
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

/** Resolves when the socket comes to a state that fits. */
function state(socket: Socket, fits: (state: SocketState) => boolean): Promise<SocketState> {
  return new Promise((resolve) => {
    const ref = socket.onState((now) => {
      if (!fits(now)) return;
      socket.off(ref);
      resolve(now);
    });
  });
}

const isOpen = ({ name }: SocketState): boolean => name === "open";
const isWaiting = ({ name }: SocketState): boolean => name === "waiting";

describe("the client of a session", () => {
  it("gets each of 500 broadcasts once and in order, although the cable is pulled in the middle of them", async () => {
    const { system, cable } = await stage();
    const socket = clientOf(cable.url);
    const channel = await joined(socket);
    const got: unknown[] = [];
    let arrived: () => void = () => undefined;
    channel.on("news", (payload) => {
      got.push(payload);
      arrived();
    });
    const gotAtLeast = async (count: number): Promise<void> => {
      while (got.length < count) {
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
      }
    };
    let resumes = 0;
    socket.onOpen(({ resumed }) => {
      if (resumed) resumes++;
    });
    const topics = system.whereis<Topics>("endpoint.topics");
    for (let number = 1; number <= 500; number++) {
      topics?.cast.broadcast("room:1", "news", { number });
      if (number % 50 > 0) continue;
      await gotAtLeast(number - 40);
      cable.pull();
    }
    await gotAtLeast(500);
    expect(got).toEqual(Array.from({ length: 500 }, (_, index) => ({ number: index + 1 })));
    expect(resumes).toBeGreaterThan(5);
  });

  it("sends what was pushed offline once and in order, with replies", async () => {
    const { cable, diary } = await stage();
    const socket = clientOf(cable.url);
    const channel = await joined(socket);
    const lost = state(socket, isWaiting);
    cable.pull();
    await lost;
    const replies = await Promise.all([1, 2, 3].map((number) => channel.push("echo", number).reply));
    expect(replies).toEqual([1, 2, 3].map((payload) => ({ payload })));
    expect(diary.lines).toEqual(["join room:1", "echo 1", "echo 2", "echo 3"]);
  });

  it("pushes 300 messages once each, although the cable is pulled in between", async () => {
    const { cable, diary } = await stage();
    const channel = await joined(clientOf(cable.url));
    const replies: Promise<unknown>[] = [];
    for (let number = 1; number <= 300; number++) {
      replies.push(channel.push("echo", number).reply);
      if (number % 40 === 0) {
        cable.pull();
        await diary.wrote(`echo ${number - 30}`);
      }
    }
    await Promise.all(replies);
    expect(diary.lines.slice(1)).toEqual(Array.from({ length: 300 }, (_, index) => `echo ${index + 1}`));
  });

  it("has its session back when the answer to hello was lost", async () => {
    const { cable, diary } = await stage();
    const socket = clientOf(cable.url);
    const channel = await joined(socket);
    const eaten = cable.eatAnswers(true);
    cable.pull();
    await eaten;
    // The server has given out a new secret that never arrived.
    const back = state(socket, isOpen);
    void cable.eatAnswers(false);
    cable.pull();
    expect(await back).toMatchObject({ resumed: true });
    expect(await channel.push("echo", "again").reply).toEqual({ payload: "again" });
    expect(diary.lines).toEqual(["join room:1", 'echo "again"']);
  });

  it("has its session back while the server still believes in the old socket", async () => {
    const { cable, system, diary } = await stage();
    const socket = clientOf(cable.url);
    const channel = await joined(socket);
    const got = new Promise((resolve) => {
      channel.on("news", resolve);
    });
    const back = state(socket, isOpen);
    cable.leaveHalfOpen();
    system.whereis<Topics>("endpoint.topics")?.cast.broadcast("room:1", "news", { written: "into the void" });
    expect(await back).toMatchObject({ resumed: true });
    expect(await got).toEqual({ written: "into the void" });
    expect(diary.lines).toEqual(["join room:1"]);
  });

  it("gives up a server that says nothing, and resumes", async () => {
    const { cable } = await stage({}, { limits: { heartbeatMs: 30 } });
    const socket = clientOf(cable.url, { watchdogGraceMs: 20, helloTimeoutMs: 100 });
    await joined(socket);
    const lost = state(socket, isWaiting);
    const back = state(socket, isOpen);
    void cable.eatAnswers(true);
    expect(await lost).toMatchObject({ close: { code: 4203 } });
    void cable.eatAnswers(false);
    expect(await back).toMatchObject({ resumed: true });
  });

  it("is told that its session has expired, and joins its channels in the next one", async () => {
    const { cable, diary } = await stage({}, { limits: { anonymousTtlMs: 20 } });
    const socket = clientOf(cable.url);
    const channel = await joined(socket);
    const first = socket.sessionId;
    const lost = new Promise((resolve) => {
      socket.onSessionLost(resolve);
    });
    cable.unplug();
    await diary.wrote("end room:1");
    cable.plug();
    expect(await lost).toEqual({ sessionId: first, reason: "expired" });
    expect(await channel.push("echo", "new").reply).toEqual({ payload: "new" });
    expect(socket.sessionId).not.toBe(first);
    expect(diary.lines.filter((line) => line === "join room:1")).toHaveLength(2);
  });

  it("says of a push that was under way when the session was lost that its outcome is unknown", async () => {
    const { cable, diary } = await stage({}, { limits: { anonymousTtlMs: 20 } });
    const socket = clientOf(cable.url);
    const channel = await joined(socket);
    void cable.eatAnswers(true);
    const push = channel.push("echo", "perhaps").reply;
    const failure = push.catch((error: unknown) => error);
    await diary.wrote("echo");
    cable.unplug();
    await diary.wrote("end room:1");
    void cable.eatAnswers(false);
    cable.plug();
    expect(await failure).toMatchObject({ code: "session_lost", outcome: "unknown" });
    await channel.push("echo", "after").reply;
    expect(diary.lines.filter((line) => line.startsWith("echo"))).toEqual(['echo "perhaps"', 'echo "after"']);
  });

  it("is told to come back when the server stops, and finds the next one", async () => {
    const { system, port, diary } = await stage();
    const socket = clientOf(`ws://127.0.0.1:${port}/socket`);
    const channel = await joined(socket);
    const lost = new Promise((resolve) => {
      socket.onSessionLost(resolve);
    });
    const waiting = state(socket, isWaiting);
    await system.stop();
    expect(await waiting).toMatchObject({ close: { code: 4201, reason: "drain" } });
    const again = new Diary();
    await serve({ port, socket: { channels: { "room:*": roomClass(again) } } });
    expect(await lost).toMatchObject({ reason: "unknown" });
    expect(await channel.push("echo", "here").reply).toEqual({ payload: "here" });
    expect(diary.lines).toEqual(["join room:1", 'end room:1 "shutdown"']);
    expect(again.lines).toEqual(["join room:1", 'echo "here"']);
  });

  it("has the answer to every push that the server accepted before it stopped", async () => {
    const { system, cable, diary } = await stage();
    const socket = clientOf(cable.url);
    const channel = await joined(socket);
    let answered = 0;
    for (let number = 1; number <= 200; number++) {
      channel.push("echo", number).receive("ok", () => answered++);
    }
    await diary.wrote("echo 1");
    const lost = state(socket, isWaiting);
    await system.stop();
    expect(await lost).toMatchObject({ close: { code: 4201 } });
    expect(answered).toBeGreaterThan(0);
    // The others are kept: they go to the next server.
    expect(answered).toBe(diary.lines.filter((line) => line.startsWith("echo")).length);
  });

  it("joins again by itself when its channel crashed, and not when it was closed", async () => {
    const { cable, diary } = await stage();
    const socket = clientOf(cable.url);
    const channel = await joined(socket);
    const errored = new Promise((resolve) => {
      channel.onError(resolve);
    });
    await expect(channel.push("crash").reply).rejects.toMatchObject({ code: "channel_error" });
    await errored;
    expect(await channel.push("echo", 1).reply).toEqual({ payload: 1 });
    const closed = new Promise((resolve) => {
      channel.onClose(resolve);
    });
    channel.push("stop");
    await closed;
    expect(channel.state).toBe("closed");
    expect(diary.lines.filter((line) => line === "join room:1")).toHaveLength(2);
  });

  it("does not send what is larger than the server takes", async () => {
    const { cable } = await stage({}, { limits: { payloadBytes: 2_000 } });
    const channel = await joined(clientOf(cable.url));
    await expect(channel.push("echo", "x".repeat(3_000)).reply).rejects.toMatchObject({
      code: "too_large",
      outcome: "not_sent",
    });
    expect(await channel.push("echo", "small").reply).toEqual({ payload: "small" });
  });

  it("does not come back when it is not let in", async () => {
    const { cable } = await stage(
      {},
      { authenticate: ({ token }) => (token === "right" ? { user: "ada" } : undefined) },
    );
    const socket = clientOf(cable.url, { token: "wrong" });
    expect(await state(socket, ({ name }) => name === "closed")).toMatchObject({ why: "final", close: { code: 4003 } });
  });

  it("ends its session at once when it disconnects", async () => {
    const { cable, diary } = await stage();
    const socket = clientOf(cable.url);
    await joined(socket);
    socket.disconnect();
    expect(await diary.wrote("end room:1")).toContain("bye");
  });
});
