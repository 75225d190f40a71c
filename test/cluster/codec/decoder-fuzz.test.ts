import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CodecError } from "../../../src/cluster/codec/codec-error.js";
import { MOST_DEPTH, Tag } from "../../../src/cluster/codec/tags.js";
import { decoded, encoded, PlainRef } from "./codec-pair.js";

/** Whatever comes out, it is a value or a CodecError. */
function survives(bytes: Uint8Array): void {
  try {
    decoded(bytes);
  } catch (thrown) {
    if (!(thrown instanceof CodecError) && !(thrown instanceof RangeError && thrown.message.includes("are left")))
      throw thrown;
  }
}

const sample = encoded({
  a: [1, -5, 2.5, 12n, "text", "ü", "\ud800", undefined, null, true],
  map: new Map<unknown, unknown>([[new PlainRef(1), new Set([1, "x"])]]),
  bytes: [new Float64Array(3), new DataView(new ArrayBuffer(3)), new Uint8Array(5)],
  when: new Date(0),
  pattern: /a(b|c)+/gi,
  error: new AggregateError([new TypeError("m", { cause: 1 })], "n"),
  bare: Object.assign(Object.create(null) as object, { x: 1 }),
});

describe("bytes that no encoder wrote", () => {
  it("random bytes are a value or an error of the codec", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), survives), { numRuns: 1_500 });
  });

  it("random bytes behind a good beginning are too", () => {
    const tags = fc.constantFrom(...Object.values(Tag));
    fc.assert(
      fc.property(fc.array(tags, { maxLength: 6 }), fc.uint8Array({ maxLength: 60 }), (begin, rest) =>
        survives(new Uint8Array([...begin, ...rest])),
      ),
      { numRuns: 1_500 },
    );
  });

  it("a good value with bytes changed, added or cut off is too", () => {
    const change = fc.record({ at: fc.nat(sample.length - 1), to: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(sample.length), (changes, length) => {
        const bytes = sample.slice();
        for (const { at, to } of changes) bytes[at] = to;
        survives(bytes);
        survives(bytes.subarray(0, length));
      }),
      { numRuns: 1_000 },
    );
  });

  it("every beginning of a good value is refused", () => {
    for (let length = 0; length < sample.length; length++) {
      expect(() => decoded(sample.subarray(0, length))).toThrow(CodecError);
    }
  });
});

describe("counts", () => {
  const huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
  const counted = [Tag.ascii, Tag.utf8, Tag.utf16, Tag.array, Tag.object, Tag.bareObject, Tag.map, Tag.set] as const;

  it("a count beyond the end of the bytes allocates nothing", () => {
    for (const tag of counted) expect(() => decoded(new Uint8Array([tag, ...huge, 1, 2, 3]))).toThrow(CodecError);
    expect(() => decoded(new Uint8Array([Tag.bytes, 0, ...huge]))).toThrow(/to the end of the frame/);
    expect(() => decoded(new Uint8Array([Tag.bigint, 0, ...huge]))).toThrow(CodecError);
  });

  it("a number beyond 2^53 is refused", () => {
    expect(() => decoded(new Uint8Array([Tag.natural, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]))).toThrow(
      /2\^53/,
    );
    expect(() => decoded(new Uint8Array([Tag.natural, ...Array.from({ length: 12 }, () => 0x80)]))).toThrow(/2\^53/);
  });

  it("values that are nested too deep are refused before the stack is used up", () => {
    for (const tag of [Tag.array, Tag.set]) {
      const bytes = new Uint8Array(200_000);
      for (let at = 0; at < bytes.length; at += 2) bytes.set([tag, 1], at);
      expect(() => decoded(bytes)).toThrow(new RegExp(`nested at most ${MOST_DEPTH} deep`));
    }
  });

  it("a refusal leaves nothing that the next value would feel", () => {
    for (let time = 0; time < 300; time++) {
      expect(() => decoded(new Uint8Array([Tag.array, 1, Tag.array, 1, 99]))).toThrow(CodecError);
    }
    expect(decoded(encoded([[1]]))).toEqual([[1]]);
  });
});

describe("texts that are made of what came", () => {
  it("a text that is no regular expression, or no bigint, is refused", () => {
    const bad = encoded(/a/).slice();
    bad[3] = "(".charCodeAt(0);
    expect(() => decoded(bad)).toThrow(/a regular expression/);
    expect(() => decoded(new Uint8Array([Tag.bigint, 0, 1, "g".charCodeAt(0)]))).toThrow(/digits of a bigint/);
    expect(() => decoded(new Uint8Array([Tag.bigint, 0, 0]))).toThrow(/digits of a bigint/);
  });

  it("bytes that are no whole number of entries are refused", () => {
    const bytes = encoded(new Uint8Array(3)).slice();
    bytes[1] = 8;
    expect(() => decoded(bytes)).toThrow(/entries of a Float64Array/);
  });

  it("a short text is the one that came, whatever came before with the same hash", () => {
    const units = fc.constantFrom("a", "b", "c", "ab", "ba");
    fc.assert(
      fc.property(
        fc.array(
          fc.array(units, { maxLength: 4 }).map((parts) => parts.join("")),
          { maxLength: 30 },
        ),
        (names) => {
          const value = names.map((name) => ({ [name]: name }));
          expect(decoded(encoded(value))).toEqual(value);
        },
      ),
    );
  });
});
