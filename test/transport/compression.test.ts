import { once } from "node:events";
import { deflateRawSync } from "node:zlib";
import { describe, expect, it, onTestFinished } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import type { CompressionOptions } from "../../src/transport/compression.js";
import { createHttpServer } from "../../src/transport/http-server.js";
import { SharedFrame } from "../../src/transport/shared-frame.js";
import type { TransportSocket } from "../../src/transport/transport-socket.js";
import { RawClient, upgradeRequest } from "./raw-client.js";
import { RecordingOwner } from "./recording-owner.js";
import { type Served, serve } from "./served.js";

const EXTENSION = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover";

interface Stage {
  readonly server: Served;
  readonly owner: RecordingOwner;
  /** The socket of the only client. */
  readonly socket: () => TransportSocket;
  readonly connect: (options?: ClientOptions, protocols?: readonly string[]) => Promise<WebSocket>;
}

async function stage(compression: boolean | CompressionOptions = true): Promise<Stage> {
  const owner = new RecordingOwner();
  let accepted: TransportSocket | undefined;
  const accept = (socket: TransportSocket): void => {
    socket.owner = owner;
    accepted = socket;
  };
  const server = await serve({
    mounts: [
      { path: "/raw", protocol: "raw", compression, accept },
      { path: "/socket", protocol: "phoenix", compression, accept },
    ],
  });
  const connect = async (options: ClientOptions = {}, protocols: readonly string[] = []): Promise<WebSocket> => {
    const path = protocols.length === 0 ? "/raw" : "/socket/websocket?vsn=2.0.0";
    const client = new WebSocket(`${server.url}${path}`, [...protocols], options);
    onTestFinished(() => client.terminate());
    await once(client, "open");
    return client;
  };
  const socket = (): TransportSocket => {
    if (accepted === undefined) throw new Error("nobody has connected");
    return accepted;
  };
  return { server, owner, socket, connect };
}

/** A compressed frame of a client, masked with zeros. */
function compressedFrame(payload: Buffer): Buffer {
  const body = deflateRawSync(payload, { finishFlush: 2 }).subarray(0, -4);
  const head = Buffer.alloc(14);
  head[0] = 0xc1;
  head[1] = 0x80 | 127;
  head.writeUInt32BE(0, 2);
  head.writeUInt32BE(body.length, 6);
  return Buffer.concat([head, body]);
}

describe("compression", () => {
  it("is off unless asked for, and for clients that do not offer it", async () => {
    const off = await stage(false);
    expect((await off.connect()).extensions).toBe("");
    const on = await stage();
    expect((await on.connect({ perMessageDeflate: false })).extensions).toBe("");
    expect((await on.connect()).extensions).toBe("permessage-deflate");
    expect((await on.connect({ perMessageDeflate: { serverMaxWindowBits: 10 } })).extensions).toBe("");
    const raw = await RawClient.connect(on.server.port);
    onTestFinished(() => raw.destroy());
    raw.socket.write(upgradeRequest("/raw", ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]));
    expect(await raw.head()).toContain(
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=13\r\n",
    );
  });

  it("goes both ways, in order, with texts, bytes and shared frames of any size", async () => {
    const { connect, owner, socket } = await stage();
    const client = await connect();
    const big = "ä€x".repeat(9_000);
    for (const data of ["small", big, Buffer.from("bytes"), Buffer.alloc(20_000, 7), "last"]) client.send(data);
    expect(await owner.nextText()).toBe("small");
    expect(await owner.nextText()).toBe(big);
    expect(await owner.next()).toEqual({ kind: "binary", hex: Buffer.from("bytes").toString("hex") });
    expect(await owner.next()).toMatchObject({ kind: "binary", hex: expect.stringMatching(/^(07){20000}$/) });
    expect(await owner.nextText()).toBe("last");
    const got: string[] = [];
    client.on("message", (data: Buffer, binary: boolean) => got.push(binary ? data.toString("hex") : data.toString()));
    socket().sendText(big);
    socket().sendBinary(Uint8Array.of(1, 2));
    socket().sendShared(SharedFrame.text(`["${big}"`), ",5]");
    socket().sendShared(SharedFrame.binary(Uint8Array.of(9)), "");
    socket().sendText("end");
    while (got.length < 5) await once(client, "message");
    expect(got).toEqual([big, "0102", `["${big}",5]`, "09", "end"]);
  });

  it("makes large messages smaller on the wire, and leaves small ones as they are", async () => {
    const { server, socket } = await stage();
    const client = await RawClient.upgraded(server.port, "/raw", [EXTENSION]);
    onTestFinished(() => client.destroy());
    socket().sendText("small");
    expect(await client.text()).toBe("small");
    socket().sendText("x".repeat(50_000));
    const { payload } = await client.frame();
    expect(payload.length).toBeLessThan(1_000);
  });

  it("takes a token with any characters as a subprotocol", async () => {
    const { connect } = await stage();
    const client = await connect({}, ["phoenix", "base64url.bearer.phx.YS9iK2M"]);
    expect(client.protocol).toBe("phoenix");
    expect(client.extensions).toContain("permessage-deflate");
  });

  it("gives a message that inflates above the limit 1009, having inflated no more than that", async () => {
    const { server, owner } = await stage();
    const client = await RawClient.upgraded(server.port, "/raw", [EXTENSION]);
    onTestFinished(() => client.destroy());
    const bomb = compressedFrame(Buffer.alloc(200_000_000));
    expect(bomb.length).toBeLessThan(250_000);
    const before = process.memoryUsage().rss;
    client.socket.write(bomb);
    expect((await client.closing()).code).toBe(1009);
    expect(await owner.next()).toMatchObject({ kind: "close", code: 1009 });
    expect(process.memoryUsage().rss - before).toBeLessThan(50_000_000);
  });

  it("ends a connection whose compressed bytes are none", async () => {
    const { server, owner } = await stage();
    const client = await RawClient.upgraded(server.port, "/raw", [EXTENSION]);
    onTestFinished(() => client.destroy());
    client.socket.write(Buffer.from("c1850000000001ff02fe03", "hex"));
    expect((await client.closing()).code).toBe(1007);
    expect(await owner.next()).toMatchObject({ kind: "close", code: 1007 });
  });

  it("refuses an offer that no server may accept", async () => {
    const { server } = await stage();
    const client = await RawClient.connect(server.port);
    onTestFinished(() => client.destroy());
    client.socket.write(upgradeRequest("/raw", ["Sec-WebSocket-Extensions: permessage-deflate; speed=11"]));
    expect(await client.head()).toMatch(/^HTTP\/1.1 400 /);
    expect(server.errors).toEqual([]);
  });

  it("stops reading when the owner pauses, and gives what had arrived afterwards", async () => {
    const { connect, owner, socket } = await stage();
    const client = await connect();
    owner.onEachText = (paused) => paused.pause();
    for (let i = 0; i < 5; i += 1) client.send(`${i}`);
    for (let i = 0; i < 5; i += 1) {
      expect(await owner.nextText()).toBe(`${i}`);
      client.ping();
      await new Promise((resolve) => setImmediate(resolve));
      expect(owner.waiting).toEqual([]);
      socket().resume();
    }
  });

  it("tells the owner when all has gone out, and of the end with the client's code", async () => {
    const { connect, owner, socket } = await stage({
      thresholdBytes: 0,
      contextTakeover: true,
      windowBits: 9,
      level: 1,
    });
    const client = await connect();
    socket().sendText("x".repeat(3_000_000));
    await once(client, "message");
    expect(await owner.next()).toEqual({ kind: "drain", left: 0 });
    client.close(4321, "why");
    expect(await owner.next()).toEqual({ kind: "close", code: 4321, reason: "why" });
    expect(socket().open).toBe(false);
  });

  it("closes behind what was sent before", async () => {
    const { connect, owner, socket } = await stage();
    const client = await connect();
    const got: string[] = [];
    client.on("message", (data: Buffer) => got.push(data.toString()));
    const closed = once(client, "close");
    socket().sendText("x".repeat(100_000));
    socket().sendText("last");
    socket().close(4201, "drain");
    socket().sendText("too late");
    expect(await closed).toMatchObject([4201, Buffer.from("drain")]);
    expect(got).toEqual(["x".repeat(100_000), "last"]);
    expect(await owner.next()).toMatchObject({ kind: "close", code: 4201 });
  });

  it.each<[string, unknown]>([
    ["compression must be true, false or an object", 1],
    [
      "compression has no speed; there are thresholdBytes, concurrency, contextTakeover, level, windowBits",
      { speed: 1 },
    ],
    ["compression level must be a whole number from 1 to 9, got 10", { level: 10 }],
    ["compression contextTakeover must be true or false", { contextTakeover: 1 }],
  ])("refuses a wrong option: %s", (message, compression) => {
    const mount = { path: "/raw", protocol: "raw", accept: () => undefined } as const;
    expect(() => createHttpServer({ mounts: [{ ...mount, compression: compression as boolean }] })).toThrow(
      expect.objectContaining({ code: "bad_option", message }),
    );
  });
});
