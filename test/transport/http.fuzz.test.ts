import { connect } from "node:net";
import fc from "fast-check";
import { createSystem } from "holdfast";
import { Channel, Endpoint } from "holdfast/actors";
import { child, Supervisor } from "holdfast/supervisors";
import { describe, expect, it } from "vitest";
import { realClock } from "../../src/kernel/clock.js";
import { CountingClock } from "./counting-clock.js";
import { HttpClient } from "./http-client.js";
import { serve } from "./served.js";

const PLACES = ["longpoll", "events", "send", "websocket"].map((place) => `/socket/${place}`);
const someText = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: "binary", maxLength: 12 }).map((text) => encodeURIComponent(Buffer.from(text).toString())),
  fc.constantFrom("1", "0", "2.0.0", "-1", "1e9", "room:1", "__proto__", "TOKEN", "TOKEN.0", "TOKEN.1", "%", "%ff"),
);
const pair = fc.tuple(
  fc.oneof(fc.constantFrom("vsn", "token", "stream", "n", "topic", "topics", "level", "a[b]", "a[]"), someText),
  someText,
);
const target = fc
  .tuple(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...PLACES, "/health", "/ready", "/raw", "/", "*") },
      fc.webPath(),
      fc.string({ maxLength: 20 }),
    ),
    fc.array(pair, { maxLength: 5 }),
    fc.boolean(),
  )
  .map(([path, pairs, served]) => {
    const query = [...(served ? ["vsn=2.0.0"] : []), ...pairs.map(([name, value]) => `${name}=${value}`)];
    return `${path}?${query.join("&")}`.replaceAll(/[\r\n]/g, "");
  });
const header = fc.oneof(
  fc.constantFrom(
    "Host: x",
    "Connection: close",
    "Connection: keep-alive",
    "Accept: text/event-stream",
    "Content-Type: application/x-ndjson",
    "Content-Type: text/plain",
    "Transfer-Encoding: chunked",
    "Expect: 100-continue",
    "Expect: something",
    "Content-Encoding: gzip",
    "Origin: https://evil.test",
    "Origin: null",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Extensions: permessage-deflate",
    "X-Phoenix-Longpoll-Token: TOKEN.0",
    "X-Phoenix-AuthToken: x",
    "Access-Control-Request-Headers: a, b",
  ),
  fc.nat(200).map((length) => `Content-Length: ${length}`),
  fc.string({ maxLength: 30 }),
);
const line = fc.oneof(
  fc.json({ maxDepth: 2 }),
  fc.base64String({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom('["1","1","room:1","phx_join",{}]', '[null,"1","phoenix","hello",{"v":1,"intent":"new"}]', "["),
);
const method = fc.constantFrom("GET", "GET", "POST", "POST", "OPTIONS", "HEAD", "PUT", "DELETE");
const body = fc.array(line, { maxLength: 4 }).map((lines) => lines.join("\n"));
const heading = (first: string, headers: readonly string[], text: string): string =>
  [first, ...headers, "", text].join("\r\n");
/** A request that the parser takes, most of the time; what it says may be anything. */
const formed = fc
  .record({ method, target, headers: fc.uniqueArray(header, { maxLength: 4, selector: nameOf }), body })
  .map((each) => {
    const plain = encodeURI(Buffer.from(each.target).toString()).replaceAll("%25", "%");
    const headers = each.headers.filter((text) => /^[\w-]+: [ -~]+$/.test(text) && !/^(host|upgrade)/i.test(text));
    const length = headers.some((text) => /^(content-length|transfer)/i.test(text));
    const fixed = ["Host: x", ...(length ? [] : [`Content-Length: ${Buffer.byteLength(each.body)}`])];
    return heading(`${each.method} ${plain} HTTP/1.1`, [...fixed, ...headers], each.body);
  });
/** One that sends a real message in a real conversation. */
const lively = fc
  .record({ place: fc.constantFrom("longpoll?vsn=2.0.0&token=TOKEN.0", "longpoll?token=TOKEN.1"), body })
  .map(({ place, body: text }) => {
    const fixed = ["Host: x", "Content-Type: application/x-ndjson", `Content-Length: ${Buffer.byteLength(text)}`];
    return heading(`POST /socket/${place} HTTP/1.1`, fixed, text);
  });
/** One that need not even be a request. */
const bent = fc
  .record({
    method: fc.oneof(method, fc.string({ maxLength: 8 })),
    target,
    headers: fc.array(header, { maxLength: 6 }),
    body,
  })
  .map((each) => heading(`${each.method} ${each.target} HTTP/1.1`, each.headers, each.body));
const request = fc.oneof(
  { weight: 6, arbitrary: formed },
  { weight: 3, arbitrary: lively },
  { weight: 2, arbitrary: bent },
);
/** What one client sends: some requests one behind the other, cut anywhere; TOKEN stands for that of a conversation. */
const visit = fc.record({
  requests: fc.array(request, { minLength: 1, maxLength: 3 }),
  cuts: fc.array(fc.nat(), { maxLength: 4 }),
  reset: fc.boolean(),
});

function nameOf(text: string): string {
  return text.slice(0, text.indexOf(":")).toLowerCase();
}

type Visit = typeof visit extends fc.Arbitrary<infer V> ? V : never;

/** Sends it all, waits for the end of the answers or a moment, and goes away. */
async function pay(port: number, { requests, cuts, reset }: Visit, token: string): Promise<void> {
  const bytes = Buffer.from(requests.join("").replaceAll("TOKEN", token));
  const socket = connect({ port, host: "127.0.0.1" });
  const over = new Promise<void>((resolve) => {
    // Whatever the server does to such a client is right, as long as it lives.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => resolve());
  });
  const heard = new Promise<void>((resolve) => {
    socket.on("data", () => resolve());
    socket.on("close", () => resolve());
    // Some are answered late, and some never, as a whole request has not come.
    realClock.setTimer(15, resolve);
  });
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let from = 0;
  for (const end of ends) {
    socket.write(bytes.subarray(from, end));
    from = end;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await heard;
  if (reset) socket.resetAndDestroy();
  else socket.end();
  await over;
}

describe("the HTTP endpoints", () => {
  it("take anything from anybody: the server lives, and nothing is left when they are gone", async () => {
    const clock = new CountingClock();
    const server = await serve({
      clock,
      pollWindowMs: 10,
      closeTimeoutMs: 20,
      requestTimeoutMs: 300,
      headersTimeoutMs: 300,
    });
    const http = new HttpClient(server.port);
    await fc.assert(
      fc.asyncProperty(fc.array(visit, { minLength: 1, maxLength: 3 }), async (visits) => {
        const { json } = await http.get("/socket/longpoll?vsn=2.0.0");
        const [token = ""] = String((json as { token?: string }).token).split(".");
        await Promise.all(visits.map((each) => pay(server.port, each, token)));
        expect((await http.get("/health")).status).toBe(200);
      }),
      { numRuns: 150 },
    );
    expect(server.errors).toEqual([]);
    // All conversations end by themselves, as nobody polls.
    await server.close();
    expect(clock.armed).toBe(0);
  });

  it("leave no actor behind", async () => {
    class Room extends Channel {}
    class Root extends Supervisor {
      override init() {
        const socket = {
          channels: { "room:*": Room },
          pollWindowMs: 10,
          limits: { anonymousTtlMs: 20, helloTimeoutMs: 50 },
        };
        return { children: [child(Endpoint, { id: "endpoint", args: { port: 0, host: "127.0.0.1", socket } })] };
      }
    }
    const crashes: string[] = [];
    const system = await createSystem({
      root: Root,
      reporter: ({ type, text }) => {
        if (type === "crash" || type === "endpoint_error") crashes.push(text);
      },
    });
    const port = (await system.whereis<{ port(): number }>("endpoint.listener")?.call.port()) ?? 0;
    const http = new HttpClient(port);
    await fc.assert(
      fc.asyncProperty(visit, async (each) => {
        const { json } = await http.get("/socket/longpoll?vsn=2.0.0");
        const [token = ""] = String((json as { token?: string }).token).split(".");
        await pay(port, each, token);
        expect((await http.get("/health")).status).toBe(200);
      }),
      { numRuns: 60 },
    );
    const countOf = async (name: string): Promise<number> => {
      const supervisor = system.whereis<{ whichChildren(): readonly unknown[] }>(name);
      return (await supervisor?.call.whichChildren())?.length ?? 0;
    };
    const living = async (): Promise<number> =>
      (await countOf("endpoint.connections")) + (await countOf("endpoint.sessions"));
    while ((await living()) > 0) {
      await new Promise<void>((resolve) => {
        system.clock.setTimer(5, resolve);
      });
    }
    expect(crashes).toEqual([]);
    await system.stop();
  });
});
