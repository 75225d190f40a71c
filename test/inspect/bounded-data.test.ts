import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { boundData, type DataBounds } from "../../src/inspect/bounded-data.js";

const bounds: DataBounds = { depth: 3, entries: 4, characters: 20, bytes: 200 };

class Reference {
  toString(): string {
    return "<0.7>";
  }
}

class Secretive {
  readonly secret = "s";
}

describe("data for the inspector", () => {
  it.each([
    [undefined, null],
    [null, null],
    [true, true],
    [1.5, 1.5],
    [-0, 0],
    [Number.NaN, "NaN"],
    [12n, "12n"],
    [Symbol("s"), "Symbol(s)"],
    [function f() {}, "[function f]"],
    [new Date(0), "1970-01-01T00:00:00.…"],
    [new Date(Number.NaN), "[invalid date]"],
    [new TypeError("bad"), "TypeError: bad"],
    [new Uint8Array(3), "[Uint8Array of 3 byt…"],
    [new Reference(), "<0.7>"],
    [new Secretive(), "[Secretive]"],
    [
      new Map<unknown, unknown>([
        ["a", 1],
        [{}, 2],
      ]),
      { a: 1, "[Object]": 2 },
    ],
    [new Set([1, "b"]), [1, "b"]],
    [{ a: undefined, b: [undefined] }, { b: [null] }],
    [Object.create(null), {}],
  ])("is plain: %s", (value, expected) => {
    expect(boundData(value, bounds)).toEqual(expected);
  });

  it("is cut in length, entries and depth", () => {
    expect(boundData("x".repeat(30), bounds)).toBe(`${"x".repeat(20)}…`);
    expect(boundData([1, 2, 3, 4, 5, 6], bounds)).toEqual([1, 2, 3, 4, "…"]);
    expect(boundData({ a: { b: { c: { d: 1 }, e: [1] } } }, bounds)).toEqual({ a: { b: { c: "{…}", e: "[…]" } } });
  });

  it("that contains itself ends", () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    expect(boundData(loop, bounds)).toEqual({ self: { self: { self: "{…}" } } });
  });

  it("keeps a key that is special elsewhere as data", () => {
    const shown = boundData(JSON.parse('{"__proto__": {"polluted": 1}}'), bounds);
    expect(JSON.stringify(shown)).toBe('{"__proto__":{"polluted":1}}');
  });

  it("is JSON of bounded size, whatever it is made of", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => {
          const shown = boundData(value, bounds);
          const text = JSON.stringify(shown);
          expect(JSON.parse(text)).toEqual(shown);
          // Escapes may grow a character to six bytes, and what is cut leaves its mark.
          expect(Buffer.byteLength(text)).toBeLessThan(6 * bounds.bytes + 200);
        },
      ),
    );
  });
});
