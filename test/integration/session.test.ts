import { Channel, type Clients, ok, type Topics } from "holdfast/actors";
import { Socket, type SocketOptions, type SocketState } from "holdfast/client";
import { Socket as PhoenixSocket } from "phoenix";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { Cable } from "./cable.js";
import { Diary, roomClass } from "./rooms.js";
import { serve, type ServeOptions } from "./served.js";

class Bytes extends Channel {
  override handleIn(event: string, payload: unknown) {
    if (!(payload instanceof Uint8Array)) return ok({ expected: "bytes" });
    if (event === "tell") this.push("told", payload);
    if (event === "shout") this.broadcast("told", payload);
    return ok(payload);
  }
}

async function stage(socket: Partial<NonNullable<ServeOptions["socket"]>> = {}) {
  const diary = new Diary();
  const server = await serve({ socket: { channels: { "room:*": roomClass(diary), "bytes:*": Bytes }, ...socket } });
  return { ...server, diary, cable: await Cable.to(server.port) };
}

function clientOf(url: string, options: SocketOptions = {}): Socket {
  const socket = new Socket(url, { webSocket: WebSocket, backoff: { baseMs: 5, capMs: 20 }, ...options });
  onTestFinished(() => socket.disconnect());
  socket.connect();
  return socket;
}

function state(socket: Socket, fits: (state: SocketState) => boolean): Promise<SocketState> {
  return new Promise((resolve) => {
    const ref = socket.onState((now) => {
      if (!fits(now)) return;
      socket.off(ref);
      resolve(now);
    });
  });
}

describe("a session over a network", () => {
  it("carries bytes in both directions, numbered", async () => {
    const { cable } = await stage();
    const channel = clientOf(cable.url).channel("bytes:1");
    await channel.join().reply;
    const told: unknown[] = [];
    channel.on("told", (payload) => told.push(payload));
    const payload = new Uint8Array([1, 2, 255]);
    expect(await channel.push("tell", payload).reply).toEqual(payload);
    cable.pull();
    expect(await channel.push("shout", payload).reply).toEqual(payload);
    expect(told).toEqual([payload, payload]);
  });

  it("announces to its client what is not kept for it any more", async () => {
    const { cable, system, diary } = await stage({ limits: { topicLogMessages: 3 } });
    const socket = clientOf(cable.url);
    const channel = socket.channel("room:1");
    await channel.join().reply;
    const seen: unknown[] = [];
    channel.on("news", (payload) => seen.push(payload));
    channel.onGap((gap) => seen.push(gap));
    cable.unplug();
    await state(socket, ({ name }) => name === "waiting");
    const detached = async (): Promise<void> => {
      const counts = await system.whereis<Clients>("endpoint.clients")?.call.counts();
      if (counts?.detached !== 1) await detached();
    };
    await detached();
    for (let n = 1; n <= 5; n++) system.whereis<Topics>("endpoint.topics")?.cast.broadcast("room:1", "news", { n });
    await system.whereis<Topics>("endpoint.topics")?.call.count("room:1");
    cable.plug();
    await channel.push("echo", 1).reply;
    await channel.push("echo", 2).reply;
    expect(diary.lines.filter((line) => line.startsWith("join"))).toHaveLength(1);
    expect(seen.at(-4)).toMatchObject({ from: 1, to: 2, reason: "lost" });
    expect(seen.slice(-3)).toEqual([{ n: 3 }, { n: 4 }, { n: 5 }]);
  });

  it("asks its client for a new token before the old one expires, and nobody notices", async () => {
    let asked = 0;
    const authenticate = () => ({ user: "ada", expiresAtMs: Date.now() + 25_050 });
    const { cable } = await stage({ authenticate });
    const names: string[] = [];
    const socket = clientOf(cable.url, { token: () => `token ${++asked}` });
    socket.onState(({ name }) => names.push(name));
    const channel = socket.channel("room:1");
    await channel.join().reply;
    while (asked < 2) await channel.push("echo", 1).reply;
    expect(names.filter((name) => name === "open")).toHaveLength(1);
  });

  it("is ended by a kick, and its client stays away", async () => {
    const { cable, system } = await stage({ authenticate: () => ({ user: "ada" }) });
    const socket = clientOf(cable.url);
    await socket.channel("room:1").join().reply;
    const closed = state(socket, ({ name }) => name === "closed");
    expect(await system.whereis<Clients>("endpoint.clients")?.call.kick({ user: "ada" })).toBe(1);
    expect(await closed).toMatchObject({ name: "closed" });
  });
});

describe("a stock Phoenix client", () => {
  it("sends and gets bytes", async () => {
    const { url } = await stage();
    const socket = new PhoenixSocket(url, { transport: WebSocket });
    onTestFinished(() => socket.disconnect());
    socket.connect();
    const channel = socket.channel("bytes:1");
    const told = new Promise<unknown>((resolve) => {
      channel.on("told", resolve);
    });
    const payload = new Uint8Array([1, 2, 255]).buffer;
    const reply = new Promise<unknown>((resolve) => {
      channel.join().receive("ok", () => channel.push("shout", payload).receive("ok", resolve));
    });
    expect(await reply).toEqual(payload);
    expect(await told).toEqual(payload);
  });
});
