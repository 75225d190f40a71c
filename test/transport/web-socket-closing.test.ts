import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { countWrites } from "./count-writes.js";
import { clientFrame } from "./raw-client.js";
import { serve } from "./served.js";

const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("closing", () => {
  it("from the server reaches the client with code and reason, behind what was queued, and nothing follows", async () => {
    const server = await serve();
    const client = new WebSocket(`${server.url}/raw`);
    const { socket, owner } = await server.accepted();
    const got: string[] = [];
    client.on("message", (data: Buffer) => got.push(data.toString()));
    await once(client, "open");
    socket.sendText("last words");
    socket.close(4001, '{"reason":"taken over"}');
    expect(socket.open).toBe(false);
    socket.sendText("never");
    socket.close(4002, "never");
    const [code, reason] = await once(client, "close");
    expect([code, String(reason)]).toEqual([4001, '{"reason":"taken over"}']);
    expect(got).toEqual(["last words"]);
    expect(await owner.next()).toEqual({ kind: "close", code: 4001, reason: '{"reason":"taken over"}' });
    expect(socket.owner).toBeUndefined();
  });

  it("from the client reaches the owner with code and reason, and is answered", async () => {
    const server = await serve();
    const client = new WebSocket(`${server.url}/raw`);
    const { socket, owner } = await server.accepted();
    await once(client, "open");
    client.send("bye");
    client.close(4200, "dropped");
    expect(await owner.nextText()).toBe("bye");
    expect(await owner.next()).toEqual({ kind: "close", code: 4200, reason: "dropped" });
    expect(socket.open).toBe(false);
    const [code] = await once(client, "close");
    expect(code).toBe(4200);
  });

  it("without a code is 1005, without a close frame 1006", async () => {
    const server = await serve();
    const polite = new WebSocket(`${server.url}/raw`);
    const first = await server.accepted();
    await once(polite, "open");
    polite.close();
    expect(await first.owner.next()).toEqual({ kind: "close", code: 1005, reason: "" });
    const second = await server.connect();
    second.client.socket.end();
    expect(await second.owner.next()).toEqual({ kind: "close", code: 1006, reason: "" });
    const third = await server.connect();
    third.client.socket.resetAndDestroy();
    expect(await third.owner.next()).toEqual({ kind: "close", code: 1006, reason: "" });
    expect(third.socket.open).toBe(false);
  });

  it("in the middle of a read drops the messages behind it", async () => {
    const server = await serve();
    const { client, owner } = await server.connect();
    owner.onEachText = (socket, text) => {
      if (text === "stop") socket.close(4005, "enough");
    };
    client.send(
      { payload: "a" },
      { payload: "stop" },
      { payload: "b" },
      { opcode: 8, payload: Uint8Array.of(0x0f, 0xa5) },
    );
    expect(await owner.nextText()).toBe("a");
    expect(await owner.nextText()).toBe("stop");
    expect(await client.closing()).toEqual({ code: 4005, reason: "enough" });
    expect(await owner.next()).toEqual({ kind: "close", code: 4005, reason: "" });
    expect(await client.rest()).toBe("");
  });

  it("in the middle of a read that began and ended with half a frame does the same", async () => {
    const server = await serve();
    const { client, owner } = await server.connect();
    owner.onEachText = (socket, text) => {
      if (text === "stop") socket.close(4005, "enough");
    };
    const stop = clientFrame({ payload: "stop" });
    const answer = clientFrame({ opcode: 8, payload: Uint8Array.of(0x0f, 0xa5) });
    client.socket.write(Buffer.concat([clientFrame({ payload: "a" }), stop.subarray(0, 5)]));
    expect(await owner.nextText()).toBe("a");
    client.socket.write(Buffer.concat([stop.subarray(5), clientFrame({ payload: "b" }), answer.subarray(0, 3)]));
    expect(await owner.nextText()).toBe("stop");
    expect(await client.closing()).toEqual({ code: 4005, reason: "enough" });
    client.socket.write(answer.subarray(3));
    expect(await owner.next()).toEqual({ kind: "close", code: 4005, reason: "" });
  });

  it("while half a message has arrived reads its other half before the client's answer", async () => {
    const server = await serve();
    const { client, socket, owner } = await server.connect();
    const half = clientFrame({ payload: "half and half" });
    client.socket.write(Buffer.concat([clientFrame({ payload: "a" }), half.subarray(0, 9)]));
    expect(await owner.nextText()).toBe("a");
    socket.close(4001, "");
    expect(await client.closing()).toEqual({ code: 4001, reason: "" });
    client.socket.write(
      Buffer.concat([half.subarray(9), clientFrame({ opcode: 8, payload: Uint8Array.of(0x0f, 0xa1) })]),
    );
    expect(await owner.next()).toEqual({ kind: "close", code: 4001, reason: "" });
  });

  it("leaves in one write with what was queued", async () => {
    const server = await serve();
    const { client, socket } = await server.connect();
    const writes = countWrites(server.port);
    socket.sendText("last words");
    socket.close(4001, "");
    expect(await client.text()).toBe("last words");
    expect(await client.closing()).toMatchObject({ code: 4001 });
    expect(writes.count()).toBe(1);
  });

  it("of a client that does not answer is cut short", async () => {
    const server = await serve({ closeTimeoutMs: 50 });
    const { client, socket, owner } = await server.connect();
    socket.close(4001, "");
    expect(await client.closing()).toEqual({ code: 4001, reason: "" });
    expect(await owner.next()).toEqual({ kind: "close", code: 1006, reason: "" });
  });

  it("works while reading is paused", async () => {
    const server = await serve();
    const client = new WebSocket(`${server.url}/raw`);
    const { socket, owner } = await server.accepted();
    await once(client, "open");
    socket.pause();
    client.send("unread");
    socket.close(4201, "drain");
    expect(await once(client, "close")).toMatchObject([4201, Buffer.from("drain")]);
    expect(await owner.next()).toEqual({ kind: "close", code: 4201, reason: "drain" });
  });

  it("at once needs no answer and drops what is queued", async () => {
    const server = await serve();
    const { client, socket, owner } = await server.connect();
    socket.sendText("never");
    socket.terminate();
    expect(socket.open).toBe(false);
    expect(await owner.next()).toEqual({ kind: "close", code: 1006, reason: "" });
    expect(await client.rest()).toBe("");
    socket.terminate();
    socket.close(1000, "");
    socket.sendText("never");
  });

  it("tells the owner exactly once", async () => {
    const server = await serve();
    const { client, socket, owner } = await server.connect();
    client.send({ opcode: 8, payload: Uint8Array.of(0x03, 0xe8) });
    socket.close(4001, "");
    socket.terminate();
    expect(await owner.next()).toMatchObject({ kind: "close" });
    client.destroy();
    await turnOfLoop();
    await turnOfLoop();
    expect(owner.waiting).toEqual([]);
  });

  it("with what no close frame may hold is refused", async () => {
    const server = await serve();
    const { socket } = await server.connect();
    for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 4000.5, Number.NaN]) {
      expect(() => socket.close(code, "")).toThrow(expect.objectContaining({ code: "bad_close" }));
    }
    expect(() => socket.close(4001, "é".repeat(62))).toThrow(/has 124 bytes, a close frame has room for 123/);
    expect(socket.open).toBe(true);
  });
});

describe("a client that breaks the rules is refused with the code for it and told to the owner", () => {
  const utf8 = Uint8Array.of(0x68, 0xc3, 0x28);
  it.each([
    ["too large a message", 1009, clientFrame({ payload: "x".repeat(1_001) })],
    [
      "too large a message in fragments",
      1009,
      Buffer.concat([
        clientFrame({ payload: "x".repeat(600), final: false }),
        clientFrame({ opcode: 0, payload: "x".repeat(600) }),
      ]),
    ],
    ["a length beyond 53 bits", 1009, Buffer.from([0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255])],
    ["invalid UTF-8", 1007, clientFrame({ payload: utf8 })],
    ["invalid UTF-8 in a close frame", 1007, clientFrame({ opcode: 8, payload: Uint8Array.of(3, 232, 0xff) })],
    ["no mask", 1002, clientFrame({ payload: "x", masked: false })],
    ["a reserved opcode", 1002, clientFrame({ opcode: 5, payload: "x" })],
    ["a reserved bit", 1002, Buffer.from([0xc1, 0x80, 0, 0, 0, 0])],
    ["a continuation of nothing", 1002, clientFrame({ opcode: 0, payload: "x" })],
    ["a long ping", 1002, clientFrame({ opcode: 9, payload: "x".repeat(126) })],
    ["a forbidden close code", 1002, clientFrame({ opcode: 8, payload: Uint8Array.of(3, 237) })],
  ])("%s: %i", async (_name, code, bytes) => {
    const server = await serve({ payloadLimitBytes: 1_000, closeTimeoutMs: 50 });
    const { client, socket, owner } = await server.connect();
    socket.sendText("before");
    client.socket.write(
      Buffer.concat([clientFrame({ payload: "good" }), bytes, clientFrame({ payload: "never read" })]),
    );
    expect(await owner.nextText()).toBe("good");
    expect(await owner.next()).toMatchObject({ kind: "close", code });
    expect(await client.text()).toBe("before");
    expect(await client.closing()).toMatchObject({ code });
    expect(socket.open).toBe(false);
    expect(await client.rest()).toBe("");
    expect(owner.waiting).toEqual([]);
    expect(server.errors).toEqual([]);
  });

  it("a message of exactly the limit is not too large", async () => {
    const server = await serve({ payloadLimitBytes: 1_000 });
    const { client, owner } = await server.connect();
    client.send({ payload: "x".repeat(1_000) });
    expect(await owner.nextText()).toHaveLength(1_000);
  });
});
