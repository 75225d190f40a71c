import { Channel, type Topics } from "holdfast/actors";
import { describe, expect, it } from "vitest";
import { createFakeEndpoint, type FakeEndpoint, type FakeEndpointOptions } from "../actors/fake-endpoint.js";
import type { FakeSocket } from "../actors/fake-socket.js";
import { WireClient } from "../integration/wire-client.js";
import { RawClient, upgradeRequest } from "../transport/raw-client.js";
import { serve as serveTransport } from "../transport/served.js";
import { attacked, expectToServe, isReplyTo, SOCKET_PATH } from "./stage.js";

const WINDOW = 256;

class Feed extends Channel {
  override handleIn(event: string, payload: unknown): void {
    const count = typeof payload === "number" ? payload : 0;
    for (let number = 1; number <= count; number++) this.push(event, { number });
  }
}

function stage(options: Partial<FakeEndpointOptions> = {}): Promise<FakeEndpoint> {
  return createFakeEndpoint({ channels: { feed: Feed }, ...options });
}

/** A client of level 2 that has joined the feed, and has read all that came of that. */
async function joined(end: FakeEndpoint): Promise<FakeSocket> {
  const { socket } = await end.connect();
  socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new", token: "ada" }]);
  await end.clock.settle();
  socket.arrive(["1", "1", "feed", "phx_join", {}, 1]);
  await end.clock.settle();
  socket.take();
  return socket;
}

const ask = (count: number, seq: number): unknown => ["1", String(seq), "feed", "news", count, seq];
const newsIn = (frames: readonly unknown[]): number =>
  frames.filter((frame) => Array.isArray(frame) && frame[3] === "news").length;

describe("a client that does not read", () => {
  it("is written nothing more while its socket holds unsent bytes", async () => {
    const end = await stage();
    const socket = await joined(end);
    socket.bufferedBytes = 64 * 1024;
    socket.arrive(ask(100, 2));
    await end.clock.settle();
    expect(newsIn(socket.take())).toBe(0);
    socket.bufferedBytes = 0;
    socket.owner?.onDrain(socket);
    await end.clock.settle();
    expect(newsIn(socket.take())).toBe(100);
    await end.stop();
  });

  it("and speaks to nobody but Phoenix is closed with 4202 when it holds more than an outbox", async () => {
    const end = await stage();
    const { socket } = await end.connect();
    socket.arrive(["1", "1", "feed", "phx_join", {}]);
    await end.clock.settle();
    socket.bufferedBytes = 1024 * 1024 + 1;
    socket.arrive(["1", "2", "feed", "news", 1]);
    await end.clock.settle();
    expect(socket.closedWith).toMatchObject({ code: 4202 });
    expect(JSON.parse(socket.closedWith?.reason ?? "")).toEqual({
      reason: "slow_consumer",
      retryAfterMs: expect.any(Number),
    });
    await end.stop();
  });

  it("keeps nobody else waiting", async () => {
    const { url, port, system } = await attacked();
    const slow = await RawClient.upgraded(port, SOCKET_PATH);
    slow.send({ payload: JSON.stringify(["1", "1", "room:1", "phx_join", {}]) });
    await slow.text();
    slow.socket.pause();
    const { client } = await WireClient.open(url);
    await client.next(isReplyTo(client.send(1, "room:1", "phx_join")));
    const topics = system.whereis<Topics>("endpoint.topics");
    const text = "x".repeat(50_000);
    for (let number = 1; number <= 100; number++) {
      topics?.cast.broadcast("room:1", "news", { number, text });
      const { seq } = await client.next((frame) => frame.event === "news");
      client.control("ack", { ack: seq });
    }
    await expectToServe(url);
    slow.destroy();
  });
});

describe("a client that never acknowledges", () => {
  it("is sent its window, and nothing above it", async () => {
    const end = await stage();
    const socket = await joined(end);
    socket.arrive(ask(500, 2));
    await end.clock.settle();
    expect(newsIn(socket.take())).toBeLessThanOrEqual(WINDOW);
    await end.clock.advance(5_000);
    expect(newsIn(socket.take())).toBe(0);
    await end.stop();
  });

  it("is sent the rest when it acknowledges after all", async () => {
    const end = await stage();
    const socket = await joined(end);
    socket.arrive(ask(500, 2));
    await end.clock.settle();
    let news = 0;
    for (let round = 0; round < 5; round++) {
      const frames = socket.take();
      news += newsIn(frames);
      const last = frames
        .filter(Array.isArray)
        .map((frame): unknown => frame[5])
        .filter((seq) => typeof seq === "number");
      if (last.length > 0) socket.arrive([null, null, "phoenix", "ack", { ack: Math.max(...last) }]);
      await end.clock.settle();
    }
    expect(news).toBe(500);
    await end.stop();
  });

  it("costs no more than its outbox: then its session ends", async () => {
    const end = await stage();
    const socket = await joined(end);
    socket.arrive(ask(2_000, 2));
    await end.clock.settle();
    expect(socket.closedWith).toMatchObject({ code: 4101, reason: expect.stringContaining("gap") });
    expect(end.context.directory.size).toBe(0);
    await end.stop();
  });
});

describe("a socket that is half open", () => {
  it("is closed with 4203 at the second beat without a sign of life, and its session lives on", async () => {
    const end = await stage();
    const { socket, connection } = await end.connect();
    socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new", token: "ada" }]);
    await end.clock.settle();
    connection.cast.beat();
    await end.clock.settle();
    expect(socket.closedWith).toBeUndefined();
    connection.cast.beat();
    await end.clock.settle();
    expect(socket.closedWith).toMatchObject({ code: 4203 });
    expect(end.context.directory.size).toBe(1);
    await end.stop();
  });

  it("stays open for as long as anything is heard", async () => {
    const end = await stage();
    const { socket, connection } = await end.connect();
    socket.arrive([null, "1", "phoenix", "hello", { v: 1, intent: "new" }]);
    await end.clock.settle();
    for (let beat = 0; beat < 5; beat++) {
      connection.cast.beat();
      await end.clock.settle();
      socket.arrive([null, null, "phoenix", "ack", { ack: 0 }]);
      await end.clock.settle();
    }
    expect(socket.closedWith).toBeUndefined();
    await end.stop();
  });

  it("of a stock client takes its session along", async () => {
    const end = await stage();
    const { socket, connection } = await end.connect();
    socket.arrive(["1", "1", "feed", "phx_join", {}]);
    await end.clock.settle();
    for (let beat = 0; beat < 2; beat++) {
      connection.cast.beat();
      await end.clock.settle();
    }
    expect(socket.closedWith).toMatchObject({ code: 4203 });
    expect(end.context.subscriptions.size).toBe(0);
    await end.stop();
  });
});

describe("a client that opens and says nothing", () => {
  it("over WebSocket is taken for a stock client after ten seconds, and authenticated like one", async () => {
    let asked = 0;
    const end = await stage({
      authenticate: () => {
        asked++;
        return undefined;
      },
    });
    const { socket } = await end.connect();
    await end.clock.advance(9_999);
    expect([asked, socket.closedWith]).toEqual([0, undefined]);
    await end.clock.advance(1);
    expect(asked).toBe(1);
    expect(socket.closedWith).toMatchObject({ code: 4003 });
    await end.stop();
  });

  it("as a stock client is dropped with 4203 after 60 s without a word, though its WebSocket answers pings", async () => {
    const end = await stage();
    const { socket, connection } = await end.connect();
    const beatUntil = async (ms: number): Promise<void> => {
      while (end.clock.now() < ms) {
        await end.clock.advance(5_000);
        // The pong to the last ping.
        socket.heard = true;
        connection.cast.beat();
        await end.clock.settle();
      }
    };
    await beatUntil(59_000 - 4_000);
    expect(socket.closedWith).toBeUndefined();
    expect(end.context.directory.counts.online).toBe(1);
    await beatUntil(60_000);
    expect(socket.closedWith).toMatchObject({ code: 4203, reason: expect.stringContaining("idle") });
    await end.clock.settle();
    expect([end.context.directory.counts.online, end.system.isAlive(connection)]).toEqual([0, false]);
    await end.stop();
  });

  it.each([
    ["a heartbeat", [null, "9", "phoenix", "heartbeat", {}]],
    ["a join", ["9", "9", "feed", "phx_join", {}]],
    ["an event of a topic that nobody serves", [null, "9", "nowhere", "hi", {}]],
  ])("stays for as long as it says something within 60 s: %s", async (_what, frame) => {
    const end = await stage();
    const { socket, connection } = await end.connect();
    for (let round = 0; round < 20; round++) {
      await end.clock.advance(30_000);
      socket.arrive(frame);
      await end.clock.settle();
      connection.cast.beat();
      await end.clock.settle();
    }
    expect(socket.closedWith).toBeUndefined();
    await end.stop();
  });

  it("as a client of level 2, or over HTTP, is told apart by the session's own signs of life", async () => {
    const end = await stage();
    const socket = await joined(end);
    const { socket: stream, connection } = await end.connect();
    Object.defineProperty(stream, "kind", { value: "events" });
    for (let beat = 0; beat < 10; beat++) {
      await end.clock.advance(25_000);
      stream.heard = true;
      connection.cast.beat();
      socket.arrive([null, null, "phoenix", "ack", { ack: 1 }]);
      await end.clock.settle();
    }
    expect([socket.closedWith, stream.closedWith]).toEqual([undefined, undefined]);
    await end.stop();
  });

  it("and goes away before that leaves nothing behind", async () => {
    const end = await stage();
    const { socket, connection } = await end.connect();
    socket.lose();
    await end.clock.settle();
    expect(end.system.isAlive(connection)).toBe(false);
    await end.stop();
  });

  it("over HTTP is cut off when the time for its headers is over", async () => {
    const { port } = await serveTransport({ headersTimeoutMs: 100, requestTimeoutMs: 200 });
    const client = await RawClient.connect(port);
    client.socket.write("GET /raw HTTP/1.1\r\n");
    expect(await client.rest()).toMatch(/^$|^HTTP\/1\.1 408 /);
  });

  it("over HTTP, not even the first byte, is cut off as well", async () => {
    const { port } = await serveTransport({ headersTimeoutMs: 100, requestTimeoutMs: 200 });
    const client = await RawClient.connect(port);
    expect(await client.rest()).toMatch(/^$|^HTTP\/1\.1 408 /);
  });

  it("for a whole request, one header after the other, is cut off too", async () => {
    const { port } = await serveTransport({ headersTimeoutMs: 100, requestTimeoutMs: 200 });
    const client = await RawClient.connect(port);
    const [start = "", ...rest] = upgradeRequest("/raw").split("\r\n").slice(0, -2);
    client.socket.write(`${start}\r\n`);
    const dripping = setInterval(() => client.socket.write(`${rest.shift() ?? "X-A: 1"}\r\n`), 30);
    expect(await client.rest()).toMatch(/^$|^HTTP\/1\.1 408 /);
    clearInterval(dripping);
  });
});
