import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import { Socket, type SocketState } from "../../src/client/index.js";
import { decodeTextFrame, type Frame, sealBody, encodeBody } from "../../src/protocol/frame.js";
import { DEFAULT_LIMITS } from "../../src/protocol/limits.js";

const servers: WebSocketServer[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});

function frameOf(data: RawData): Frame {
  const text = Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as ArrayBuffer).toString();
  const decoded = decodeTextFrame(text);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.frame;
}

/** A server that grants every hello, resumes every resume, and answers everything with its own payload. */
async function echoServer(): Promise<{ url: string; hellos: unknown[] }> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  servers.push(server);
  const hellos: unknown[] = [];
  let seq = 0;
  let rx = 0;
  server.on("connection", (connection, request) => {
    connection.on("message", (data) => {
      const { joinRef, ref, topic, event, payload, seq: number } = frameOf(data);
      const answer = (body: string, own?: number): void => connection.send(sealBody(body, own));
      if (event === "hello") {
        hellos.push([request.url, payload]);
        const resumed = JSON.stringify(payload).includes('"resume"');
        const facts = { v: 1, sid: "s1", secret: `k${hellos.length}`, epoch: hellos.length, resumed, rx, tx: seq };
        const response = {
          ...facts,
          ttlMs: 1_000,
          heartbeatMs: 25_000,
          limits: DEFAULT_LIMITS,
          topics: { room: "ok" },
        };
        answer(encodeBody(null, ref, topic, "phx_reply", { status: "ok", response }));
      } else if (number !== undefined) {
        rx = number;
        seq += 1;
        answer(encodeBody(joinRef, ref, topic, "phx_reply", { status: "ok", response: payload }), seq);
      }
    });
  });
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("expected a port, got none");
  return { url: `ws://127.0.0.1:${address.port}/socket`, hellos };
}

function until(socket: Socket, wanted: (state: SocketState) => boolean): Promise<void> {
  return new Promise((resolve) => {
    socket.onState((state) => wanted(state) && resolve());
  });
}

describe("over a real WebSocket", () => {
  it("a client joins, pushes, loses its connection, resumes, and sends what was pushed meanwhile", async () => {
    const { url, hellos } = await echoServer();
    const socket = new Socket(url, { webSocket: WebSocket, backoff: { baseMs: 1 } });
    socket.connect();
    const room = socket.channel("room", { a: 1 });
    await expect(room.join().reply).resolves.toEqual({ a: 1 });
    await expect(room.push("say", "first").reply).resolves.toBe("first");
    socket.dropConnection();
    const resumed = until(socket, (state) => state.name === "open" && state.resumed);
    const push = room.push("say", "meanwhile");
    await resumed;
    await expect(push.reply).resolves.toBe("meanwhile");
    expect(hellos).toMatchObject([
      ["/socket/websocket?vsn=2.0.0", { intent: "new" }],
      ["/socket/websocket?vsn=2.0.0", { intent: "resume", resume: { sid: "s1", secret: "k1", rx: 2 } }],
    ]);
    await new Promise<void>((resolve) => socket.disconnect(resolve));
    expect(socket.state).toEqual({ name: "closed", why: "disconnected" });
  });

  it("a client that finds nobody waits and can be stopped", async () => {
    const { url } = await echoServer();
    const [server] = servers.splice(0);
    server?.close();
    if (server !== undefined) await once(server, "close");
    const socket = new Socket(url, { webSocket: WebSocket });
    const waits = until(socket, (state) => state.name === "waiting");
    socket.connect();
    await waits;
    expect(socket.state).toMatchObject({ name: "waiting", close: { code: 1006 } });
    socket.disconnect();
  });

  it("a client that is stopped while it connects closes what it had begun", async () => {
    const { url, hellos } = await echoServer();
    const socket = new Socket(url, { webSocket: WebSocket });
    socket.connect();
    await new Promise<void>((resolve) => socket.disconnect(resolve));
    expect(hellos).toEqual([]);
  });
});
