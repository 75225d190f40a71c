import assert from "node:assert/strict";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { carried, PlainRef } from "./codec-pair.js";

const anyText = fc.string({ unit: "binary", maxLength: 60 });
/** Any sequence of code units: half of a pair as well. */
const anyUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
  .map((units) => String.fromCharCode(...units));
const scalar = fc.oneof(
  fc.constantFrom(undefined, null, true, false, -0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
  fc.double(),
  fc.maxSafeInteger(),
  fc.bigInt(),
  anyText,
  anyUnits,
  fc.date({ noInvalidDate: true }),
);
type Viewing = (buffer: ArrayBuffer) => ArrayBufferView;
const views: readonly Viewing[] = [
  (buffer) => new Uint8Array(buffer),
  (buffer) => new Int8Array(buffer),
  (buffer) => new Uint8ClampedArray(buffer),
  (buffer) => new Int16Array(buffer),
  (buffer) => new Uint16Array(buffer),
  (buffer) => new Int32Array(buffer),
  (buffer) => new Uint32Array(buffer),
  (buffer) => new Float32Array(buffer),
  (buffer) => new Float64Array(buffer),
  (buffer) => new BigInt64Array(buffer),
  (buffer) => new BigUint64Array(buffer),
  (buffer) => new DataView(buffer),
];
// Eight bytes are a whole number of entries of every view.
const content = fc.array(fc.uint8Array({ minLength: 8, maxLength: 8 }), { maxLength: 4 });
const bytes = fc
  .record({ parts: content, view: fc.constantFrom(...views) })
  .map(({ parts, view }) => view(new Uint8Array(parts.flatMap((part) => [...part])).buffer));
const fieldName = fc.oneof(anyText, fc.constantFrom("__proto__", "constructor", "toString", "then", "length", ""));
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    bytes,
    fc.nat().map((id) => new PlainRef(id)),
    fc.array(tie("tree"), { maxLength: 6 }),
    fc.dictionary(fieldName, tie("tree"), { maxKeys: 6, noNullPrototype: false }),
    fc.array(fc.tuple(tie("tree"), tie("tree")), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie("tree"), { maxLength: 4 }).map((entries) => new Set(entries)),
  ),
}));

describe("any value of plain data", () => {
  it("arrives as it was sent", () => {
    fc.assert(
      fc.property(tree, (value) => {
        // A matcher of the test runner would take a field called constructor for the class.
        assert.deepStrictEqual(carried(value), value);
      }),
      { numRuns: 400 },
    );
  });

  it("a bigint of any size arrives", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 4_096n), max: 2n ** 4_096n }), (value) => {
        expect(carried(value)).toBe(value);
      }),
    );
  });

  it("text of any code units arrives, of any length around the limits of its forms", () => {
    const lengths = [0, 1, 23, 24, 25, 31, 32, 33, 127, 128, 129, 16_383, 16_384];
    for (const length of lengths) {
      for (const last of ["a", "\u0080", "ÿ", "漢", "\ud83d\ude00", "\ud83d", "\ude00", "\0"]) {
        const text = "a".repeat(length) + last;
        expect(carried(text)).toBe(text);
      }
    }
  });

  it("a whole number arrives on either side of every length of its form", () => {
    for (let bits = 0; bits <= 53; bits++) {
      for (const near of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
        expect([carried(near), carried(-near)]).toEqual([near, -near]);
      }
    }
  });

  it("-0 stays -0, also in a typed array", () => {
    expect(Object.is(carried(-0), -0)).toBe(true);
    expect(carried(new Float64Array([-0, Number.NaN]))).toStrictEqual(new Float64Array([-0, Number.NaN]));
  });
});

describe("values that are not quite plain", () => {
  it("a hole arrives as undefined", () => {
    const list: unknown[] = [1];
    list[3] = 2;
    expect(carried(list)).toStrictEqual([1, undefined, undefined, 2]);
  });

  it("an object without a prototype arrives as one", () => {
    const value: unknown = Object.assign(Object.create(null) as object, { a: 1 });
    const came = carried(value);
    expect(Object.getPrototypeOf(came)).toBe(null);
    expect(came).toEqual(value);
  });

  it("an own field __proto__ stays a field, and changes no prototype", () => {
    const value: unknown = JSON.parse('{"__proto__":{"isAdmin":true},"a":1}');
    const came = carried(value);
    expect(Object.keys(Object(came))).toEqual(["__proto__", "a"]);
    expect(Object.getPrototypeOf(came)).toBe(Object.prototype);
    expect(came).not.toHaveProperty("isAdmin");
  });

  it("what is referred to twice arrives twice", () => {
    const twice = { n: 1 };
    const came = carried([twice, twice]);
    expect(came).toEqual([{ n: 1 }, { n: 1 }]);
    expect(Array.isArray(came) && came[0] === came[1]).toBe(false);
  });

  it("a getter arrives as the value that it gave", () => {
    expect(
      carried({
        get now() {
          return 7;
        },
      }),
    ).toStrictEqual({ now: 7 });
  });

  it("an invalid date arrives as one", () => {
    expect(carried(new Date(Number.NaN))).toStrictEqual(new Date(Number.NaN));
  });

  it("a regular expression arrives with its flags", () => {
    for (const pattern of [/a+/giu, /[/\]]\n/, new RegExp(""), new RegExp("ü\\p{L}", "v")]) {
      expect(carried(pattern)).toStrictEqual(pattern);
    }
  });

  it("a map with refs on both sides keeps its order", () => {
    const map = new Map<unknown, unknown>([
      [new PlainRef(7), { by: new PlainRef(8) }],
      [{ key: 1 }, new Set([new PlainRef(9), undefined])],
    ]);
    expect(carried(map)).toStrictEqual(map);
  });
});

describe("bytes", () => {
  it("a view of a part of a buffer brings that part alone", () => {
    const whole = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
    expect(carried(new Uint8Array(whole, 2, 3))).toStrictEqual(new Uint8Array([3, 4, 5]));
    const view = carried(new DataView(whole, 4, 2));
    expect(view instanceof DataView && [view.byteLength, view.getUint8(0), view.buffer.byteLength]).toEqual([2, 5, 2]);
  });

  it("an ArrayBuffer arrives as one, and a Buffer as a Uint8Array", () => {
    expect(carried(new Uint8Array([9, 8]).buffer)).toStrictEqual(new Uint8Array([9, 8]).buffer);
    const came = carried(Buffer.from("abc"));
    expect(came).toStrictEqual(new Uint8Array([97, 98, 99]));
  });

  it("what arrived does not change with what was sent", () => {
    const sent = new Uint8Array([1]);
    const came = carried(sent);
    sent[0] = 2;
    expect(came).toStrictEqual(new Uint8Array([1]));
  });
});

describe("errors", () => {
  class Broken extends RangeError {
    override readonly name = "Broken";
    readonly code = "broken";
    readonly parts = new Map([["axle", 2]]);
  }

  it("an error keeps its class, name, message, stack, cause and own fields", () => {
    const error = new Broken("it broke", { cause: new TypeError("why", { cause: 17n }) });
    const came = carried(error);
    expect(came).toBeInstanceOf(RangeError);
    expect(came).toMatchObject({
      name: "Broken",
      message: "it broke",
      stack: error.stack,
      code: "broken",
      parts: new Map([["axle", 2]]),
    });
    expect(came).toHaveProperty("cause.message", "why");
    expect(came).toHaveProperty("cause.cause", 17n);
    expect(came).toHaveProperty("cause.name", "TypeError");
  });

  it("the standard classes arrive as themselves", () => {
    for (const known of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
      const came = carried(new known("m"));
      expect(Object.getPrototypeOf(came)).toBe(known.prototype);
    }
  });

  it("an AggregateError keeps its errors, out of sight as they were", () => {
    const came = carried(new AggregateError([new TypeError("one"), 2], "many"));
    expect(came).toBeInstanceOf(AggregateError);
    expect(came).toMatchObject({ message: "many", errors: [new TypeError("one"), 2] });
    expect(Object.keys(Object(came))).toEqual([]);
  });

  it("fields called errors and cause stay as visible as they were", () => {
    const error = Object.assign(new Error("invalid"), { errors: [{ path: "a" }], cause: "typed by hand" });
    const came = carried(error);
    expect(Object.keys(Object(came)).sort()).toEqual(["cause", "errors"]);
    expect(came).toMatchObject({ errors: [{ path: "a" }], cause: "typed by hand" });
    expect(carried(new Error("m", { cause: undefined }))).toHaveProperty("cause", undefined);
    expect(Object.hasOwn(Object(carried(new Error("m"))), "cause")).toBe(false);
  });

  it("a code that is a getter of the class arrives", () => {
    const came = carried(new DOMException("stopped", "AbortError"));
    expect(came).toMatchObject({ name: "AbortError", message: "stopped", code: 20 });
  });

  it("an error whose texts are none arrives with what can be told", () => {
    const error = Object.defineProperties(new Error("m"), {
      message: { value: { no: "text" } },
      stack: { value: 7 },
      name: { value: undefined },
    });
    expect(carried(error)).toMatchObject({ name: "Error", message: "" });
  });
});
