import { describe, expect, it } from "vitest";
import { eventStream } from "../../src/client/fallback.js";
import type { WebSocketLike } from "../../src/client/index.js";
import { encodeCloseReason } from "../../src/protocol/close-codes.js";
import { ManualClock } from "./manual-clock.js";
import { ModelHttp, until } from "./model-http.js";

interface Heard {
  readonly http: ModelHttp;
  readonly clock: ManualClock;
  readonly stream: WebSocketLike;
  readonly messages: unknown[];
  readonly closes: unknown[];
}

/** An event stream, open unless the test opens it by itself. */
async function opened(http = new ModelHttp(), isOpened = true): Promise<Heard> {
  const clock = new ManualClock();
  const messages: unknown[] = [];
  const closes: unknown[] = [];
  const url = "wss://host/socket/websocket?vsn=2.0.0";
  const stream = eventStream(url, { fetch: http.fetch, clock, headers: { "x-gateway": "1" } });
  stream.onmessage = ({ data }: { readonly data: unknown }) => messages.push(data);
  stream.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) =>
    closes.push([code, reason]);
  if (isOpened) {
    await until(() => http.streams.length === 1);
    http.write("id: token-1\nevent: stream\ndata: {}\n\n");
    await until(() => stream.readyState === 1);
  }
  return { http, clock, stream, messages, closes };
}

describe("an event stream", () => {
  it("asks at /events and opens with the first event, which brings its token", async () => {
    const { http, messages } = await opened();
    expect(http.streams).toEqual(["https://host/socket/events?vsn=2.0.0"]);
    expect(messages).toEqual([]);
  });

  it("hands out frames of text and of bytes, however the stream is cut into pieces", async () => {
    const { http, messages } = await opened();
    const text = ': a comment\r\nevent: message\r\ndata: [null,null,"t","e",{"ü":1}]\r\n\r\ndata: EAE=\n\n';
    for (const byte of new TextEncoder().encode(text)) http.write(String.fromCharCode(byte).replace(/[^\0-\x7f]/, ""));
    http.write("data: [1,\ndata: 2]\n\n");
    await until(() => messages.length === 3);
    expect(messages[0]).toMatch(/^\[null,null,"t","e",\{"/);
    expect(messages.slice(1)).toEqual([Uint8Array.of(16, 1).buffer, "[1,\n2]"]);
  });

  it("sends what was written together in one POST with a number, bytes as base64", async () => {
    const { http, stream } = await opened();
    stream.send('["1"]');
    stream.send(Uint8Array.of(16, 255));
    await until(() => http.posts.length === 1);
    stream.send('["2"]');
    await until(() => http.posts.length === 2);
    const post = { stream: "token-1", contentType: "application/x-ndjson" };
    expect(http.posts).toEqual([
      { ...post, n: "1", lines: ['["1"]', "EP8="] },
      { ...post, n: "2", lines: ['["2"]'] },
    ]);
  });

  it("sends a POST again under its number when its answer was lost, and the next one after it", async () => {
    const { http, stream, clock } = await opened();
    http.fates = ["lose_answer", "lose_request", 503];
    stream.send('["1"]');
    for (let attempts = 1; attempts <= 3; attempts += 1) {
      await until(() => http.attempts === attempts && clock.timers === 1);
      if (attempts === 1) stream.send('["2"]');
      clock.advance(10_000);
    }
    await until(() => http.posts.length === 2);
    expect(http.posts.map(({ n, lines }) => [n, ...lines])).toEqual([
      ["1", '["1"]'],
      ["2", '["2"]'],
    ]);
  });

  it("is lost when the server has it no longer, when nothing can be sent, and when it ends", async () => {
    const gone = await opened();
    gone.http.fates = [410];
    gone.stream.send("[]");
    await until(() => gone.closes.length === 1);
    expect(gone.closes).toEqual([[1006, "not sent"]]);
    expect(gone.http.aborted).toBe(true);

    const mute = await opened();
    mute.http.fates = ["lose_request", "lose_request", "lose_request", "lose_request"];
    mute.stream.send("[]");
    for (let attempts = 1; attempts < 4; attempts += 1) {
      await until(() => mute.http.attempts === attempts && mute.clock.timers === 1);
      mute.clock.advance(10_000);
    }
    await until(() => mute.closes.length === 1);

    const ended = await opened();
    ended.http.end();
    await until(() => ended.closes.length === 1);
    expect([ended.closes, ended.stream.readyState]).toEqual([[[1006, ""]], 3]);
  });

  it("is closed by the server with its code and reason", async () => {
    const { http, closes } = await opened();
    const reason = encodeCloseReason({ reason: "drain", retryAfterMs: 500 });
    http.write(`event: close\ndata: ${JSON.stringify({ code: 4201, reason })}\n\n`);
    await until(() => closes.length === 1);
    expect(closes).toEqual([[4201, reason]]);
  });

  it("tells when to come back if the server is too busy for it", async () => {
    const http = new ModelHttp();
    http.refusal = new Response("", { status: 503, headers: { "retry-after": "7" } });
    const { closes } = await opened(http, false);
    await until(() => closes.length === 1);
    expect(closes).toEqual([[4205, '{"reason":"status 503","retryAfterMs":7000}']]);
  });

  it("sends what was written before it is closed, and hears no more", async () => {
    const { http, stream, closes, messages } = await opened();
    stream.send('["bye"]');
    stream.close(1000, "done");
    stream.send('["late"]');
    await until(() => closes.length === 1);
    expect([http.posts.map(({ lines }) => lines), closes]).toEqual([[['["bye"]']], [[1000, "done"]]]);
    expect([http.aborted, messages]).toEqual([true, []]);
  });

  it("can be closed before it opens", async () => {
    const { stream, closes, http } = await opened(new ModelHttp(), false);
    stream.close(4200);
    await until(() => closes.length === 1);
    expect([closes, http.aborted]).toEqual([[[4200, ""]], true]);
  });
});
