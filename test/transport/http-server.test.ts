import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { createHttpServer } from "../../src/transport/http-server.js";
import type { HttpServerOptions, Readiness } from "../../src/transport/http-options.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import { RawClient, upgradeRequest } from "./raw-client.js";
import { RecordingOwner } from "./recording-owner.js";
import { serve } from "./served.js";

/** The HTTP answer to one request, written as it is. */
async function answerTo(port: number, request: string): Promise<{ status: number; head: string; body: string }> {
  const client = await RawClient.connect(port);
  client.socket.write(request);
  const head = await client.head();
  const body = await client.rest();
  return { status: Number(head.split(" ")[1]), head, body };
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n`;
const refusal = (port: number, path: string, headers: readonly string[] = []): ReturnType<typeof answerTo> =>
  answerTo(port, upgradeRequest(path, headers));

describe("plain requests", () => {
  it("/health is 200 as long as the process serves", async () => {
    const server = await serve({ ready: () => ({ ready: false, reason: "draining" }) });
    const { status, head, body } = await answerTo(server.port, get("/health?x=1"));
    expect([status, JSON.parse(body)]).toEqual([200, { status: "ok" }]);
    expect(head).toContain("Content-Type: application/json");
    expect(head).toContain("Cache-Control: no-store");
  });

  it("/ready says what the callback says", async () => {
    let readiness: Readiness = { ready: true };
    const server = await serve({ ready: () => readiness });
    expect(await answerTo(server.port, get("/ready"))).toMatchObject({ status: 200, body: '{"ready":true}\n' });
    readiness = { ready: false, reason: "draining" };
    expect(await answerTo(server.port, get("/ready"))).toMatchObject({
      status: 503,
      body: '{"ready":false,"reason":"draining"}\n',
    });
  });

  it("the app's own routes are its listener's, everything else is 404", async () => {
    const bare = await serve();
    expect(await answerTo(bare.port, get("/"))).toMatchObject({ status: 404 });
    const server = await serve({
      requestListener: (request, response) => response.end(`the app's ${request.url}`),
    });
    expect(await answerTo(server.port, get("/page"))).toMatchObject({
      status: 200,
      body: expect.stringContaining("the app's /page"),
    });
  });

  it("a callback that throws is answered 500 and reported", async () => {
    const server = await serve({
      requestListener: () => {
        throw new Error("the app's own");
      },
    });
    expect(await answerTo(server.port, get("/page"))).toMatchObject({ status: 500 });
    expect(server.errors).toMatchObject([{ message: "the app's own" }]);
  });

  it("the endpoints ask for an upgrade, and for GET", async () => {
    const server = await serve();
    expect(await answerTo(server.port, get("/socket/websocket"))).toMatchObject({
      status: 426,
      head: expect.stringContaining("Upgrade: websocket"),
    });
    expect(await answerTo(server.port, get("/raw").replace("GET", "POST"))).toMatchObject({ status: 400 });
  });
});

describe("upgrades", () => {
  it("give accept what is known of the client", async () => {
    const server = await serve({ keepHeaders: ["user-agent", "x-forwarded-for"] });
    const token = "base64url.bearer.phx.dG9rZW4";
    const client = new WebSocket(`${server.url}/socket/websocket?user[id]=7&vsn=2.0.0`, ["phoenix", token], {
      origin: `http://127.0.0.1:${server.port}`,
      headers: { "user-agent": "test", cookie: "secret=1" },
    });
    const { socket, request } = await server.accepted();
    await once(client, "open");
    expect(client.protocol).toBe("phoenix");
    expect(JSON.parse(JSON.stringify(request))).toEqual({
      path: "/socket/websocket",
      params: { user: { id: "7" }, vsn: "2.0.0" },
      authToken: "token",
      origin: `http://127.0.0.1:${server.port}`,
      remoteAddress: "127.0.0.1",
      headers: { "user-agent": "test" },
    });
    expect(socket).toMatchObject({ kind: "websocket", open: true, remoteAddress: "127.0.0.1" });
    client.terminate();
  });

  it("to a Phoenix mount need a version that is spoken", async () => {
    const server = await serve();
    for (const query of ["", "?vsn=1.0.0", "?vsn=2.1.0", "?vsn=2.0", "?vsn=2.0.x", "?vsn[a]=2.0.0"]) {
      expect(await refusal(server.port, `/socket/websocket${query}`)).toMatchObject({
        status: 403,
        body: expect.stringContaining("2.0.x"),
      });
    }
    (await RawClient.upgraded(server.port, "/socket/websocket?vsn=2.0.7")).destroy();
    (await RawClient.upgraded(server.port, "/raw")).destroy();
  });

  it("are found by their whole path only", async () => {
    const server = await serve();
    for (const path of ["/", "/socket", "/socket/websocket/", "/socket/websocketx", "/raw/websocket", "/health"]) {
      expect(await refusal(server.port, path)).toMatchObject({ status: 404 });
    }
  });

  it("that are not a WebSocket handshake are refused", async () => {
    const server = await serve();
    const request = upgradeRequest("/raw");
    expect(await answerTo(server.port, request.replace("GET", "POST"))).toMatchObject({ status: 400 });
    expect(await answerTo(server.port, request.replace("Upgrade: websocket", "Upgrade: h2c"))).toMatchObject({
      status: 400,
    });
    expect(await answerTo(server.port, request.replace("Version: 13", "Version: 8"))).toMatchObject({
      status: 426,
      head: expect.stringContaining("Sec-WebSocket-Version: 13"),
    });
    expect(await refusal(server.port, "/raw?a=%ff")).toMatchObject({
      status: 400,
      body: "the query is not percent-encoded UTF-8\n",
    });
  });

  it("from pages of other origins are refused", async () => {
    const server = await serve();
    expect(await refusal(server.port, "/raw", ["Origin: https://evil.test"])).toMatchObject({
      status: 403,
      body: expect.stringContaining("https://evil.test"),
    });
    expect(await refusal(server.port, "/raw", ["Origin: null"])).toMatchObject({ status: 403 });
    (await RawClient.upgraded(server.port, "/raw", ["Origin: http://example.test"])).destroy();
  });

  it("follow the list of origins, and can demand one", async () => {
    const server = await serve({ origins: ["https://*.example.com"], allowMissingOrigin: false });
    expect(await refusal(server.port, "/raw")).toMatchObject({ status: 403 });
    expect(await refusal(server.port, "/raw", ["Origin: http://example.test"])).toMatchObject({ status: 403 });
    (await RawClient.upgraded(server.port, "/raw", ["Origin: https://a.example.com"])).destroy();
  });

  it("offer subprotocols that the mount speaks, or are refused", async () => {
    const server = await serve();
    expect(await refusal(server.port, "/socket/websocket?vsn=2.0.0", ["Sec-WebSocket-Protocol: other"])).toMatchObject({
      status: 403,
    });
    expect(await refusal(server.port, "/raw", ["Sec-WebSocket-Protocol: other"])).toMatchObject({ status: 403 });
  });

  it("of an overloaded server are answered 503 with a time to come back", async () => {
    const server = await serve({ admit: () => ({ ok: false, retryAfterMs: 1_500 }) });
    expect(await refusal(server.port, "/raw")).toMatchObject({
      status: 503,
      head: expect.stringContaining("Retry-After: 2"),
    });
  });

  it("can be refused so that the client sees why: by the gate, or by whoever accepts", async () => {
    const server = await serve({
      admit: ({ params }) =>
        params["token"] === "good" ? { ok: true } : { ok: false, closeCode: 4003, reason: '{"reason":"token"}' },
    });
    const gated = new WebSocket(`${server.url}/raw?token=bad`);
    expect(await once(gated, "close")).toMatchObject([4003, Buffer.from('{"reason":"token"}')]);
    const client = new WebSocket(`${server.url}/raw?token=good`);
    const { socket } = await server.accepted();
    socket.close(4205, '{"reason":"overloaded","retryAfterMs":100}');
    expect(await once(client, "close")).toMatchObject([
      4205,
      Buffer.from('{"reason":"overloaded","retryAfterMs":100}'),
    ]);
  });

  it("that accept leaves without an owner end with 1011 and an error", async () => {
    const server = await serve({ mounts: [{ path: "/raw", protocol: "raw", accept: () => undefined }] });
    const client = new WebSocket(`${server.url}/raw`);
    expect(await once(client, "close")).toMatchObject([1011, Buffer.alloc(0)]);
    expect(server.errors).toMatchObject([{ code: "no_owner" }]);
  });

  it("whose accept throws are ended and reported", async () => {
    const error = new Error("the app's own");
    const accept = (): void => {
      throw error;
    };
    const server = await serve({ mounts: [{ path: "/raw", protocol: "raw", accept }] });
    const client = new WebSocket(`${server.url}/raw`);
    expect(await once(client, "close")).toMatchObject([1006, Buffer.alloc(0)]);
    expect(server.errors).toEqual([error]);
  });

  it("may have a payload limit of their mount's own", async () => {
    const owner = new RecordingOwner();
    const accept = (socket: TransportSocket): void => {
      socket.owner = owner;
    };
    const server = await serve({ mounts: [{ path: "/small", protocol: "raw", payloadLimitBytes: 10, accept }] });
    const client = await RawClient.upgraded(server.port, "/small");
    client.send({ payload: "x".repeat(10) }, { payload: "x".repeat(11) });
    expect(await owner.nextText()).toHaveLength(10);
    expect(await owner.next()).toMatchObject({ kind: "close", code: 1009 });
    client.destroy();
  });
});

describe("limits", () => {
  it("a client that resets its connection while it is refused or accepted harms nobody", async () => {
    const server = await serve();
    for (let i = 0; i < 20; i += 1) {
      const client = await RawClient.connect(server.port);
      client.socket.write(upgradeRequest(i % 2 === 0 ? "/nowhere" : "/raw"));
      client.socket.resetAndDestroy();
    }
    expect(await answerTo(server.port, get("/health"))).toMatchObject({ status: 200 });
    expect(server.errors).toEqual([]);
  });

  it("a client that does not finish its headers is cut", async () => {
    const server = await serve({ headersTimeoutMs: 40, requestTimeoutMs: 40 });
    const client = await RawClient.connect(server.port);
    client.socket.write("GET /raw HTTP/1.1\r\nHost: x\r\nUpgrade: web");
    expect(await client.rest()).toMatch(/^HTTP\/1.1 408 |^$/);
  });

  it("headers above the limit are refused", async () => {
    const server = await serve({ headerLimitBytes: 1_024 });
    expect(await refusal(server.port, "/raw", [`X-Big: ${"x".repeat(2_000)}`])).toMatchObject({ status: 431 });
  });

  it.each<[string, Partial<HttpServerOptions>]>([
    ["port must be a whole number from 0 to 65535, got 70000", { port: 70_000 }],
    ["payloadLimitBytes must be a whole number from 1 to 1073741823, got 0", { payloadLimitBytes: 0 }],
    [
      "headersTimeoutMs must be a whole number from 1 to 100, got 200",
      { headersTimeoutMs: 200, requestTimeoutMs: 100 },
    ],
    [
      'mounts: the path "socket" must look like "/socket"',
      { mounts: [{ path: "socket", protocol: "raw", accept: () => undefined }] },
    ],
    [
      "mounts: two of them, or one and the server's own pages, are at /health",
      { mounts: [{ path: "/health", protocol: "raw", accept: () => undefined }] },
    ],
  ])("a wrong option is refused: %s", (message, options) => {
    expect(() => createHttpServer({ mounts: [], ...options })).toThrow(
      expect.objectContaining({ code: "bad_option", message }),
    );
  });
});

describe("listening", () => {
  it("on a port that is taken fails with what to do about it", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    onTestFinished(() => void holder.close());
    const address = holder.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const attempt = createHttpServer({ mounts: [], port, host: "127.0.0.1" }).listen();
    await expect(attempt).rejects.toMatchObject({
      name: "TransportError",
      code: "port_in_use",
      message: `cannot listen on 127.0.0.1, port ${port}: another process has the port. Stop that one, or choose another with the option "port" (0 takes any that is free).`,
      cause: { code: "EADDRINUSE" },
    });
  });

  it("on an address that the machine does not have fails", async () => {
    const attempt = createHttpServer({ mounts: [], port: 0, host: "203.0.113.1" }).listen();
    await expect(attempt).rejects.toMatchObject({ code: "host_unavailable" });
  });

  it("ends at once for new clients, ends what is idle, and is over with the last socket", async () => {
    const server = await serve();
    const { client, socket, owner } = await server.connect();
    const silent = await RawClient.connect(server.port);
    const idle = await RawClient.connect(server.port);
    idle.socket.write(`GET /health HTTP/1.1\r\nHost: x\r\n\r\n`);
    await idle.head();
    let over = false;
    const closed = server.close().then(() => (over = true));
    expect(server.close()).toBeInstanceOf(Promise);
    expect(await silent.rest()).toBe("");
    await idle.rest();
    await expect(RawClient.connect(server.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    client.send({ payload: "still served" });
    expect(await owner.nextText()).toBe("still served");
    expect(over).toBe(false);
    socket.close(4201, "drain");
    client.send({ opcode: 8, payload: Uint8Array.of(0x10, 0x69) });
    await closed;
    expect(over).toBe(true);
  });

  it("lets a request under way be answered before it is over", async () => {
    let answer: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let arrived: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const server = await serve({
      requestListener: (_request, response) => {
        arrived();
        void asked.then(() => response.end("late but whole"));
      },
    });
    const client = await RawClient.connect(server.port);
    client.socket.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    await arrival;
    const closed = server.close();
    answer();
    expect(await client.head()).toContain("200 OK");
    expect(await client.rest()).toContain("late but whole");
    await closed;
  });
});
