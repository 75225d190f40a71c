import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SharedFrame } from "../../../src/transport/shared-frame.js";
import { Pair, REQUEST } from "./pair.js";

let pair: Pair;
beforeEach(async () => {
  pair = await Pair.create();
});
afterEach(async () => {
  await pair.settle(100);
  expect([pair.a.counts, pair.b.counts]).toEqual([NONE, NONE]);
  await pair.stop();
});

const NONE = { out: 0, in: 0 };

/** Ends the client, so that nothing is left. */
function leave(client: { end(code: number, reason: string): void }): void {
  client.end(1006, "");
}

describe("a carried client", () => {
  it("comes with its request, its way to connect and its first message", async () => {
    const { far, events, client, socket } = await pair.come();
    expect(pair.accepted[0]?.request).toEqual(REQUEST);
    expect([far.kind, far.remoteAddress, far.open]).toEqual(["websocket", "192.0.2.7", true]);
    expect(events).toEqual(["hello"]);
    expect(socket.paused).toBe(false);
    expect([pair.a.counts, pair.b.counts]).toEqual([
      { out: 0, in: 1 },
      { out: 1, in: 0 },
    ]);
    leave(client);
  });

  it("may have said nothing yet", async () => {
    const { events, client } = await pair.come("nothing");
    expect(events).toEqual([]);
    leave(client);
  });

  it("says and hears a thousand messages each way in order, texts and bytes", async () => {
    const { far, events, client, socket } = await pair.come();
    for (let n = 0; n < 1_000; n++) {
      client.frame(n % 3 === 0 ? Uint8Array.of(n >> 8, n & 255) : `up ${n} \u00e9\ud83d\ude00`);
      if (n % 3 === 0) far.sendBinary(Uint8Array.of(n >> 8, n & 255));
      else if (n % 3 === 1) far.sendText(`down ${n}`);
      else far.sendShared(SharedFrame.text(`down ${n}`), "!");
      if (n % 7 === 0) await pair.settle();
    }
    await pair.settle();
    const hex = (n: number): string => `<${n.toString(16).padStart(4, "0")}>`;
    const up = Array.from({ length: 1_000 }, (_, n) => (n % 3 === 0 ? hex(n) : `up ${n} \u00e9\ud83d\ude00`));
    expect(events).toEqual(["hello", ...up]);
    const down = Array.from({ length: 1_000 }, (_, n) =>
      n % 3 === 0 ? String.fromCharCode(n >> 8, n & 255) : n % 3 === 1 ? `down ${n}` : `down ${n}!`,
    );
    expect(socket.sent).toEqual(down);
    leave(client);
  });

  it("what a turn sends goes in one message", async () => {
    const { far, client } = await pair.come();
    const before = pair.told;
    for (let n = 0; n < 50; n++) far.sendText("x");
    await pair.settle();
    expect(pair.told - before).toBe(1);
    leave(client);
  });

  it("is closed by its session with code and reason, behind what was sent before", async () => {
    const { far, socket, events, told } = await pair.come();
    far.sendText("last");
    far.close(4002, "kicked");
    far.sendText("too late");
    expect(far.open).toBe(false);
    await pair.settle();
    expect(socket.sent).toEqual(["last"]);
    expect(socket.closedWith).toEqual({ code: 4002, reason: "kicked" });
    expect(await told()).toEqual(["closed 4002 kicked"]);
    expect(events.at(-1)).toBe("closed 4002 kicked");
  });

  it("is cut by its session", async () => {
    const { far, socket, events } = await pair.come();
    far.terminate();
    await pair.settle();
    expect(socket.open).toBe(false);
    expect(events.at(-1)).toBe("closed 1006 ");
  });

  it("closes, and its session hears that behind what it said before", async () => {
    const { client, events, far } = await pair.come();
    client.frame("last");
    client.end(4200, "later");
    await pair.settle();
    expect(events).toEqual(["hello", "last", "closed 4200 later"]);
    expect(far.open).toBe(false);
    far.sendText("to nobody");
    far.close(1000, "");
  });

  it("that closes while its session does not read is heard to the end first", async () => {
    const { client, events, far } = await pair.come();
    far.pause();
    client.frame("one");
    await pair.settle();
    client.frame("two");
    client.end(4200, "");
    await pair.settle();
    expect(events).toEqual(["hello"]);
    expect(pair.a.counts).toEqual(NONE);
    far.resume();
    await pair.settle();
    expect(events).toEqual(["hello", "one", "two", "closed 4200 "]);
  });

  it("shows that it is there when it is asked, and with each beat", async () => {
    const { far, client, socket } = await pair.come();
    far.heard = false;
    far.ping();
    await pair.settle();
    expect(far.heard).toBe(true);
    // The conversation of its own node with it is none of the session's.
    expect(socket.pings).toBe(0);
    far.heard = false;
    client.alive();
    await pair.settle();
    expect(far.heard).toBe(true);
    leave(client);
  });

  it("is told to come back by its session when its own node is drained", async () => {
    const { client, socket } = await pair.come();
    client.drain(120);
    await pair.settle();
    expect(socket.closedWith).toEqual({ code: 4201, reason: "drain 120" });
  });

  it("is refused with what its session's node says", async () => {
    pair.mode = "refuse";
    const { socket, told } = await pair.come();
    expect(socket.closedWith).toEqual({ code: 4205, reason: "full" });
    expect(await told()).toEqual(["closed 4205 full"]);
  });
});

describe("who does not read", () => {
  it("a session that does not read has its client's socket paused, and reads on in order", async () => {
    const { far, client, socket, events } = await pair.come();
    far.pause();
    await pair.settle();
    expect(socket.paused).toBe(true);
    far.resume();
    await pair.settle();
    expect(socket.paused).toBe(false);
    expect(events).toEqual(["hello"]);
    leave(client);
  });

  it("what is on its way to a session is bounded", async () => {
    const { far, client, socket, events } = await pair.come();
    pair.cluster.network.setFaults({ delayMs: [50, 50] });
    let sent = 0;
    while (!socket.paused && sent < 1_000) {
      client.frame("x".repeat(1_024));
      sent++;
    }
    expect(sent).toBeLessThan(130);
    expect(sent).toBeGreaterThan(100);
    await pair.settle(200);
    expect(socket.paused).toBe(false);
    expect(events).toHaveLength(sent + 1);
    expect(far.open).toBe(true);
    pair.cluster.network.setFaults({});
    leave(client);
  });

  it("what a slow client has not taken counts as buffered, and its session hears when it has", async () => {
    const { far, client, socket, events } = await pair.come();
    const text = "x".repeat(1_000);
    socket.bufferedBytes = 100_000;
    for (let n = 0; n < 40; n++) far.sendText(text);
    expect(far.bufferedBytes).toBeGreaterThan(40_000);
    await pair.settle();
    expect(far.bufferedBytes).toBeGreaterThan(40_000);
    expect(events).toEqual(["hello"]);
    socket.bufferedBytes = 0;
    client.drained();
    await pair.settle();
    expect(far.bufferedBytes).toBeLessThan(4_096);
    expect(events).toEqual(["hello", "drained"]);
    leave(client);
  });

  it("an owner that never stops sending to a client that does not read is cut", async () => {
    const { far, socket, events } = await pair.come();
    socket.bufferedBytes = 100_000;
    for (let n = 0; n < 10_000 && far.open; n++) far.sendText("x".repeat(1_000));
    await pair.settle();
    expect(events.at(-1)).toBe("closed 1006 ");
    expect(socket.open).toBe(false);
  });

  it("a fast client costs no message for each of its own to tell what was taken", async () => {
    const { client } = await pair.come();
    const before = pair.told;
    for (let n = 0; n < 100; n++) {
      client.frame("x");
      await pair.settle();
    }
    expect(pair.told - before).toBeLessThan(103);
    leave(client);
  });
});

describe("a node that cannot be reached", () => {
  it("is known at once where it is known: the client is to come back", async () => {
    pair.cluster.network.partition(["b"], ["a"]);
    await pair.settle(60_000);
    await expect(pair.come()).rejects.toThrow("nobody came");
    expect(pair.b.counts).toEqual(NONE);
  });

  it("a partition in the middle ends the relay on both sides, and nothing is left when it is over", async () => {
    const { socket, events, told } = await pair.come();
    pair.cluster.network.partition(["b"], ["a"]);
    await pair.settle(60_000);
    expect(socket.closedWith?.code).toBe(4201);
    expect(await told()).toEqual(["uncarried soon"]);
    expect(events.at(-1)).toBe("closed 1006 ");
    pair.cluster.network.heal();
    await pair.settle(60_000);
  });

  it("one that was stopped for a while finds its relays ended, and ends them", async () => {
    const { socket, events } = await pair.come();
    pair.cluster.network.pause("a");
    await pair.settle(4_000);
    expect(socket.closedWith?.code).toBe(4201);
    pair.cluster.network.resume("a");
    await pair.settle(20_000);
    expect(events.at(-1)).toBe("closed 1006 ");
  });

  it("one that was killed has its clients told to come back, each at another moment", async () => {
    const clients = [await pair.come(), await pair.come(), await pair.come()];
    await pair.cluster.kill("a", { known: true });
    await pair.settle(100);
    for (const { socket, told } of clients) {
      expect(socket.closedWith?.code).toBe(4201);
      expect(await told()).toEqual(["uncarried soon"]);
    }
    expect(pair.b.counts).toEqual(NONE);
    // Nobody closes what has ended with its process.
    pair.a = pair.b;
  });

  it("a lost frame ends the relay on both sides", async () => {
    const { socket, events, client } = await pair.come();
    pair.cluster.network.setFaults({ dropRate: 1 });
    client.frame("lost");
    await pair.settle();
    pair.cluster.network.setFaults({});
    await pair.settle(5_000);
    expect(events).toEqual(["hello", "closed 1006 "]);
    expect(socket.closedWith?.code).toBe(4201);
  });

  it("a frame that is lost on the way to the client ends the relay on both sides", async () => {
    const { socket, events, far } = await pair.come();
    pair.cluster.network.setFaults({ dropRate: 1 });
    far.sendText("lost");
    await pair.settle();
    pair.cluster.network.setFaults({});
    await pair.settle(5_000);
    expect(socket.sent).toEqual([]);
    expect(socket.closedWith?.code).toBe(4201);
    expect(events.at(-1)).toBe("closed 1006 ");
  });

  it("one that has lost its place ends its relays", async () => {
    const { events, socket } = await pair.come();
    pair.a.fenced();
    pair.b.fenced();
    await pair.settle();
    expect(events.at(-1)).toBe("closed 1006 ");
    expect(socket.closedWith?.code).toBe(4201);
  });

  it("one without such an endpoint does not answer: after a while the client is to come back", async () => {
    pair.a.close();
    await expect(pair.come()).rejects.toThrow("nobody came");
    expect(pair.b.counts.out).toBe(1);
    await pair.settle(5_000);
    expect(pair.b.counts).toEqual(NONE);
  });

  it("one that takes nobody any more says so", async () => {
    pair.mode = "closed";
    await expect(pair.come()).rejects.toThrow("nobody came");
    expect(pair.b.counts).toEqual(NONE);
  });

  it("when its endpoint ends, the relays end on both sides", async () => {
    const { socket, events } = await pair.come();
    pair.a.close();
    await pair.settle();
    expect(events.at(-1)).toBe("closed 1006 ");
    expect(socket.closedWith?.code).toBe(4201);
  });

  it("when the endpoint of the clients ends, their sessions hear of it", async () => {
    const { events } = await pair.come();
    pair.b.close();
    await pair.settle();
    expect(events.at(-1)).toBe("closed 1006 ");
  });
});

describe("what comes of another node", () => {
  const odd = [
    undefined,
    null,
    7,
    "open",
    [],
    {},
    { to: "session" },
    { to: "session", says: { kind: "open", relay: 1 } },
    { to: "session", says: { kind: "open", relay: 1, transport: "pigeon", request: REQUEST, frames: [] } },
    {
      to: "session",
      says: { kind: "open", relay: 1, transport: "websocket", request: { ...REQUEST, params: 1 }, frames: [] },
    },
    { to: "session", says: { kind: "frames", relay: 1, frames: [1], taken: 0 } },
    { to: "session", says: { kind: "frames", relay: -1, frames: [], taken: 0 } },
    { to: "session", says: { kind: "reading", relay: 1, on: true } },
    { to: "client", says: { kind: "reading", relay: 1, on: "yes" } },
    { to: "client", says: { kind: "close", relay: 1, code: "x", reason: "" } },
    { to: "client", says: { kind: "of a later release", relay: 1 } },
    { to: "nobody", says: { kind: "ping", relay: 1 } },
  ];
  it.each(odd.map((value) => [JSON.stringify(value), value]))("is ignored and reported when it is %s", (_, value) => {
    const before = pair.reports.length;
    pair.a.received(pair.cluster.node("b").cluster.self, value);
    expect(pair.reports.slice(before).map(({ type }) => type)).toEqual(["relay_message_ignored"]);
  });

  it("a relay that is not known is answered so that the other side ends it", async () => {
    const b = pair.cluster.node("b").cluster.self;
    const a = pair.cluster.node("a").cluster.self;
    pair.a.received(b, { to: "session", says: { kind: "alive", relay: 99 } });
    pair.b.received(a, { to: "client", says: { kind: "ping", relay: 99 } });
    await pair.settle();
    expect(pair.reports).toEqual([]);
  });

  it("a relay of another node cannot be spoken for", async () => {
    const { socket, client } = await pair.come();
    const stranger = { name: "c", incarnation: "c-9" };
    for (let relay = 0; relay < 200; relay++) {
      pair.b.received(stranger, { to: "client", says: { kind: "close", relay, code: 4002, reason: "" } });
    }
    expect(socket.open).toBe(true);
    leave(client);
  });

  it("what was taken is believed only as far as it was sent", async () => {
    const { far, client } = await pair.come();
    far.sendText("x".repeat(20_000));
    far.took(1e15);
    expect(far.bufferedBytes).toBeGreaterThan(20_000);
    await pair.settle();
    leave(client);
  });
});
