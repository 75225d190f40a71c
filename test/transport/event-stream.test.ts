import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { SharedFrame } from "../../src/transport/shared-frame.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { HttpClient } from "./http-client.js";
import { type Accepted, type Served, serve } from "./served.js";

interface Stage extends Accepted {
  readonly server: Served;
  readonly http: HttpClient;
  readonly clock: VirtualClock;
  readonly answer: IncomingMessage;
  /** Where to send. */
  readonly path: string;
  /** Resolves with what has come, once it ends so. */
  read(end: string): Promise<string>;
}

async function stage(accept = "text/event-stream"): Promise<Stage> {
  const clock = new VirtualClock();
  const server = await serve({ clock, pollWindowMs: 1_000, closeTimeoutMs: 100 });
  const sent = get({ host: "127.0.0.1", port: server.port, path: "/socket/events", headers: { accept } });
  onTestFinished(() => void sent.destroy());
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  // A stream that is cut ends with an error as well.
  answer.on("error", () => answer.destroy());
  let text = "";
  let wake = (): void => undefined;
  answer.setEncoding("utf8");
  answer.on("data", (chunk: string) => {
    text += chunk;
    wake();
  });
  const read = async (end: string): Promise<string> => {
    while (!text.endsWith(end)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const all = text;
    text = "";
    return all;
  };
  const token = String(answer.headers["x-stream-token"]);
  const path = `/socket/send?stream=${token}`;
  return { server, http: new HttpClient(server.port), clock, answer, path, read, ...(await server.accepted()) };
}

describe("an event stream", () => {
  it("begins with an event that has the token as its id, then has an event a message", async () => {
    const { socket, read, answer } = await stage();
    const token = String(answer.headers["x-stream-token"]);
    expect(await read("\n\n")).toBe(`id: ${token}\nevent: stream\ndata: {}\n\n`);
    socket.sendText('["ä"]');
    socket.sendShared(SharedFrame.text('["b"'), ",5]");
    socket.sendBinary(Uint8Array.of(1, 255));
    socket.sendShared(SharedFrame.binary(Uint8Array.of(2)), "");
    socket.sendText("two\nlines\r\nand three");
    expect(await read("three\n\n")).toBe(
      'data: ["ä"]\n\ndata: ["b",5]\n\ndata: Af8=\n\ndata: Ag==\n\ndata: two\ndata: lines\ndata: and three\n\n',
    );
  });

  it("is plain lines for whoever does not ask for events", async () => {
    const { socket, read, answer } = await stage("*/*");
    expect(answer.headers["content-type"]).toBe("application/x-ndjson; charset=utf-8");
    socket.sendText("[1]");
    socket.sendText("[2]");
    expect(await read("[2]\n")).toBe("\n[1]\n[2]\n");
  });

  it("that is pinged has a comment, and is heard when the connection has taken it", async () => {
    const { socket, read } = await stage();
    socket.heard = false;
    socket.ping();
    expect(await read(":\n\n")).toContain(":\n\n");
    expect(socket.heard).toBe(true);
  });

  it("ends with an event that says why, and when to come back", async () => {
    const { socket, read, answer, owner, clock } = await stage();
    await read("\n\n");
    const reason = '{"reason":"drain","retryAfterMs":1200}';
    socket.sendText("[1]");
    socket.close(4201, reason);
    socket.sendText("[2]");
    const ended = once(answer, "end");
    const words = JSON.stringify({ code: 4201, reason });
    expect(await read("}\n\n")).toBe(`data: [1]\n\nretry: 1200\nevent: close\ndata: ${words}\n\n`);
    await ended;
    expect(await owner.next()).toEqual({ kind: "close", code: 4201, reason });
    expect(clock.armed).toBe(0);
  });

  it("whose client goes away is over with 1006", async () => {
    const { answer, owner, socket } = await stage();
    answer.destroy();
    expect(await owner.next()).toEqual({ kind: "close", code: 1006, reason: "" });
    expect(socket.open).toBe(false);
  });

  it("that was terminated is cut, and its owner told afterwards", async () => {
    const { answer, owner, socket } = await stage();
    const closed = new Promise((resolve) => {
      answer.on("close", resolve);
    });
    socket.terminate();
    expect(owner.waiting).toEqual([]);
    expect(await owner.next()).toEqual({ kind: "close", code: 1006, reason: "" });
    await closed;
  });

  it("whose client does not read counts what waits, says when it has gone, and ends when that is too much", async () => {
    const { answer, owner, socket, read } = await stage();
    await read("\n\n");
    answer.pause();
    const chunk = "x".repeat(1_000_000);
    for (let i = 0; i < 3; i += 1) socket.sendText(chunk);
    expect(socket.bufferedBytes).toBeGreaterThanOrEqual(3_000_000);
    answer.resume();
    expect(await owner.next()).toEqual({ kind: "drain", left: 0 });
    answer.pause();
    while (socket.open) socket.sendText(chunk);
    expect(await owner.next()).toEqual({ kind: "close", code: 1006, reason: "" });
  });

  it("that is closed while its client does not read is cut after closeTimeoutMs", async () => {
    const { answer, owner, socket, clock } = await stage();
    answer.pause();
    socket.sendText("x".repeat(7_000_000));
    socket.close(4202, "");
    await clock.advance(100);
    expect(await owner.next()).toEqual({ kind: "close", code: 4202, reason: "" });
    expect(clock.armed).toBe(0);
  });
});

describe("what is sent to an event stream", () => {
  it("waits while the owner does not read: 429 for the next, 503 after a window, taken once", async () => {
    const { http, path, socket, owner, clock } = await stage();
    socket.pause();
    const first = http.post(`${path}&n=1`, ["[1]"]);
    await http.get("/health");
    await http.get("/health");
    const next = await http.post(`${path}&n=2`, ["[2]"]);
    expect([next.status, next.headers["retry-after"]]).toEqual([429, "1"]);
    await clock.advance(1_000);
    expect(await first).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
    const again = http.post(`${path}&n=1`, ["[1]"]);
    await http.get("/health");
    socket.resume();
    expect((await again).status).toBe(200);
    expect((await http.post(`${path}&n=2`, ["[2]"])).status).toBe(200);
    expect([await owner.nextText(), await owner.nextText(), owner.waiting]).toEqual(["[1]", "[2]", []]);
    expect(clock.armed).toBe(0);
  });

  it("may come without numbers", async () => {
    const { http, path, owner } = await stage();
    expect((await http.post(path, ["[1]", "[2]"])).status).toBe(200);
    expect((await http.post(path, ["[3]"])).json).toEqual({ ok: true });
    expect([await owner.nextText(), await owner.nextText(), await owner.nextText()]).toEqual(["[1]", "[2]", "[3]"]);
  });

  it("is refused for its method, type, number, size, form, encoding and origin", async () => {
    const { http, path, owner } = await stage();
    const refused = await Promise.all([
      http.get(path),
      http.ask(path, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "[1]" }),
      http.post(`${path}&n=0`, ["[1]"]),
      http.post(`${path}&n=x`, ["[1]"]),
      http.post(`${path}&n=2`, ["[1]"]),
      http.post(path, [`["${"x".repeat(70_000)}"]`]),
      http.ask(path, { method: "POST", body: "x".repeat(1_100_000) }),
      http.post(path, ["neither"]),
      http.post(path, ["[1]"], { "content-encoding": "gzip" }),
      http.post(path, ["[1]"], { origin: "https://evil.test" }),
      http.ask("/socket/events", { method: "HEAD" }),
      http.get("/socket/events?vsn=1.0.0"),
      http.get("/socket/events?a=%ff"),
      http.get("/socket/events", { origin: "https://evil.test" }),
    ]);
    const statuses = [405, 415, 400, 400, 409, 413, 413, 400, 415, 403, 405, 403, 400, 403];
    expect(refused.map(({ status }) => status)).toEqual(statuses);
    expect(owner.waiting).toEqual([]);
  });

  it("from a page of another origin is asked for first", async () => {
    const { http, path } = await stage();
    const headers = { "access-control-request-headers": "content-type" };
    const answer = await http.ask(path, { method: "OPTIONS", headers });
    expect(answer).toMatchObject({ status: 200, headers: { "access-control-allow-headers": "content-type" } });
  });
});
