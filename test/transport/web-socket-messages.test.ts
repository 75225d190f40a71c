import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { SharedFrame } from "../../src/transport/shared-frame.js";
import { DRAIN_PROMISE_BYTES } from "../../src/transport/transport-socket.js";
import { countWrites } from "./count-writes.js";
import { clientFrame, RawClient, upgradeRequest } from "./raw-client.js";
import { serve } from "./served.js";

const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("messages", () => {
  it("go both ways, in order, as text and as bytes", async () => {
    const server = await serve();
    const client = new WebSocket(`${server.url}/raw`);
    const { socket, owner } = await server.accepted();
    await once(client, "open");
    client.send("one");
    client.send(Uint8Array.of(2, 255));
    client.send("drei €");
    expect([await owner.next(), await owner.next(), await owner.next()]).toEqual([
      { kind: "text", text: "one" },
      { kind: "binary", hex: "02ff" },
      { kind: "text", text: "drei €" },
    ]);
    const got: unknown[] = [];
    client.on("message", (data: Buffer, binary: boolean) => got.push(binary ? data.toString("hex") : data.toString()));
    socket.sendText("eins");
    socket.sendBinary(Uint8Array.of(0, 1));
    socket.sendShared(SharedFrame.text('["a"'), ",5]");
    socket.sendShared(SharedFrame.binary(Uint8Array.of(9)), "");
    socket.sendText("ende");
    while (got.length < 5) await once(client, "message");
    expect(got).toEqual(["eins", "0001", '["a",5]', "09", "ende"]);
    client.terminate();
  });

  it("that one turn of the event loop sends leave in one write", async () => {
    const server = await serve();
    const { client, socket } = await server.connect();
    const writes = countWrites(server.port);
    socket.sendText("in the same stack");
    socket.sendBinary(Uint8Array.of(1));
    await Promise.resolve();
    socket.sendText("in a microtask");
    await new Promise<void>((resolve) => process.nextTick(resolve));
    socket.sendShared(SharedFrame.text("in a tick"), "!");
    expect(writes.count()).toBe(0);
    expect(await client.text()).toBe("in the same stack");
    expect((await client.frame()).payload).toEqual(Buffer.of(1));
    expect(await client.text()).toBe("in a microtask");
    expect(await client.text()).toBe("in a tick!");
    expect(writes.count()).toBe(1);
  });

  it("answered from within one read leave in one write", async () => {
    const server = await serve();
    const { client, owner } = await server.connect();
    owner.onEachText = (socket, text) => socket.sendText(text.toUpperCase());
    const writes = countWrites(server.port);
    client.send(...Array.from({ length: 16 }, (_, i) => ({ payload: `m${i}` })));
    for (let i = 0; i < 16; i += 1) expect(await client.text()).toBe(`M${i}`);
    expect(writes.count()).toBe(1);
  });

  it("flushed by hand leave at once", async () => {
    const server = await serve();
    const { client, socket } = await server.connect();
    const writes = countWrites(server.port);
    socket.sendText("now");
    socket.flush();
    expect(writes.count()).toBe(1);
    socket.flush();
    expect(await client.text()).toBe("now");
    expect(writes.count()).toBe(1);
  });

  it.each([0, 1, 123, 124, 125, 126, 127, 65_533, 65_534, 65_535, 65_536, 65_537, 200_000])(
    "of %i bytes keep their length, plain and shared",
    async (length) => {
      const server = await serve({ payloadLimitBytes: 300_000 });
      const { client, socket, owner } = await server.connect();
      const text = "é".repeat(length >> 1) + "x".repeat(length & 1);
      const body = SharedFrame.text("y".repeat(Math.max(0, length - 3)));
      socket.sendText(text);
      socket.sendShared(body, "abc".slice(0, length));
      expect(await client.text()).toBe(text);
      expect((await client.frame()).payload.length).toBe(length);
      // Alone in its turn a large shared frame takes a way of its own.
      await turnOfLoop();
      socket.sendShared(body, "abc".slice(0, length));
      const alone = await client.frame();
      expect(alone.payload.length).toBe(length);
      expect(alone.payload.subarray(-3).toString()).toBe("abc".slice(0, length));
      await turnOfLoop();
      socket.sendShared(body, "");
      expect((await client.frame()).payload.length).toBe(body.body.length);
      client.send({ payload: text });
      expect(await owner.nextText()).toBe(text);
    },
  );

  it("arrive whole however TCP cuts them", async () => {
    const server = await serve();
    const { client, owner } = await server.connect();
    const bytes = Buffer.concat([
      clientFrame({ payload: "first" }),
      clientFrame({ payload: "x".repeat(300) }),
      clientFrame({ payload: "last" }),
    ]);
    for (let i = 0; i < bytes.length; i += 1) {
      client.socket.write(bytes.subarray(i, i + 1));
      if (i % 7 === 0) await turnOfLoop();
    }
    expect(await owner.nextText()).toBe("first");
    expect(await owner.nextText()).toBe("x".repeat(300));
    expect(await owner.nextText()).toBe("last");
  });

  it("sent in fragments are put together, with pings between them, and others follow", async () => {
    const server = await serve();
    const { client, socket, owner } = await server.connect();
    client.send(
      { payload: "before" },
      { payload: "one ", final: false },
      { opcode: 9, payload: "?" },
      { opcode: 0, payload: "two ", final: false },
      { opcode: 0, payload: "three" },
      { payload: "after" },
    );
    expect(await owner.nextText()).toBe("before");
    expect(await owner.nextText()).toBe("one two three");
    expect(await owner.nextText()).toBe("after");
    expect(await client.frame()).toMatchObject({ opcode: 10, payload: Buffer.from("?") });
    socket.sendText("still here");
    expect(await client.text()).toBe("still here");
  });

  it("that came with the upgrade request are not lost", async () => {
    const server = await serve();
    const client = await RawClient.connect(server.port);
    client.socket.write(Buffer.concat([Buffer.from(upgradeRequest("/raw")), clientFrame({ payload: "early" })]));
    const { owner } = await server.accepted();
    expect(await owner.nextText()).toBe("early");
    client.destroy();
  });
});

describe("signs of life", () => {
  it("are pongs to the client's pings, with their payload", async () => {
    const server = await serve();
    const { client, socket } = await server.connect();
    socket.heard = false;
    client.send({ opcode: 9, payload: "abc" });
    expect(await client.frame()).toEqual({ opcode: 10, final: true, payload: Buffer.from("abc") });
    expect(socket.heard).toBe(true);
  });

  it("are pongs of the client to the server's pings", async () => {
    const server = await serve();
    const client = new WebSocket(`${server.url}/raw`);
    const { socket, owner } = await server.accepted();
    await once(client, "open");
    socket.heard = false;
    socket.ping();
    await once(client, "ping");
    client.send("behind the pong");
    await owner.nextText();
    expect(socket.heard).toBe(true);
    client.terminate();
  });

  it("of a client that pings and does not read are not piled up", async () => {
    const server = await serve();
    const { client, socket, owner } = await server.connect();
    client.socket.pause();
    const flood = Buffer.concat(
      Array.from({ length: 2_000 }, () => clientFrame({ opcode: 9, payload: "x".repeat(125) })),
    );
    for (let i = 0; i < 20; i += 1) client.socket.write(flood);
    client.send({ payload: "done" });
    expect(await owner.nextText()).toBe("done");
    expect(socket.bufferedBytes).toBeLessThan(2 * DRAIN_PROMISE_BYTES);
  });
});
