import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LineSplitter } from "../../../src/inspect/protocol/lines.js";

function split(chunks: readonly Uint8Array[], maxBytes = 1_000): { lines: string[]; ok: boolean } {
  const splitter = new LineSplitter(maxBytes);
  const lines: string[] = [];
  const ok = chunks.every((chunk) => splitter.push(chunk, (line) => lines.push(line)));
  return { lines, ok };
}

describe("a stream of bytes", () => {
  it("gives the same lines however it is cut into chunks", () => {
    const line = fc.string({ unit: "grapheme" }).filter((text) => text !== "" && !text.includes("\n"));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 7 }), (texts, size) => {
        const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(""));
        const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
          bytes.subarray(at * size, (at + 1) * size),
        );
        expect(split(chunks)).toEqual({ lines: texts, ok: true });
      }),
    );
  });

  it("has no empty lines", () => {
    expect(split([Buffer.from("\n\na\n\n")])).toEqual({ lines: ["a"], ok: true });
  });

  it("keeps an unfinished line back", () => {
    expect(split([Buffer.from("a\nb")])).toEqual({ lines: ["a"], ok: true });
  });

  it.each([
    ["in one chunk", [Buffer.from("12345\n")]],
    ["in several", [Buffer.from("123"), Buffer.from("45")]],
    ["without an end", [Buffer.from("123456789")]],
  ])("is refused at a line above the limit %s", (_, chunks) => {
    expect(split(chunks, 4)).toEqual({ lines: [], ok: false });
  });

  it("may have a line of exactly the limit", () => {
    expect(split([Buffer.from("1234\n12"), Buffer.from("34\n")], 4)).toEqual({ lines: ["1234", "1234"], ok: true });
  });
});
