import { describe, expect, it } from "vitest";
import { SharedFrame } from "../../src/transport/shared-frame.js";

const write = (frame: SharedFrame, suffix: string): string => {
  const target = Buffer.alloc(frame.body.length + suffix.length * 3 + 20);
  return target.subarray(0, frame.writeTo(target, 0, suffix)).toString("latin1");
};

describe("a shared frame", () => {
  it("is one message with the receiver's suffix, whose length is in the header", () => {
    const frame = SharedFrame.text('["room","said",{}');
    expect(write(frame, ",7]")).toBe('\x81\x14["room","said",{},7]');
    expect(write(frame, ",12345]")).toBe('\x81\x18["room","said",{},12345]');
    expect(frame.body).toHaveLength(17);
  });

  it("takes the header that the sum of both needs", () => {
    const at = (body: number, suffix: number): number[] => {
      const frame = SharedFrame.text("x".repeat(body));
      return [...Buffer.from(write(frame, "y".repeat(suffix)), "latin1").subarray(0, 4)];
    };
    expect(at(124, 1)).toEqual([0x81, 125, 0x78, 0x78]);
    expect(at(124, 2)).toEqual([0x81, 126, 0, 126]);
    expect(at(65_530, 5)).toEqual([0x81, 126, 0xff, 0xff]);
    expect(at(65_530, 6)).toEqual([0x81, 127, 0, 0]);
  });

  it("counts the bytes of a suffix, not its units", () => {
    expect(Buffer.from(write(SharedFrame.text("a"), "€"), "latin1").toString("hex")).toBe("810461e282ac");
  });

  it("is made whole once for all who need no suffix", () => {
    const frame = SharedFrame.text("é");
    expect(frame.whole.toString("hex")).toBe("8102c3a9");
    expect(frame.whole).toBe(frame.whole);
    expect(SharedFrame.binary(Uint8Array.of(1, 2)).whole.toString("hex")).toBe("82020102");
  });
});
