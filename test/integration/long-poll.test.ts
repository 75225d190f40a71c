import { LongPoll, Socket, type SocketOptions } from "phoenix";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { WebSocket } from "ws";
import { HttpClient } from "../transport/http-client.js";
import { Diary, roomClass } from "./rooms.js";
import { serve, type Served, type ServeOptions } from "./served.js";

interface Stage {
  readonly diary: Diary;
  readonly server: Served;
  /** Makes a connected client of the npm package that polls. */
  readonly client: (options?: SocketOptions) => Socket;
}

async function stage(options: Partial<NonNullable<ServeOptions["socket"]>> = {}): Promise<Stage> {
  const diary = new Diary();
  const server = await serve({ socket: { channels: { "room:*": roomClass(diary) }, pollWindowMs: 300, ...options } });
  const client = (clientOptions: SocketOptions = {}): Socket => {
    const socket = new Socket(server.url, {
      transport: LongPoll,
      reconnectAfterMs: () => 5,
      rejoinAfterMs: () => 5,
      ...clientOptions,
    });
    onTestFinished(() => socket.disconnect());
    socket.connect();
    return socket;
  };
  return { diary, server, client };
}

function answer(push: { receive(status: string, callback: (response: unknown) => void): unknown }): Promise<unknown> {
  return new Promise((resolve) => {
    for (const status of ["ok", "error", "timeout"]) push.receive(status, (response) => resolve([status, response]));
  });
}

const closed = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => {
    socket.onClose(({ code }) => resolve(code));
  });

/** Until so many more requests have been sent. */
function requests(count: number): Promise<void> {
  const send = globalThis.fetch;
  let left = count;
  return new Promise((resolve) => {
    vi.spyOn(globalThis, "fetch").mockImplementation((...request) => {
      left -= 1;
      if (left === 0) resolve();
      return send(...request);
    });
  });
}

describe("a stock Phoenix client that polls", () => {
  it("joins, pushes, gets replies and hears broadcasts, those of WebSockets too", async () => {
    const { client } = await stage({ authenticate: ({ params }) => ({ user: String(params["name"]) }) });
    const ada = client({ params: { name: "ada" } }).channel("room:1", { welcome: true });
    const bob = client({ transport: WebSocket, params: { name: "bob" } }).channel("room:1");
    expect(await answer(ada.join())).toEqual(["ok", { user: "ada" }]);
    await answer(bob.join());
    expect(await answer(ada.push("echo", { a: [1, "ä\u2028"] }))).toEqual(["ok", { payload: { a: [1, "ä\u2028"] } }]);
    const heard = new Promise((resolve) => {
      ada.on("shouted", resolve);
    });
    expect(await answer(bob.push("shout", "hey"))).toEqual(["ok", { heardBy: 2 }]);
    expect(await heard).toEqual({ payload: "hey" });
  });

  it("may push many at once, in order", async () => {
    const { client, diary } = await stage();
    const channel = client().channel("room:1");
    await answer(channel.join());
    const pushes = Array.from({ length: 250 }, (_, i) => channel.push("echo", i + 1));
    expect(await Promise.all(pushes.map(answer))).toEqual(pushes.map((_, i) => ["ok", { payload: i + 1 }]));
    expect(diary.lines.filter((line) => line.startsWith("echo"))).toEqual(pushes.map((_, i) => `echo ${i + 1}`));
  });

  it("is known by its user's token, which comes in a header", async () => {
    const { client } = await stage({ authenticate: ({ token }) => ({ user: token ?? "nobody" }) });
    const channel = client({ authToken: "to/ken?" }).channel("room:1", { welcome: true });
    expect(await answer(channel.join())).toEqual(["ok", { user: "to/ken?" }]);
  });

  it("stays connected over windows in which nothing happens, and has its own params beside the token", async () => {
    const tokens: unknown[] = [];
    const authenticate = ({ params }: { params: Readonly<Record<string, unknown>> }): object => {
      tokens.push(params["token"]);
      return {};
    };
    const { client } = await stage({ pollWindowMs: 20, authenticate });
    const channel = client({ params: { token: "the app's own" } }).channel("room:1");
    await answer(channel.join());
    await requests(6);
    expect(await answer(channel.push("echo", 1))).toEqual(["ok", { payload: 1 }]);
    expect(tokens).toEqual(["the app's own"]);
  });

  it("has its session ended one and a half windows after its last poll, and each channel once", async () => {
    const { client, diary, server } = await stage({ pollWindowMs: 40 });
    const socket = client();
    await answer(socket.channel("room:1").join());
    socket.disconnect();
    expect(await diary.wrote("end room:1")).toContain("shutdown");
    await server.system.idle();
    expect(diary.lines.filter((line) => line.startsWith("end"))).toHaveLength(1);
    expect(server.reports).toEqual([]);
  });

  it("is refused with 403 in its first answer when authenticate does not know it", async () => {
    const { client, server } = await stage({ authenticate: () => undefined });
    const http = new HttpClient(server.port);
    const first = await http.get("/socket/longpoll?vsn=2.0.0");
    expect(first).toMatchObject({ status: 200, json: { status: 403, code: 4003, reason: '{"reason":"forbidden"}' } });
    expect(await closed(client())).toBe(1008);
  });

  it("goes on after its session is gone: it connects again and joins again", async () => {
    const { client, diary, server } = await stage();
    const channel = client().channel("room:1");
    await answer(channel.join());
    const sessions = server.system.whereis<{ whichChildren(): readonly { ref: unknown }[] }>("endpoint.connections");
    const [child] = (await sessions?.call.whichChildren()) ?? [];
    const errored = new Promise<void>((resolve) => {
      channel.onError(() => resolve());
    });
    if (isRef(child)) server.system.exit(child.ref, "kill");
    await errored;
    expect(await answer(channel.push("echo", "back"))).toEqual(["ok", { payload: "back" }]);
    expect(diary.lines.filter((line) => line === "join room:1")).toHaveLength(2);
  });

  it("falls back to it when WebSockets do not get through, and remembers that", async () => {
    const { client } = await stage({ transports: ["longpoll"] });
    const memory = new Map<string, string>();
    const sessionStorage = {
      getItem: (key: string) => memory.get(key) ?? null,
      setItem: (key: string, value: string) => memory.set(key, value),
    };
    const socket = client({ transport: WebSocket, longPollFallbackMs: 500, sessionStorage });
    expect(await answer(socket.channel("room:1").join())).toEqual(["ok", {}]);
    expect(socket.transport).toBe(LongPoll);
    expect([...memory]).toEqual([["phx:fallback:LongPoll", "true"]]);
  });

  it("is told when the server stops, also when that happens between two polls", async () => {
    const { client, server } = await stage({ pollWindowMs: 10_000 });
    const socket = client();
    await answer(socket.channel("room:1").join());
    const code = closed(socket);
    await server.system.stop();
    expect(await code).toBe(3410);
  });
});

function isRef(child: unknown): child is { ref: Parameters<Served["system"]["exit"]>[0] } {
  return typeof child === "object" && child !== null && "ref" in child;
}
