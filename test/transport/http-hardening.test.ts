import { describe, expect, it, onTestFinished } from "vitest";
import { createHttpServer } from "../../src/transport/http-server.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import { HttpClient } from "./http-client.js";
import { RawClient } from "./raw-client.js";
import type { RecordingOwner } from "./recording-owner.js";
import { type Served, serve } from "./served.js";

const POLL = "/socket/longpoll?vsn=2.0.0";

/** A conversation by long poll, and a raw connection beside it. */
async function stage(options: Parameters<typeof serve>[0] = {}): Promise<{
  server: Served;
  http: HttpClient;
  raw: RawClient;
  path: string;
  socket: TransportSocket;
  owner: RecordingOwner;
}> {
  const server = await serve(options);
  const http = new HttpClient(server.port);
  const { json } = await http.get(POLL);
  const { token } = json as { token: string };
  const raw = await RawClient.connect(server.port);
  onTestFinished(() => raw.destroy());
  return { server, http, raw, path: `${POLL}&token=${token}`, ...(await server.accepted()) };
}

const post = (path: string, headers: readonly string[], body = ""): string =>
  [`POST ${path} HTTP/1.1`, "Host: x", "Content-Type: application/x-ndjson", ...headers, "", body].join("\r\n");

describe("requests", () => {
  it("for a path of nobody are 404, with any method but those of a page 405", async () => {
    const { http } = await stage();
    expect(await http.get("/nowhere")).toMatchObject({ status: 404 });
    expect(await http.ask("/health", { method: "POST", body: "x" })).toMatchObject({
      status: 405,
      headers: { allow: "GET, HEAD" },
    });
    expect(await http.ask("/health", { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
    expect(await http.ask("/ready", { method: "HEAD" })).toMatchObject({ status: 200, text: "" });
  });

  it("may come one behind the other, and are answered in order on one connection", async () => {
    const { raw, path, owner } = await stage();
    const first = post(path, ["Content-Length: 3"], "[1]");
    const last = post(path, ["Content-Length: 3", "Connection: close"], "[2]");
    raw.socket.write(`${first}GET /health HTTP/1.1\r\nHost: x\r\n\r\n${last}`);
    expect((await raw.rest()).match(/\{.*\}/g)).toEqual(['{"status":200}', '{"status":"ok"}', '{"status":200}']);
    expect([await owner.nextText(), await owner.nextText()]).toEqual(["[1]", "[2]"]);
  });

  it("that wait behind one that is not answered leave nothing when their connection breaks", async () => {
    const { server, raw, path, http, socket } = await stage();
    raw.socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\nGET /socket/events HTTP/1.1\r\nHost: x\r\n\r\n`);
    const behind = await server.accepted();
    behind.socket.sendText("never read");
    raw.socket.resetAndDestroy();
    expect(await behind.owner.next()).toEqual({ kind: "close", code: 1006, reason: "" });
    socket.sendText("[1]");
    expect((await http.get(path)).json).toMatchObject({ status: 200, messages: ["[1]"] });
    socket.terminate();
    await server.close();
  });

  it("that wait for 100 Continue get it if their body may come, and else the refusal at once", async () => {
    const { raw, path, owner, server } = await stage();
    raw.socket.write(post(path, ["Expect: 100-continue", "Content-Length: 3"]));
    expect(await raw.head()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
    raw.socket.write("[1]");
    expect(await raw.head()).toContain("200 OK");
    expect(await owner.nextText()).toBe("[1]");
    const other = await RawClient.connect(server.port);
    other.socket.write(post(path, ["Expect: 100-continue", "Content-Length: 9000000"]));
    expect(await other.rest()).toMatch(/^HTTP\/1.1 200 OK[^]*Connection: close[^]*"status":413/);
  });

  it("whose body is announced smaller than it is, or comes in chunks, are held to the limit as it arrives", async () => {
    const { raw, path } = await stage();
    raw.socket.write(post(path, ["Transfer-Encoding: chunked"]));
    const chunk = `100000\r\n${"x".repeat(0x10_0000)}\r\n`;
    for (let i = 0; i < 9; i += 1) raw.socket.write(chunk);
    expect(await raw.head()).toContain("Connection: close");
    expect(await raw.rest()).toContain('"status":413');
  });

  it("that break off in the middle of a body have no effect and leave nothing", async () => {
    const { raw, path, owner, http, server } = await stage();
    raw.socket.write(post(path, ["Content-Length: 30"], '["half'));
    await http.get("/health");
    raw.socket.resetAndDestroy();
    expect((await http.post(path, ["[1]"])).json).toEqual({ status: 200 });
    expect(await owner.next()).toEqual({ kind: "text", text: "[1]" });
    expect(server.errors).toEqual([]);
  });

  it("whose body does not come in time are ended", async () => {
    const { raw, path } = await stage({ headersTimeoutMs: 40, requestTimeoutMs: 60 });
    raw.socket.write(post(path, ["Content-Length: 30"], "["));
    expect(await raw.rest()).toMatch(/^HTTP\/1.1 408 |^$/);
  });

  it("with two lengths, a length and chunks, or no host are refused by the parser", async () => {
    const { server, path } = await stage();
    for (const wrong of [
      post(path, ["Content-Length: 3", "Content-Length: 4"], "[1]"),
      post(path, ["Content-Length: 3", "Transfer-Encoding: chunked"], "[1]"),
      `POST ${path} HTTP/1.1\r\n\r\n`,
      "\0\0\0\0\r\n\r\n",
    ]) {
      const raw = await RawClient.connect(server.port);
      raw.socket.write(wrong);
      expect(await raw.rest()).toMatch(/^HTTP\/1.1 400 /);
    }
  });
});

describe("a server that closes", () => {
  it("answers open polls and streams when their sockets are closed, and new clients with 503", async () => {
    const { server, http, path, socket } = await stage({ closeTimeoutMs: 200 });
    const keptAlive = new HttpClient(server.port);
    await keptAlive.get("/health");
    const poll = http.get(path);
    await keptAlive.get("/health");
    const closed = server.close();
    const late = await keptAlive.get(POLL);
    expect(late).toMatchObject({ status: 503, headers: { "retry-after": "2" }, json: { status: 500 } });
    expect(await keptAlive.get("/socket/events")).toMatchObject({ status: 503, headers: { "retry-after": "2" } });
    socket.close(4201, '{"reason":"drain","retryAfterMs":900}');
    expect(await poll).toMatchObject({ headers: { "retry-after": "1" }, json: { status: 410, code: 4201 } });
    await closed;
  });

  it("lets a client that is between two polls hear of it", async () => {
    const { server, http, path, socket } = await stage();
    const closed = server.close();
    socket.close(4201, "");
    await new Promise((resolve) => setImmediate(resolve));
    expect(await http.get(path)).toMatchObject({ json: { status: 410, code: 4201 } });
    await closed;
  });
});

describe("mounts", () => {
  it("have the transports that they name, and no others", async () => {
    const accept = (socket: TransportSocket): void => socket.close(1000, "");
    const server = await serve({ mounts: [{ path: "/s", protocol: "phoenix", transports: ["events"], accept }] });
    const http = new HttpClient(server.port);
    const statuses = ["websocket", "longpoll", "send", "events"].map(async (place) => {
      return (await http.get(`/s/${place}?vsn=2.0.0`)).status;
    });
    expect(await Promise.all(statuses)).toEqual([404, 404, 405, 200]);
    const strange = { path: "/s", protocol: "phoenix", transports: ["pigeon" as "events"], accept } as const;
    expect(() => createHttpServer({ mounts: [strange] })).toThrow(
      'mounts: there is no transport "pigeon"; there are websocket, longpoll, events',
    );
  });
});
