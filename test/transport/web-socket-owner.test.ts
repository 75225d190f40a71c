import { describe, expect, it } from "vitest";
import { DRAIN_PROMISE_BYTES, type TransportSocket } from "../../src/transport/transport-socket.js";
import { countWrites } from "./count-writes.js";
import { clientFrame, RawClient, upgradeRequest } from "./raw-client.js";
import { RecordingOwner } from "./recording-owner.js";
import { serve } from "./served.js";

const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("back-pressure", () => {
  it("paused in the middle of a read, the owner gets not one message more until it resumes", async () => {
    const server = await serve();
    const { client, socket, owner } = await server.connect();
    owner.onEachText = (from, text) => {
      if (text === "pause") from.pause();
    };
    client.send({ payload: "a" }, { payload: "pause" }, { payload: "b" }, { payload: "c" });
    expect(await owner.nextText()).toBe("a");
    expect(await owner.nextText()).toBe("pause");
    client.send({ payload: "d" });
    for (let i = 0; i < 5; i += 1) await turnOfLoop();
    expect(owner.waiting).toEqual([]);
    socket.resume();
    expect([await owner.nextText(), await owner.nextText(), await owner.nextText()]).toEqual(["b", "c", "d"]);
  });

  it("paused by accept, before anything has been read, reads nothing either", async () => {
    const owner = new RecordingOwner();
    let accepted: TransportSocket | undefined;
    const accept = (socket: TransportSocket): void => {
      socket.owner = owner;
      socket.pause();
      accepted = socket;
    };
    const server = await serve({ mounts: [{ path: "/raw", protocol: "raw", accept }] });
    const client = await RawClient.connect(server.port);
    client.socket.write(Buffer.concat([Buffer.from(upgradeRequest("/raw")), clientFrame({ payload: "early" })]));
    await client.head();
    for (let i = 0; i < 5; i += 1) await turnOfLoop();
    expect(owner.waiting).toEqual([]);
    accepted?.resume();
    expect(await owner.nextText()).toBe("early");
    client.destroy();
    expect(await owner.next()).toMatchObject({ kind: "close" });
  });

  it("a pause taken back within the same call changes nothing", async () => {
    const server = await serve();
    const { client, owner } = await server.connect();
    owner.onEachText = (socket) => {
      socket.pause();
      socket.resume();
    };
    client.send({ payload: "a" }, { payload: "b" });
    expect([await owner.nextText(), await owner.nextText()]).toEqual(["a", "b"]);
  });

  it("a paused socket makes the client's writes wait", async () => {
    const server = await serve({ payloadLimitBytes: 2_000_000 });
    const { client, socket, owner } = await server.connect();
    socket.pause();
    const big = clientFrame({ payload: "x".repeat(1_000_000) });
    let accepted = 0;
    while (client.socket.write(big) || client.socket.writableLength < 5_000_000) accepted += 1;
    expect(owner.waiting).toEqual([]);
    socket.resume();
    for (let i = 0; i <= accepted; i += 1) expect(await owner.nextText()).toHaveLength(1_000_000);
  });

  it("bufferedBytes counts what the client does not take, and onDrain tells when it is gone", async () => {
    const server = await serve();
    const { client, socket, owner } = await server.connect();
    expect(socket.bufferedBytes).toBe(0);
    client.socket.pause();
    const text = "x".repeat(500_000);
    socket.sendText(text);
    expect(socket.bufferedBytes).toBe(500_000);
    let sent = 1;
    do {
      socket.sendText(text);
      sent += 1;
      await turnOfLoop();
    } while (socket.bufferedBytes < 12_000_000);
    socket.sendText("the end");
    const drainsBefore = owner.waiting.length;
    client.socket.resume();
    for (let i = 0; i < sent; i += 1) expect((await client.text()).length).toBe(500_000);
    expect(await client.text()).toBe("the end");
    for (let i = 0; i <= drainsBefore; i += 1) expect(await owner.next()).toEqual({ kind: "drain", left: 0 });
    expect(owner.waiting).toEqual([]);
    expect(socket.bufferedBytes).toBe(0);
  });

  it("onDrain comes even if the system takes everything at once, and not for little", async () => {
    const server = await serve();
    const { client, socket, owner } = await server.connect();
    socket.sendText("x".repeat(DRAIN_PROMISE_BYTES - 1));
    await client.text();
    await turnOfLoop();
    expect(owner.waiting).toEqual([]);
    socket.sendText("x".repeat(DRAIN_PROMISE_BYTES));
    expect(await owner.next()).toEqual({ kind: "drain", left: 0 });
  });

  it("what waits for a slow client stays as it was sent while others are written to", async () => {
    const server = await serve();
    const slow = await server.connect();
    const quick = await server.connect();
    slow.client.socket.pause();
    const line = (i: number): string => `${i}:`.padEnd(9_001, String(i % 10));
    let sent = 0;
    while (slow.socket.bufferedBytes < 300_000) {
      slow.socket.sendText(line(sent));
      quick.socket.sendText(line(sent + 5));
      sent += 1;
      await turnOfLoop();
    }
    slow.client.socket.resume();
    for (let i = 0; i < sent; i += 1) {
      expect(await slow.client.text()).toBe(line(i));
      expect(await quick.client.text()).toBe(line(i + 5));
    }
  });
});

describe("an owner", () => {
  it("that throws loses its connection, the error is reported and others go on", async () => {
    const server = await serve();
    const bad = await server.connect();
    const good = await server.connect();
    const error = new Error("the owner's own");
    bad.owner.onEachText = () => {
      throw error;
    };
    bad.client.send({ payload: "a" }, { payload: "b" });
    expect(await bad.owner.next()).toEqual({ kind: "close", code: 1006, reason: "" });
    expect(server.errors).toEqual([error]);
    good.client.send({ payload: "fine" });
    expect(await good.owner.nextText()).toBe("fine");
  });

  it("that throws on a message in fragments is treated the same", async () => {
    const server = await serve();
    const { client, owner } = await server.connect();
    owner.onEachText = () => {
      throw new Error("the owner's own");
    };
    client.send({ payload: "a", final: false }, { opcode: 0, payload: "b" }, { payload: "c" });
    expect(await owner.next()).toMatchObject({ kind: "close" });
    expect(server.errors).toHaveLength(1);
  });

  it("is the only listener a connection has: four on its socket, none per message", async () => {
    const server = await serve();
    const { sockets } = countWrites(server.port);
    const { client, owner } = await server.connect();
    owner.onEachText = (socket, text) => socket.sendText(text);
    const listeners = (): number =>
      [...sockets]
        .flatMap((socket) => socket.eventNames().map((name) => socket.listenerCount(name)))
        .reduce((a, b) => a + b, 0);
    expect(listeners()).toBe(4);
    for (let i = 0; i < 50; i += 1) {
      client.send({ payload: "x".repeat(20_000) });
      await client.text();
    }
    expect(listeners()).toBe(4);
    expect(sockets.size).toBe(1);
  });
});
