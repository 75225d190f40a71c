import { Socket, type SocketOptions } from "phoenix";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { Diary, roomClass } from "./rooms.js";
import { serve, type ServeOptions } from "./served.js";

interface Stage {
  readonly diary: Diary;
  readonly server: Awaited<ReturnType<typeof serve>>;
  /** Makes a connected client of the npm package. */
  readonly client: (options?: SocketOptions) => Socket;
}

async function stage(options: Partial<NonNullable<ServeOptions["socket"]>> = {}): Promise<Stage> {
  const diary = new Diary();
  const server = await serve({ socket: { channels: { "room:*": roomClass(diary) }, ...options } });
  const client = (clientOptions: SocketOptions = {}): Socket => {
    const socket = new Socket(server.url, {
      transport: WebSocket,
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

/** What a push of phoenix.js ends with. */
function answer(push: { receive(status: string, callback: (response: unknown) => void): unknown }): Promise<unknown> {
  return new Promise((resolve) => {
    for (const status of ["ok", "error", "timeout"]) push.receive(status, (response) => resolve([status, response]));
  });
}

function event(
  channel: { on(event: string, callback: (payload: unknown) => void): unknown },
  name: string,
): Promise<unknown> {
  return new Promise((resolve) => {
    channel.on(name, resolve);
  });
}

describe("a stock Phoenix client", () => {
  it("joins, with what join answered as the response", async () => {
    const { client } = await stage({ authenticate: ({ params }) => ({ user: String(params["name"]) }) });
    const channel = client({ params: { name: "ada" } }).channel("room:1", { welcome: true });
    expect(await answer(channel.join())).toEqual(["ok", { user: "ada" }]);
  });

  it("gets the reply to a push", async () => {
    const { client } = await stage();
    const channel = client().channel("room:1");
    channel.join();
    expect(await answer(channel.push("echo", { a: [1, "ä"] }))).toEqual(["ok", { payload: { a: [1, "ä"] } }]);
    expect(await answer(channel.push("refuse", {}))).toEqual(["error", { reason: "no" }]);
  });

  it("hears what another client broadcasts, and its own", async () => {
    const { client } = await stage();
    const [ada, bob] = [client().channel("room:1"), client().channel("room:1")];
    await Promise.all([answer(ada.join()), answer(bob.join())]);
    const heard = Promise.all([event(ada, "shouted"), event(bob, "shouted")]);
    expect(await answer(ada.push("shout", "hey"))).toEqual(["ok", { heardBy: 2 }]);
    expect(await heard).toEqual([{ payload: "hey" }, { payload: "hey" }]);
  });

  it("does not hear what it broadcasts to the others", async () => {
    const { client } = await stage();
    const [ada, bob] = [client().channel("room:1"), client().channel("room:1")];
    await Promise.all([answer(ada.join()), answer(bob.join())]);
    const heard: unknown[] = [];
    ada.on("shouted", (payload) => heard.push(payload));
    const bobHeard = event(bob, "shouted");
    ada.push("shout to others", 1);
    await bobHeard;
    await answer(ada.push("echo", {}));
    expect(heard).toEqual([]);
  });

  it("leaves, and may join again", async () => {
    const { client, diary } = await stage();
    const socket = client();
    const first = socket.channel("room:1");
    await answer(first.join());
    expect(await answer(first.leave())).toEqual(["ok", {}]);
    await diary.wrote('end room:1 {"shutdown":"left"}');
    const second = socket.channel("room:1");
    expect(await answer(second.join())).toEqual(["ok", {}]);
    expect(await answer(second.push("echo", 1))).toEqual(["ok", { payload: 1 }]);
  });

  it("is told why a join was refused", async () => {
    const { client } = await stage();
    const channel = client().channel("room:closed");
    expect(await answer(channel.join())).toEqual(["error", { reason: "closed" }]);
    channel.leave();
  });

  it("is told of a topic that nothing serves", async () => {
    const { client } = await stage();
    const channel = client().channel("garden:1");
    expect(await answer(channel.join())).toEqual(["error", { reason: "unmatched topic" }]);
    channel.leave();
  });

  it("joins no more channels than the limit allows", async () => {
    const { client } = await stage({ limits: { channelsPerSession: 2 } });
    const socket = client();
    await Promise.all([answer(socket.channel("room:1").join()), answer(socket.channel("room:2").join())]);
    const third = socket.channel("room:3");
    expect(await answer(third.join())).toEqual(["error", { reason: "too many channels joined" }]);
    third.leave();
  });

  it("hears phx_error when its channel crashes, and joins again by itself", async () => {
    const { client, server, diary } = await stage();
    const channel = client().channel("room:1");
    await answer(channel.join());
    const errored = new Promise<void>((resolve) => {
      channel.onError(() => resolve());
    });
    channel.push("crash", {});
    await errored;
    expect(await answer(channel.push("echo", "back"))).toEqual(["ok", { payload: "back" }]);
    expect(diary.lines.filter((line) => line === "join room:1")).toHaveLength(2);
    expect(server.reports.map(({ type }) => type)).toContain("crash");
  });

  it("hears phx_close when its channel stops, and does not join again", async () => {
    const { client, diary } = await stage();
    const channel = client().channel("room:1");
    await answer(channel.join());
    const closed = new Promise((resolve) => {
      channel.onClose(resolve);
    });
    channel.push("stop", {});
    await closed;
    expect(channel.state).toBe("closed");
    expect(diary.lines.filter((line) => line === "join room:1")).toHaveLength(1);
  });

  it("gets its heartbeats answered", async () => {
    const { client } = await stage();
    const socket = client();
    await answer(socket.channel("room:1").join());
    const roundTripMs = await new Promise<number>((resolve) => {
      expect(socket.ping(resolve)).toBe(true);
    });
    expect(roundTripMs).toBeGreaterThanOrEqual(0);
  });

  it("may say nothing but heartbeats", async () => {
    const { client } = await stage();
    const socket = client();
    await new Promise<void>((resolve) => {
      socket.onOpen(resolve);
    });
    await new Promise<number>((resolve) => {
      socket.ping(resolve);
    });
    expect(socket.isConnected()).toBe(true);
  });

  it("has a session that ends with its socket", async () => {
    const { client, diary, server } = await stage();
    const socket = client();
    await answer(socket.channel("room:1").join());
    socket.disconnect();
    expect(await diary.wrote("end room:1")).toBe('end room:1 {"shutdown":{"code":1001,"reason":"closed"}}');
    await server.system.idle();
    expect(server.reports).toEqual([]);
  });

  it("is closed with 4003 when authenticate does not know it", async () => {
    const { client } = await stage({ authenticate: () => undefined });
    const socket = client();
    const closed = new Promise((resolve) => {
      socket.onClose(({ code, reason }) => resolve([code, reason]));
    });
    socket.channel("room:1").join();
    expect(await closed).toEqual([4003, '{"reason":"forbidden"}']);
  });

  it("is closed with 1012 when the server stops", async () => {
    const { client, server } = await stage();
    const socket = client();
    await answer(socket.channel("room:1").join());
    const closed = new Promise((resolve) => {
      socket.onClose(({ code }) => resolve(code));
    });
    await server.system.stop();
    expect(await closed).toBe(1012);
  });
});
