import { describe, expect, it } from "vitest";
import { RawClient } from "../transport/raw-client.js";
import { WireClient } from "../integration/wire-client.js";
import { attacked, expectToServe, isReplyTo, SOCKET_PATH } from "./stage.js";

const TEXT = 1;
const BINARY = 2;
const CONTINUATION = 0;
const PING = 9;
const PONG = 10;

async function rawStage(limits = {}) {
  const server = await attacked({ socket: { limits } });
  const client = await RawClient.upgraded(server.port, SOCKET_PATH);
  return { ...server, client };
}

describe("a WebSocket frame", () => {
  it("above the limit ends its connection with 1009, before it has been read", async () => {
    const { client, url } = await rawStage({ payloadBytes: 1_000 });
    // The header alone: the payload is never sent.
    client.socket.write(Buffer.from([0x81, 0x80 | 126, 0x03, 0xe9, 0, 0, 0, 0]));
    expect((await client.closing()).code).toBe(1009);
    await expectToServe(url);
  });

  it("that announces 2^63 bytes ends its connection, and takes no memory", async () => {
    const { client, url } = await rawStage();
    client.socket.write(Buffer.from([0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
    expect([1002, 1009]).toContain((await client.closing()).code);
    await expectToServe(url);
  });

  it("is not read in pieces above the limit either", async () => {
    const { client, url } = await rawStage({ payloadBytes: 1_000 });
    const piece = { final: false, payload: "x".repeat(400) };
    client.send({ ...piece, opcode: TEXT }, { ...piece, opcode: CONTINUATION }, { ...piece, opcode: CONTINUATION });
    expect((await client.closing()).code).toBe(1009);
    await expectToServe(url);
  });

  it("in a flood of empty pieces ends its connection, and does not fill the memory", async () => {
    const { client, url } = await rawStage();
    client.send({ opcode: TEXT, final: false, payload: "x" });
    const empty = Array.from({ length: 20_000 }, () => ({ opcode: CONTINUATION, final: false, payload: "" }));
    client.send(...empty);
    expect([1008, 1009, 1002]).toContain((await client.closing()).code);
    await expectToServe(url);
  });

  it("in a flood of pieces of one byte ends its connection", async () => {
    const { client, url } = await rawStage();
    client.send({ opcode: TEXT, final: false, payload: "x" });
    const tiny = Array.from({ length: 66_000 }, () => ({ opcode: CONTINUATION, final: false, payload: "x" }));
    client.send(...tiny);
    expect([1008, 1009]).toContain((await client.closing()).code);
    await expectToServe(url);
  });

  it.each([
    ["without a mask", { masked: false, payload: "x" }, [1002]],
    ["with an unknown opcode", { opcode: 3 }, [1002]],
    ["with an unknown control opcode", { opcode: 11 }, [1002]],
    ["that goes on with nothing", { opcode: CONTINUATION, payload: "x" }, [1002]],
    ["that is a control frame in pieces", { opcode: PING, final: false }, [1002]],
    ["that is a control frame of 126 bytes", { opcode: PING, payload: "x".repeat(126) }, [1002]],
    ["that is no UTF-8", { opcode: TEXT, payload: Buffer.from([0xff, 0xfe]) }, [1007]],
    ["that is a surrogate in UTF-8", { opcode: TEXT, payload: Buffer.from([0xed, 0xa0, 0x80]) }, [1007]],
    ["that closes with a code nobody may send", { opcode: 8, payload: Buffer.from([0x03, 0xee]) }, [1002]],
    ["that closes with half a code", { opcode: 8, payload: Buffer.from([0x03]) }, [1002]],
    ["that closes with a reason that is no UTF-8", { opcode: 8, payload: Buffer.from([0x03, 0xe8, 0xff]) }, [1007]],
  ])("%s ends its connection", async (_what, frame, codes) => {
    const { client, url } = await rawStage();
    client.send(frame);
    expect(codes).toContain((await client.closing()).code);
    await expectToServe(url);
  });

  it.each([0x40, 0x20, 0x10])(
    "with a reserved bit, %i, ends its connection: nobody asked for compression",
    async (bit) => {
      const { client } = await rawStage();
      client.socket.write(Buffer.from([0x81 | bit, 0x80, 0, 0, 0, 0]));
      expect((await client.closing()).code).toBe(1002);
    },
  );

  it("that pings a hundred thousand times, read or not, costs no memory that grows with it", async () => {
    const { client, url } = await rawStage();
    const pings = Buffer.concat(
      Array.from({ length: 1_000 }, () => Buffer.concat([Buffer.from([0x89, 0xfd, 0, 0, 0, 0]), Buffer.alloc(125)])),
    );
    client.socket.pause();
    for (let i = 0; i < 100; i++) client.socket.write(pings);
    client.send({ opcode: PONG, payload: "unasked" });
    await expectToServe(url);
    client.destroy();
  });

  it("of binary that nobody can read ends its connection with a reason", async () => {
    const { client, url } = await rawStage();
    client.send({ opcode: BINARY, payload: Buffer.from([255, 255, 255, 255]) });
    expect((await client.closing()).code).toBe(4005);
    await expectToServe(url);
  });

  it("without an end holds up nobody else", async () => {
    const { client, url } = await rawStage();
    client.socket.write(Buffer.from([0x81, 0xfe, 0xff]));
    await expectToServe(url);
    client.destroy();
  });

  it("after the close frame is not handled", async () => {
    const { client, diary, url } = await rawStage();
    const join = JSON.stringify(["1", "1", "room:late", "phx_join", {}]);
    client.send({ opcode: 8, payload: Buffer.from([0x03, 0xe8]) }, { opcode: TEXT, payload: join });
    await client.rest();
    await expectToServe(url);
    expect(diary.lines.filter((line) => line.includes("late"))).toEqual([]);
  });
});

describe("a message", () => {
  it.each([
    ["that is no JSON", "{"],
    ["that is nothing", ""],
    ["of a null", "null"],
    ["of a number", "7"],
    ["of a string", '"phx_join"'],
    ["of an object", '{"topic":"room:1","event":"phx_join"}'],
    ["that is too short", '["1","1","room:1","phx_join"]'],
    ["with a number as its topic", '["1","1",7,"phx_join",{}]'],
    ["with an object as its topic", '["1","1",{"toString":"x"},"phx_join",{}]'],
    ["with a list as its event", '["1","1","room:1",["phx_join"],{}]'],
    ["with a number as its ref", '["1",1,"room:1","phx_join",{}]'],
    ["with an object as its join ref", '[{},"1","room:1","phx_join",{}]'],
    ["numbered zero", '["1","1","room:1","phx_join",{},0]'],
    ["numbered below zero", '["1","1","room:1","phx_join",{},-1]'],
    ["numbered with a fraction", '["1","1","room:1","phx_join",{},1.5]'],
    ["numbered with a text", '["1","1","room:1","phx_join",{},"1"]'],
    ["numbered 2^53", '["1","1","room:1","phx_join",{},9007199254740992]'],
    ["numbered 1e400", '["1","1","room:1","phx_join",{},1e400]'],
    ["that acknowledges -1", '["1","1","room:1","phx_join",{},1,-1]'],
    ["that acknowledges 2^53", '["1","1","room:1","phx_join",{},1,9007199254740992]'],
    ["that acknowledges a list", '["1","1","room:1","phx_join",{},1,[1]]'],
    ["nested thirty thousand deep and not closed", `["1","1","room:1","phx_join",${"[".repeat(30_000)}`],
  ])("%s ends its connection with 4005 and a reason", async (_what, text) => {
    const { url } = await attacked();
    const { client } = await WireClient.open(url);
    client.text(text);
    const { code, reason } = await client.closed;
    expect(code).toBe(4005);
    expect(JSON.parse(reason)).toEqual({ reason: expect.any(String) });
    await expectToServe(url);
  });

  it("nested deeper than it can be written again harms nobody else", async () => {
    const { url } = await attacked();
    const { client } = await WireClient.open(url);
    client.send(1, "room:1", "phx_join");
    client.text(`["1","2","room:1","shout",${"[".repeat(30_000)}${"]".repeat(30_000)},2]`);
    const ref = client.send(3, "room:2", "phx_join", {}, "other");
    await Promise.race([client.closed, client.next(isReplyTo(ref))]);
    await expectToServe(url);
  });

  it.each([
    ["one that was left out", [1, 3]],
    ["the last number there is", [1, Number.MAX_SAFE_INTEGER]],
  ])("numbered out of order, with %s, ends the connection, and has no effect", async (_what, numbers) => {
    const { url, diary } = await attacked();
    const { client } = await WireClient.open(url);
    const [first = 1, second = 3] = numbers;
    await client.next(isReplyTo(client.send(first, "room:1", "phx_join")));
    client.send(second, "room:1", "effect");
    expect((await client.closed).code).toBe(4005);
    expect(diary.lines).toEqual(["join room:1"]);
  });

  it("without a number, in a session that numbers them, ends the connection, and has no effect", async () => {
    const { url, diary } = await attacked();
    const { client } = await WireClient.open(url);
    await client.next(isReplyTo(client.send(1, "room:1", "phx_join")));
    client.send(undefined, "room:1", "effect");
    expect((await client.closed).code).toBe(4005);
    expect(diary.lines).toEqual(["join room:1"]);
  });

  it("sent twice under one number has one effect", async () => {
    const { url, diary } = await attacked();
    const { client } = await WireClient.open(url);
    await client.next(isReplyTo(client.send(1, "room:1", "phx_join")));
    for (let i = 0; i < 20; i++) client.send(2, "room:1", "effect");
    const last = client.send(3, "room:1", "echo");
    await client.next(isReplyTo(last));
    expect(diary.lines.filter((line) => line.startsWith("effect"))).toHaveLength(1);
  });

  it.each([
    ["in a frame of its own", (client: WireClient) => void client.control("ack", { ack: 1_000_000 })],
    ["with a message", (client: WireClient) => client.text('["1","2","room:1","effect",{},2,1000000]')],
    ["by the largest number", (client: WireClient) => void client.control("ack", { ack: Number.MAX_SAFE_INTEGER })],
  ])("that acknowledges what was never sent ends the connection: %s", async (_what, send) => {
    const { url } = await attacked();
    const { client } = await WireClient.open(url);
    await client.next(isReplyTo(client.send(1, "room:1", "phx_join")));
    send(client);
    expect((await client.closed).code).toBe(4005);
    await expectToServe(url);
  });

  it.each([null, {}, { ack: null }, { ack: "1" }, { ack: -1 }, { ack: 0.5 }, { ack: 2 ** 53 }, [1], 7])(
    "that acknowledges %j ends the connection",
    async (payload) => {
      const { url } = await attacked();
      const { client } = await WireClient.open(url);
      client.control("ack", payload);
      expect((await client.closed).code).toBe(4005);
    },
  );

  it("that acknowledges less than before changes nothing", async () => {
    const { url } = await attacked();
    const { client } = await WireClient.open(url);
    await client.next(isReplyTo(client.send(1, "room:1", "phx_join")));
    for (const ack of [1, 0, 1, 0]) client.control("ack", { ack });
    const echo = client.send(2, "room:1", "echo");
    expect(await client.next(isReplyTo(echo))).toMatchObject({ seq: 2 });
  });

  it("on the protocol's own topic that nobody knows is answered, and does nothing", async () => {
    const { url, reports } = await attacked();
    const { client } = await WireClient.open(url);
    for (const event of ["phx_join", "session", "drain", "ping", "gap", "__proto__", "constructor", ""]) {
      const ref = client.control(event, {});
      expect(await client.next(isReplyTo(ref))).toMatchObject({ payload: { status: "error" } });
    }
    expect(reports).toEqual([]);
  });
});

describe("a flood", () => {
  it("of messages of one client keeps no other waiting", async () => {
    const { url } = await attacked();
    const { client: flooding } = await WireClient.open(url);
    const join = flooding.send(1, "room:1", "phx_join");
    await flooding.next(isReplyTo(join));
    for (let seq = 2; seq < 5_000; seq++) flooding.send(seq, "room:1", "quiet", {}, join);
    await expectToServe(url);
  });

  it("of joins of one client is refused above its hundred topics", async () => {
    const { url } = await attacked();
    const { client } = await WireClient.open(url);
    let last = "";
    for (let seq = 1; seq <= 120; seq++) last = client.send(seq, `room:${seq}`, "phx_join", {}, String(seq));
    expect(await client.next(isReplyTo(last))).toMatchObject({
      payload: { status: "error", response: { reason: "too many channels joined" } },
    });
  });

  it("of joins and leaves leaves nothing behind", async () => {
    const { url, system, diary } = await attacked();
    const { client } = await WireClient.open(url);
    let seq = 0;
    for (let i = 0; i < 40; i++) {
      client.send(++seq, "room:1", "phx_join", {}, String(i));
      client.send(++seq, "room:1", "phx_leave", {}, String(i));
    }
    const last = client.send(++seq, "room:2", "phx_join", {}, "last");
    await client.next(isReplyTo(last));
    const rejoined = client.send(++seq, "room:1", "phx_join", {}, "again");
    await client.next(isReplyTo(rejoined));
    const ends = diary.lines.filter((line) => line.startsWith("end room:1"));
    const joins = diary.lines.filter((line) => line === "join room:1");
    expect(joins.length - ends.length).toBe(1);
    expect(system.deadLetters.total).toBeLessThan(500);
  });
});
