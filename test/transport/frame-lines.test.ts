import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readFrameLines, readOneFrame } from "../../src/transport/frame-lines.js";

const read = (body: string): unknown => readFrameLines(Buffer.from(body), 10);

describe("a body of lines", () => {
  it("has a text message on each line that begins with a bracket, and base64 of a binary one on any other", () => {
    expect(read('["ä"]\r\n\nAAH/\n[')).toEqual({ ok: true, frames: ['["ä"]', Buffer.of(0, 1, 255), "["] });
    expect(read("")).toEqual({ ok: true, frames: [] });
    expect(read("\n\r\n")).toEqual({ ok: true, frames: [] });
  });

  it("is refused for base64 that is none, for too many lines, for a message above the limit, for bytes that are no text", () => {
    for (const wrong of ["abc", "ab=c", "a-_=", "{}", " []", "=", "===="]) {
      expect(read(wrong)).toMatchObject({ ok: false, status: 400 });
    }
    expect(read("[]\n".repeat(101))).toMatchObject({ ok: false, status: 413 });
    expect(read("[345678901]")).toMatchObject({ ok: false, status: 413 });
    expect(read(Buffer.alloc(11).toString("base64"))).toMatchObject({ ok: false, status: 413 });
    expect(readFrameLines(Buffer.of(0x5b, 0xff), 10)).toMatchObject({ ok: false, status: 400 });
    expect(readOneFrame(Buffer.of(0x5b, 0xff), 10)).toMatchObject({ ok: false, status: 400 });
    expect(readOneFrame(Buffer.alloc(11, "x"), 10)).toMatchObject({ ok: false, status: 413 });
  });

  it("gives back what was written", () => {
    const text = fc.json({ maxDepth: 1 }).map((json) => `[${json}]`);
    const frame = fc.oneof(
      text,
      fc.uint8Array({ minLength: 1, maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 100 }), (frames) => {
        const lines = frames.map((each) => (typeof each === "string" ? each : each.toString("base64")));
        expect(readFrameLines(Buffer.from(lines.join("\n")), 10_000)).toEqual({ ok: true, frames });
      }),
    );
  });

  it("may be any bytes: it is read or refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const result = readFrameLines(Buffer.from(bytes), 100);
        expect(result.ok || [400, 413].includes(result.status)).toBe(true);
      }),
    );
  });
});
