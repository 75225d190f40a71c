import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../src/testing/virtual-clock.js";
import { HttpClient } from "./http-client.js";
import { type Accepted, type Served, serve } from "./served.js";

const PATH = "/socket/longpoll?vsn=2.0.0";

interface Body {
  readonly status: number;
  readonly token: string;
  readonly messages: readonly string[];
}

interface Stage extends Accepted {
  readonly server: Served;
  readonly http: HttpClient;
  readonly clock: VirtualClock;
  /** Polls with a token and gives the body of the answer. */
  poll(token: string, signal?: AbortSignal): Promise<Body>;
  /** The token of the connecting answer. */
  readonly token: string;
}

async function stage(): Promise<Stage> {
  const clock = new VirtualClock();
  const server = await serve({ clock, pollWindowMs: 1_000, closeTimeoutMs: 100 });
  const http = new HttpClient(server.port);
  const { json } = await http.get(PATH);
  const first = json as Body;
  expect(first).toEqual({ status: 410, token: expect.stringMatching(/^[\w-]{36}\.0$/), messages: [] });
  const poll = async (token: string, signal?: AbortSignal): Promise<Body> =>
    (await http.get(`${PATH}&token=${token}`, {}, signal)).json as Body;
  return { server, http, clock, poll, token: first.token, ...(await server.accepted()) };
}

/** Until a poll has reached the server: another request behind it has been answered. */
async function arrived(http: HttpClient): Promise<void> {
  await http.get("/health");
  await http.get("/health");
}

describe("a long poll", () => {
  it("is answered with what one turn has sent, as texts in an array", async () => {
    const { socket, poll, token, http } = await stage();
    const waiting = poll(token);
    await arrived(http);
    socket.sendText('["a"]');
    socket.sendText('["b€"]');
    expect(await waiting).toEqual({ status: 200, token: token.replace(/0$/, "1"), messages: ['["a"]', '["b€"]'] });
  });

  it("is answered at once with what was sent between two polls", async () => {
    const { socket, poll, token } = await stage();
    socket.sendText("[1]");
    const first = await poll(token);
    socket.sendBinary(Uint8Array.of(1, 255));
    socket.sendText("[2]");
    expect([first.messages, (await poll(first.token)).messages]).toEqual([["[1]"], ["Af8=", "[2]"]]);
  });

  it("with the position before gets the same batch again: its answer was lost", async () => {
    const { socket, poll, token } = await stage();
    socket.sendText("[1]");
    const first = await poll(token);
    socket.sendText("[2]");
    expect(await poll(token)).toEqual(first);
    expect(await poll(token)).toEqual(first);
    expect(socket.bufferedBytes).toBe(6);
    const second = await poll(first.token);
    expect(second.messages).toEqual(["[2]"]);
    // Much too late, from a proxy perhaps: that batch was acknowledged.
    expect(await poll(token)).toEqual({ status: 410, token: null, messages: [] });
    expect(await poll(first.token)).toEqual(second);
  });

  it("that was aborted loses nothing", async () => {
    const { socket, poll, token, http } = await stage();
    const gone = new AbortController();
    const aborted = poll(token, gone.signal);
    await arrived(http);
    gone.abort();
    await expect(aborted).rejects.toThrow("aborted");
    await arrived(http);
    socket.sendText("[1]");
    expect((await poll(token)).messages).toEqual(["[1]"]);
  });

  it("is ended with 204 by a newer one, and when its window is over", async () => {
    const { socket, poll, token, http, clock } = await stage();
    const [older, newer] = [poll(token), arrived(http).then(() => poll(token))];
    expect(await older).toEqual({ status: 204, token, messages: [] });
    await arrived(http);
    await clock.advance(1_000);
    expect(await newer).toEqual({ status: 204, token, messages: [] });
    expect(socket.open).toBe(true);
  });

  it("that does not come for one and a half windows is taken for lost", async () => {
    const { socket, owner, clock, poll, token } = await stage();
    await clock.advance(1_499);
    expect(socket.open).toBe(true);
    await clock.advance(1);
    expect(await owner.next()).toEqual({ kind: "close", code: 1006, reason: "" });
    expect(await poll(token)).toEqual({ status: 410, token: null, messages: [] });
    expect(clock.armed).toBe(0);
  });

  it("hears of a close behind what was sent before it", async () => {
    const { socket, owner, poll, token } = await stage();
    socket.sendText("[1]");
    const reason = '{"reason":"drain","retryAfterMs":1500}';
    socket.close(4201, reason);
    socket.sendText("[2]");
    const last = await poll(token);
    expect(last).toMatchObject({ status: 200, messages: ["[1]"], code: 4201, reason });
    expect(await poll(last.token)).toMatchObject({ status: 410, messages: [], code: 4201 });
    expect(await owner.next()).toEqual({ kind: "close", code: 4201, reason });
  });

  it("is answered 403 when the close is final, and a closed socket waits only so long for its last poll", async () => {
    const { socket, poll, token, http } = await stage();
    const waiting = poll(token);
    await arrived(http);
    socket.close(4001, "");
    expect(await waiting).toMatchObject({ status: 403, code: 4001 });
    const other = await stage();
    other.socket.close(4201, "");
    await other.clock.advance(100);
    expect(await other.owner.next()).toMatchObject({ kind: "close", code: 4201 });
    expect(other.clock.armed).toBe(0);
  });

  it("tells its owner when all has gone out", async () => {
    const { socket, owner, poll, token } = await stage();
    socket.sendText(`["${"x".repeat(20_000)}"]`);
    const first = await poll(token);
    expect(owner.waiting).toEqual([]);
    const next = poll(first.token);
    expect(await owner.next()).toEqual({ kind: "drain", left: 0 });
    socket.sendText("[2]");
    expect((await next).messages).toEqual(["[2]"]);
  });
});

describe("what is sent to a long poll", () => {
  it("comes a message a line, text or base64, and the whole body in any other type", async () => {
    const { http, owner, token } = await stage();
    const path = `${PATH}&token=${token}`;
    expect((await http.post(path, ['["ä"]', "AAH/", "", '["b"]'])).json).toEqual({ status: 200 });
    const whole = { method: "POST", headers: { "content-type": "text/plain" }, body: '["c",\n1]' };
    expect((await http.ask(path, whole)).json).toEqual({ status: 200 });
    expect([await owner.next(), await owner.next(), await owner.next(), await owner.next()]).toEqual([
      { kind: "text", text: '["ä"]' },
      { kind: "binary", hex: "0001ff" },
      { kind: "text", text: '["b"]' },
      { kind: "text", text: '["c",\n1]' },
    ]);
  });

  it("may name the token in a header, and any position", async () => {
    const { http, owner, token } = await stage();
    const [name = ""] = token.split(".");
    for (const each of [token, name, `${name}.99`]) {
      expect((await http.post(PATH, ["[1]"], { "x-phoenix-longpoll-token": each })).json).toEqual({ status: 200 });
      expect(await owner.nextText()).toBe("[1]");
    }
  });

  it("is refused with a status in the body: 410, 400, 413", async () => {
    const { http, token } = await stage();
    const path = `${PATH}&token=${token}`;
    const statuses = [
      await http.post(PATH, ["[1]"]),
      await http.post(`${PATH}&token=${"x".repeat(36)}.0`, ["[1]"]),
      await http.post(path, ["not base64"]),
      await http.ask(path, { method: "POST", body: Uint8Array.of(0xff) }),
      await http.post(
        path,
        Array.from({ length: 101 }, () => "[1]"),
      ),
      await http.post(path, [`["${"x".repeat(70_000)}"]`]),
      await http.ask(path, { method: "POST", headers: { "content-length": "9000000" }, body: "[" }),
    ];
    expect(statuses.map(({ status, json }) => [status, json])).toMatchObject(
      [410, 410, 400, 400, 413, 413, 413].map((status) => [200, { status }]),
    );
  });

  it("waits while the owner does not read, 408 after a window, one body at a time", async () => {
    const { http, owner, socket, token, clock } = await stage();
    const path = `${PATH}&token=${token}`;
    socket.pause();
    const first = http.post(path, ["[1]", "[2]"]);
    await arrived(http);
    expect((await http.post(path, ["[3]"])).json).toEqual({ status: 408 });
    await clock.advance(1_000);
    expect((await first).json).toEqual({ status: 408 });
    expect(owner.waiting).toEqual([]);
    owner.onEachText = () => socket.pause();
    socket.resume();
    expect(await owner.nextText()).toBe("[1]");
    expect(owner.waiting).toEqual([]);
    socket.resume();
    expect(await owner.nextText()).toBe("[2]");
    socket.resume();
    expect((await http.post(path, ["[4]"])).json).toEqual({ status: 200 });
    socket.close(1000, "");
    expect((await http.post(path, ["[5]"])).json).toEqual({ status: 410 });
  });
});

describe("connecting by long poll", () => {
  const statusOf = async (http: HttpClient, path: string, headers: Record<string, string> = {}): Promise<unknown> => {
    const { status, json } = await http.get(path, headers);
    return [status, typeof json === "object" && json !== null && "status" in json ? json.status : undefined];
  };

  it("needs a served version, an allowed origin and a readable query; refusals are statuses in the body", async () => {
    const { http } = await stage();
    expect(await statusOf(http, "/socket/longpoll")).toEqual([200, 403]);
    expect(await statusOf(http, "/socket/longpoll?vsn=1.0.0")).toEqual([200, 403]);
    expect(await statusOf(http, `${PATH}&a=%ff`)).toEqual([200, 403]);
    expect(await statusOf(http, PATH, { origin: "https://evil.test" })).toEqual([200, 403]);
    expect(await statusOf(http, `${PATH}&token=app's+own`)).toEqual([200, 410]);
  });

  it("is put off with 503 and Retry-After when there is too much to do", async () => {
    const server = await serve({ admit: () => ({ ok: false, retryAfterMs: 1_500 }) });
    const answer = await new HttpClient(server.port).get(PATH);
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "2" }, json: { status: 500 } });
  });

  it("is answered when the owner reads, or has closed", async () => {
    const server = await serve();
    const http = new HttpClient(server.port);
    const opening = http.get(PATH);
    const { socket } = await server.accepted();
    socket.pause();
    await arrived(http);
    socket.close(4205, '{"reason":"overloaded","retryAfterMs":2100}');
    expect(await opening).toMatchObject({ headers: { "retry-after": "3" }, json: { status: 500, code: 4205 } });
  });

  it("answers what a browser asks before it lets a page of another origin through", async () => {
    const { http } = await stage();
    const headers = { "access-control-request-headers": "x-phoenix-authtoken, content-type" };
    expect(await http.ask(PATH, { method: "OPTIONS", headers })).toMatchObject({
      status: 200,
      text: "",
      headers: {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "get, post, options",
        "access-control-allow-headers": "x-phoenix-authtoken, content-type",
        "access-control-max-age": "3600",
        "cache-control": expect.stringContaining("no-store"),
      },
    });
    expect(await http.ask(PATH, { method: "DELETE" })).toMatchObject({
      status: 405,
      headers: { allow: "GET, POST, OPTIONS", "access-control-allow-origin": "*" },
    });
  });
});
