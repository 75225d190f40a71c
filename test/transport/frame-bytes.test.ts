import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headerBytes, OPCODE_TEXT, writeHeader, writeText, writeTextFrame } from "../../src/transport/frame-bytes.js";

const hex = (bytes: Buffer): string => bytes.toString("hex");

const frameOf = (text: string): Buffer => {
  const target = Buffer.alloc(text.length * 3 + 20);
  return target.subarray(3, writeTextFrame(target, 3, text));
};

const reference = (text: string): Buffer => {
  const body = Buffer.from(text);
  const head = Buffer.alloc(10);
  return Buffer.concat([head.subarray(0, writeHeader(head, 0, OPCODE_TEXT, body.length)), body]);
};

describe("building a server's frames", () => {
  it("changes the header at 125/126 and 65,535/65,536 bytes", () => {
    const head = (bytes: number): string => {
      const target = Buffer.alloc(10);
      const end = writeHeader(target, 0, 1, bytes);
      expect(end).toBe(headerBytes(bytes));
      return hex(target.subarray(0, end));
    };
    expect(head(0)).toBe("8100");
    expect(head(125)).toBe("817d");
    expect(head(126)).toBe("817e007e");
    expect(head(65_535)).toBe("817effff");
    expect(head(65_536)).toBe("817f0000000000010000");
    expect(head(2 ** 32 + 5)).toBe("817f0000000100000005");
  });

  it("writes a text whose UTF-8 is longer than its units behind the longer header", () => {
    for (const text of [
      "é".repeat(62),
      "é".repeat(63),
      "é".repeat(125),
      "€".repeat(42),
      "€".repeat(21_845),
      "€".repeat(21_846),
    ]) {
      expect(frameOf(text).equals(reference(text))).toBe(true);
    }
  });

  it("writes any text as Buffer does, lone surrogates too", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", "\ud800", "\0", "bcdefgh"), maxLength: 200 }),
        (text) => {
          expect(hex(frameOf(text))).toBe(hex(reference(text)));
          const target = Buffer.alloc(text.length * 3 + 1);
          expect(hex(target.subarray(0, writeText(target, 0, text)))).toBe(hex(Buffer.from(text)));
        },
      ),
    );
  });
});
