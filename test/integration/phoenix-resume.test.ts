import type { Clients, Topics } from "holdfast/actors";
import { Socket, type Channel } from "phoenix";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { Cable } from "./cable.js";
import { Diary, roomClass } from "./rooms.js";
import { serve, type Served } from "./served.js";

interface Stage {
  readonly server: Served;
  readonly diary: Diary;
  readonly cable: Cable;
  readonly socket: Socket;
  /** What the server said of the session, in order. */
  readonly sessions: unknown[];
}

async function stage(): Promise<Stage> {
  const diary = new Diary();
  const server = await serve({ socket: { channels: { "room:*": roomClass(diary) } } });
  const cable = await Cable.to(server.port);
  const sessions: unknown[] = [];
  // The lines of docs/guides/sessions.md.
  let session = "";
  let rx = 0;
  const socket = new Socket(cable.url, {
    transport: WebSocket,
    params: () => ({ session, rx }),
    reconnectAfterMs: () => 5,
    rejoinAfterMs: () => 5,
  });
  const { decode } = socket;
  socket.decode = (raw, done) => {
    const frame: unknown = typeof raw === "string" ? JSON.parse(raw) : undefined;
    if (Array.isArray(frame)) rx = frame[5] ?? rx;
    decode(raw, done);
  };
  socket.onMessage(({ topic, event, payload }) => {
    if (topic !== "phoenix" || event !== "session") return;
    session = String(payload["token"]);
    if (payload["resumed"] !== true) rx = 0;
    sessions.push({ resumed: payload["resumed"], reason: payload["reason"] });
  });
  onTestFinished(() => socket.disconnect());
  socket.connect();
  return { server, diary, cable, socket, sessions };
}

function join(channel: Channel): Promise<unknown> {
  return new Promise((resolve, reject) => {
    channel.join().receive("ok", resolve).receive("error", reject);
  });
}

/** What a channel hears of an event, and a way to wait until it has heard so many. */
function listen(channel: Channel, event: string): { heard: unknown[]; count(n: number): Promise<void> } {
  const heard: unknown[] = [];
  let wake: () => void = () => undefined;
  channel.on(event, (payload) => {
    heard.push(payload);
    wake();
  });
  return {
    heard,
    async count(n) {
      while (heard.length < n) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

const say = (server: Served, from: number, to: number): void => {
  const topics = server.system.whereis<Topics>("endpoint.topics");
  for (let n = from; n <= to; n++) topics?.cast.broadcast("room:1", "news", { n });
};

const numbers = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => ({ n: from + at }));

describe("a stock Phoenix client with the documented lines", () => {
  it("comes back to its session after a drain, joins the live channel, and gets what it missed once", async () => {
    const { server, diary, socket, sessions } = await stage();
    const channel = socket.channel("room:1");
    await join(channel);
    const news = listen(channel, "news");
    const told = listen(channel, "told");
    say(server, 1, 3);
    await news.count(3);
    const closed = new Promise<number>((resolve) => {
      socket.onClose(({ code }) => resolve(code));
    });
    await server.system.whereis<Clients>("endpoint.clients")?.call.drain(1_000);
    expect(await closed).toBe(1012);
    say(server, 4, 6);
    for (const room of server.system.members("rooms")) room.send("hello again");
    await news.count(6);
    await told.count(1);
    say(server, 7, 8);
    await news.count(8);
    expect(news.heard).toEqual(numbers(1, 8));
    expect(told.heard).toEqual([{ message: "hello again" }]);
    expect(sessions).toEqual([{ resumed: false }, { resumed: true }]);
    expect(diary.lines.filter((line) => line.startsWith("join"))).toEqual(["join room:1"]);
    expect(channel.state).toBe("joined");
  });

  it("comes back after its network broke, again and again", async () => {
    const { server, cable, socket, sessions, diary } = await stage();
    const channel = socket.channel("room:1");
    await join(channel);
    const news = listen(channel, "news");
    for (let round = 0; round < 4; round++) {
      const from = round * 10 + 1;
      say(server, from, from + 4);
      cable.pull();
      say(server, from + 5, from + 9);
      await news.count(from + 9);
    }
    expect(news.heard).toEqual(numbers(1, 40));
    expect(sessions).toHaveLength(5);
    expect(diary.lines.filter((line) => line.startsWith("join"))).toHaveLength(1);
  });
});
