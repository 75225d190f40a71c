import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  clientFrame,
  clientFrameBytes,
  elementOf,
  FrameError,
  frameView,
  HANDSHAKE_ACCEPT,
  HANDSHAKE_KEY,
  MASK_KEY,
  OPCODE,
  readServerFrame,
  readUpgradeResponse,
  sequenceOf,
  upgradeRequest,
} from "../../bench/load/frame.mjs";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

function serverFrame(opcode: number, payload: Buffer, first = 0x80 | opcode): Buffer {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.from([first, length]), payload]);
  if (length < 65_536) return Buffer.concat([Buffer.from([first, 126, length >> 8, length & 255]), payload]);
  const head = Buffer.alloc(10);
  head[0] = first;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

function unmask(frame: Buffer): string {
  const short = (frame[1] ?? 0) & 0x7f;
  const start = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
  const key = frame.subarray(start, start + 4);
  return Buffer.from(frame.subarray(start + 4).map((byte, i) => byte ^ (key[i % 4] ?? 0))).toString("latin1");
}

describe("a client's frame", () => {
  it.each([0, 1, 7, 125, 126, 200, 65_535, 65_536])("of %i bytes is final, masked and as long as announced", (size) => {
    const text = "abcdefg".repeat(Math.ceil(size / 7)).slice(0, size);
    const frame = clientFrame(OPCODE.text, text);
    expect(frame.length).toBe(clientFrameBytes(size));
    expect(frame[0]).toBe(0x81);
    expect((frame[1] ?? 0) & 0x80).toBe(0x80);
    expect(unmask(frame)).toBe(text);
  });

  it("is masked with a key that is not zero, so that the server has to unmask", () => {
    expect(MASK_KEY.some((byte) => byte !== 0)).toBe(true);
    expect(clientFrame(OPCODE.text, "aaaa").subarray(6).toString("latin1")).not.toBe("aaaa");
  });
});

describe("a server's frame", () => {
  it.each([0, 5, 125, 126, 65_535, 65_536])("of %i bytes is found once it is whole, and not before", (size) => {
    const frame = Buffer.concat([serverFrame(OPCODE.text, Buffer.alloc(size, 97)), Buffer.from([0x81])]);
    const view = frameView();
    for (const end of [0, 1, 2, 5, frame.length - 2]) {
      if (end < frame.length - 1) expect(readServerFrame(frame, 0, end, view)).toBe(false);
    }
    expect(readServerFrame(frame, 0, frame.length, view)).toBe(true);
    expect([view.opcode, view.final, view.end - view.start, view.next]).toEqual([1, true, size, frame.length - 1]);
  });

  it("is found behind another one in the same read", () => {
    const both = Buffer.concat([
      serverFrame(OPCODE.ping, Buffer.from("p")),
      serverFrame(OPCODE.text, Buffer.from("hello")),
    ]);
    const view = frameView();
    expect(readServerFrame(both, 0, both.length, view)).toBe(true);
    expect(view.opcode).toBe(OPCODE.ping);
    expect(readServerFrame(both, view.next, both.length, view)).toBe(true);
    expect(both.toString("latin1", view.start, view.end)).toBe("hello");
  });

  it.each([
    ["masked", Buffer.from([0x81, 0x80, 1, 2, 3, 4])],
    ["reserved", Buffer.from([0xc1, 0])],
    ["opcode", Buffer.from([0x83, 0])],
    ["control", Buffer.from([0x09, 0])],
    ["control", Buffer.from([0x89, 126, 0, 126])],
    ["too_large", Buffer.from([0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0])],
  ])("that breaks RFC 6455 is refused as %s", (code, frame) => {
    expect(() => readServerFrame(frame, 0, frame.length, frameView())).toThrow(
      expect.objectContaining({ name: "FrameError", code }),
    );
    expect(new FrameError("masked", "")).toBeInstanceOf(Error);
  });
});

describe("the upgrade", () => {
  it("expects the accept value that RFC 6455 derives from the constant key", () => {
    expect(
      createHash("sha1")
        .update(HANDSHAKE_KEY + GUID)
        .digest("base64"),
    ).toBe(HANDSHAKE_ACCEPT);
    expect(Buffer.from(HANDSHAKE_KEY, "base64")).toHaveLength(16);
  });

  it("asks for the path and the protocols it was given", () => {
    const request = upgradeRequest({
      path: "/socket?vsn=2.0.0",
      host: "127.0.0.1:4000",
      protocols: "phoenix",
    }).toString();
    expect(request).toMatch(/^GET \/socket\?vsn=2\.0\.0 HTTP\/1\.1\r\nHost: 127\.0\.0\.1:4000\r\n/);
    expect(request).toMatch(/\r\nSec-WebSocket-Protocol: phoenix\r\n\r\n$/);
  });

  it("waits for the whole head and says where the first frame begins", () => {
    const head = `HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: ${HANDSHAKE_ACCEPT}\r\n\r\n`;
    const answer = Buffer.from(`${head}\x81\x00`, "latin1");
    expect(readUpgradeResponse(answer, 0, 40)).toBeUndefined();
    expect(readUpgradeResponse(answer, 0, answer.length)).toEqual({ ok: true, next: head.length });
  });

  it.each([
    ["HTTP/1.1 403 Forbidden\r\n\r\n", /expected HTTP status 101, got 403/],
    ["HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: no\r\n\r\n", /not the answer to our key/],
    ["x".repeat(20_000), /longer than 16 KiB/],
  ])("is refused when the server answers %j", (text, reason) => {
    const answer = Buffer.from(text);
    expect(readUpgradeResponse(answer, 0, answer.length)).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });
});

describe("a channel frame's elements", () => {
  const seq = (text: string): number => sequenceOf(Buffer.from(`..${text}..`), 2, text.length + 2);

  it("carry the sequence number behind the payload, with an ack or without", () => {
    expect(seq('["1","2","room:1","phx_reply",{"status":"ok","response":{}},17]')).toBe(17);
    expect(seq('[null,null,"room:1","news",{"n":12},9007199254740991,4]')).toBe(9007199254740991);
  });

  it("carry none in plain Phoenix frames and other text", () => {
    expect(seq('[null,null,"room:1","news",{"n":12}]')).toBe(0);
    expect(seq('[null,null,"room:1","news",{"n":12},]')).toBe(0);
    expect(seq("12]")).toBe(0);
    expect(seq("")).toBe(0);
  });

  it("are read by position, and null reads as undefined", () => {
    const text = Buffer.from('["1",null,"room:1","phx_close",{}]');
    expect([0, 1, 2, 3].map((i) => elementOf(text, 0, text.length, i))).toEqual([
      "1",
      undefined,
      "room:1",
      "phx_close",
    ]);
    expect(elementOf(Buffer.from('["1'), 0, 3, 0)).toBeUndefined();
  });
});
