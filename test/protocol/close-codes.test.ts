import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CloseCode,
  decodeCloseReason,
  encodeCloseReason,
  isTerminal,
  mayResume,
  needsNewSession,
  stockCloseCode,
} from "../../src/protocol/close-codes.js";
import { utf8Length } from "../../src/protocol/text-bytes.js";

describe("a close code", () => {
  it("has exactly one meaning for a client, whatever the number", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5_000 }), (code) => {
        expect([isTerminal(code), needsNewSession(code), mayResume(code)].filter(Boolean)).toHaveLength(1);
      }),
    );
  });

  it.each([
    ["terminal", isTerminal, [1000, 4000, 4001, 4002, 4003, 4005, 4006, 4007, 4009, 4099]],
    ["reconnect with a new session", needsNewSession, [4100, 4101, 4102, 4103, 4199]],
    ["reconnect and resume", mayResume, [1001, 1005, 1006, 1009, 1011, 1012, 4200, 4201, 4207, 4299, 4300]],
  ] as const)("is %s in its range", (_meaning, predicate, codes) => {
    for (const code of codes) expect(predicate(code)).toBe(true);
  });

  it("becomes one that a stock Phoenix client understands, and never 1000", () => {
    expect(stockCloseCode(CloseCode.drain)).toBe(1012);
    expect(stockCloseCode(CloseCode.moved)).toBe(1012);
    expect(stockCloseCode(CloseCode.kicked)).toBe(1001);
    expect(stockCloseCode(CloseCode.serverError)).toBe(1011);
    expect(stockCloseCode(CloseCode.protocolError)).toBe(4005);
    for (const code of Object.values(CloseCode)) expect(stockCloseCode(code)).not.toBe(1000);
  });
});

describe("a close reason", () => {
  it("is JSON", () => {
    expect(encodeCloseReason({ reason: "drain", retryAfterMs: 1500.2 })).toBe('{"reason":"drain","retryAfterMs":1501}');
    expect(encodeCloseReason({ reason: "kicked" })).toBe('{"reason":"kicked"}');
    expect(encodeCloseReason({ reason: "x", retryAfterMs: Number.NaN })).toBe('{"reason":"x"}');
  });

  it("fits 123 bytes as whole JSON and keeps retryAfterMs, whatever the text", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.string({ unit: fc.constantFrom("é", "😀", '"', "\\", "\n", "\u0000", "\ud800", "a"), maxLength: 300 }),
    );
    const delays = fc.option(fc.nat(Number.MAX_SAFE_INTEGER), { nil: undefined });
    fc.assert(
      fc.property(texts, delays, (reason, retryAfterMs) => {
        const text = encodeCloseReason(retryAfterMs === undefined ? { reason } : { reason, retryAfterMs });
        expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(123);
        const read = decodeCloseReason(text);
        expect(read.retryAfterMs).toBe(retryAfterMs);
        if (read.reason !== reason) {
          expect(read.reason.endsWith("...")).toBe(true);
          expect(reason.startsWith(read.reason.slice(0, -3))).toBe(true);
        }
      }),
    );
  });

  it("is cut no shorter than it must be", () => {
    expect(utf8Length(encodeCloseReason({ reason: "a".repeat(500) }))).toBe(123);
    expect(utf8Length(encodeCloseReason({ reason: "a".repeat(500), retryAfterMs: 5 }))).toBe(123);
    const exact = "a".repeat(123 - '{"reason":""}'.length);
    expect(decodeCloseReason(encodeCloseReason({ reason: exact })).reason).toBe(exact);
  });

  it("is read from any text without throwing", () => {
    expect(decodeCloseReason("")).toEqual({ reason: "" });
    expect(decodeCloseReason("bad gateway")).toEqual({ reason: "bad gateway" });
    expect(decodeCloseReason("null")).toEqual({ reason: "null" });
    expect(decodeCloseReason('{"reason":1}')).toEqual({ reason: '{"reason":1}' });
    expect(decodeCloseReason('{"reason":"r","retryAfterMs":-1,"x":2}')).toEqual({ reason: "r" });
    fc.assert(fc.property(fc.string(), (text) => typeof decodeCloseReason(text).reason === "string"));
  });
});

describe("the bytes of a text", () => {
  it("are those of its UTF-8 form", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
      }),
    );
    for (const text of ["\ud800", "\udc00", "a\ud800b", "\ud83d\ude00", "\ud83d\ud83d\ude00"]) {
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length);
    }
  });
});
