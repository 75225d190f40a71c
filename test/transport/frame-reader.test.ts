import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFrames } from "../../src/transport/frame-reader.js";
import { PartialFrame } from "../../src/transport/partial-frame.js";
import { type ClientFrame, clientFrame } from "./raw-client.js";

class Taker {
  reading = true;
  stopAfter = Number.POSITIVE_INFINITY;
  readonly taken: string[] = [];

  takeText(text: string): void {
    this.#take(`text ${text}`);
  }

  takeBinary(bytes: Buffer): void {
    this.#take(`binary ${bytes.toString("hex")}`);
  }

  takePing(payload: Buffer): void {
    this.#take(`ping ${payload.toString()}`);
  }

  #take(what: string): void {
    this.taken.push(what);
    if (this.taken.length >= this.stopAfter) this.reading = false;
  }
}

const LIMIT = 70_000;
const bytesOf = (...frames: ClientFrame[]): Buffer => Buffer.concat(frames.map(clientFrame));

describe("reading a client's frames", () => {
  it("hands over texts, binaries and pings in order and drops pongs", () => {
    const taker = new Taker();
    const chunk = bytesOf(
      { payload: "a" },
      { opcode: 2, payload: Uint8Array.of(255, 0) },
      { opcode: 10, payload: "x" },
      { opcode: 9, payload: "are you there" },
      { payload: "" },
      { payload: "é€😀" },
    );
    expect(readFrames(taker, chunk, LIMIT)).toBe(chunk.length);
    expect(taker.taken).toEqual(["text a", "binary ff00", "ping are you there", "text ", "text é€😀"]);
  });

  it.each([125, 126, 127, 65_535, 65_536])("reads a payload of %i bytes", (length) => {
    const taker = new Taker();
    const chunk = bytesOf({ payload: "x".repeat(length) }, { payload: "y" });
    expect(readFrames(taker, chunk, LIMIT)).toBe(chunk.length);
    expect(taker.taken.map((taken) => taken.length)).toEqual([length + 5, 6]);
  });

  it("stops between two frames when its taker does", () => {
    const taker = new Taker();
    taker.stopAfter = 1;
    const chunk = bytesOf({ payload: "a" }, { payload: "b" });
    expect(readFrames(taker, chunk, LIMIT)).toBe(7);
    taker.reading = true;
    expect(readFrames(taker, chunk.subarray(7), LIMIT)).toBe(7);
    expect(taker.taken).toEqual(["text a", "text b"]);
  });

  it("leaves everything out of the ordinary as it came, from its first byte", () => {
    const unusual: Record<string, ClientFrame> = {
      "a fragment": { final: false, payload: "a" },
      "a continuation": { opcode: 0, payload: "a" },
      "a close frame": { opcode: 8, payload: Uint8Array.of(3, 232) },
      "a reserved opcode": { opcode: 3, payload: "a" },
      "a frame without a mask": { masked: false, payload: "a" },
      "a long ping": { opcode: 9, payload: "x".repeat(126) },
      "a frame above the limit": { payload: "x".repeat(LIMIT + 1) },
      "invalid UTF-8": { payload: Uint8Array.of(0x68, 0xc3, 0x28, 0x68, 0xff) },
    };
    for (const frame of Object.values(unusual)) {
      const taker = new Taker();
      const chunk = bytesOf({ payload: "a" }, frame, { payload: "never" });
      const before = chunk.toString("hex", 7);
      expect(readFrames(taker, chunk, LIMIT)).toBe(~7);
      expect(taker.taken).toEqual(["text a"]);
      expect(chunk.toString("hex", 7)).toBe(before);
    }
  });

  it("refuses a frame above the limit by its header, before the payload has come", () => {
    const header = bytesOf({ payload: "x".repeat(LIMIT + 1) }).subarray(0, 10);
    expect(readFrames(new Taker(), header, LIMIT)).toBe(~0);
    const beyond32Bits = Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0]);
    expect(readFrames(new Taker(), beyond32Bits, LIMIT)).toBe(~0);
  });

  it("finds the same frames however the bytes are cut", () => {
    const frame = fc.record({
      opcode: fc.constantFrom(1, 1, 1, 2, 9),
      payload: fc.oneof(
        fc.string({ maxLength: 40, unit: "grapheme" }),
        fc.integer({ min: 100, max: 300 }).map((n) => "z".repeat(n)),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }),
        (frames, cuts) => {
          const small = frames.map((each) =>
            each.opcode === 9 ? { ...each, payload: each.payload.slice(0, 30) } : each,
          );
          const whole = new Taker();
          readFrames(whole, bytesOf(...small), LIMIT);
          const pieces = new Taker();
          readInPieces(pieces, bytesOf(...small), cuts);
          expect(pieces.taken).toEqual(whole.taken);
          expect(pieces.taken).toHaveLength(frames.length);
        },
      ),
    );
  });
});

/** What a connection does with chunks. */
function readInPieces(taker: Taker, bytes: Buffer, cuts: readonly number[]): void {
  let partial: PartialFrame | undefined;
  let at = 0;
  for (let i = 0; at < bytes.length; i += 1) {
    let chunk = Buffer.from(bytes.subarray(at, (at += cuts[i % cuts.length] ?? 1)));
    while (partial !== undefined && chunk.length > 0) {
      chunk = chunk.subarray(partial.take(chunk));
      if (readFrames(taker, partial.bytes, LIMIT) > 0) partial = undefined;
    }
    const end = readFrames(taker, chunk, LIMIT);
    if (end < chunk.length) partial = new PartialFrame(chunk.subarray(end));
  }
}
