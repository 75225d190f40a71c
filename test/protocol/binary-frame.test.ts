import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BinaryFromServer,
  decodeClientBinary,
  decodeServerBinary,
  encodeClientBinary,
  encodeServerBinary,
  FieldTooLongError,
  numberBinary,
} from "../../src/protocol/binary-frame.js";

const one = Uint8Array.of(1);

function bytes(...parts: readonly (number | string)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => (typeof part === "number" ? [part] : [...new TextEncoder().encode(part)])),
  );
}

const clientPush = bytes(0, 1, 1, 1, 1, "01te", 1);
const nullPush = bytes(0, 4, 1, 1, 1, "null2te", 1);

const fromServer: readonly (readonly [string, Uint8Array, BinaryFromServer])[] = [
  [
    "push",
    bytes(0, 3, 3, 10, "123topsome-event", 1, 1),
    { kind: "push", joinRef: "123", topic: "top", event: "some-event", payload: bytes(1, 1) },
  ],
  [
    "reply",
    bytes(1, 3, 2, 3, 2, "10012topok", 1, 1),
    { kind: "reply", joinRef: "100", ref: "12", topic: "top", status: "ok", payload: bytes(1, 1) },
  ],
  [
    "broadcast",
    bytes(2, 3, 10, "topsome-event", 1, 1),
    { kind: "broadcast", topic: "top", event: "some-event", payload: bytes(1, 1) },
  ],
  [
    "push without join_ref",
    bytes(0, 0, 1, 1, "te", 1),
    { kind: "push", joinRef: null, topic: "t", event: "e", payload: one },
  ],
];

// At most 63 characters: four bytes each stay within a field.
const field = fc.string({ unit: "binary", maxLength: 63 });
const ref = fc.option(fc.string({ minLength: 1, maxLength: 63 }), { nil: null });
const payload = fc.uint8Array();

describe("a binary frame of a client", () => {
  it("is what phoenix.js writes and reads", () => {
    const frame = { joinRef: "0", ref: "1", topic: "t", event: "e", payload: one };
    expect(encodeClientBinary(frame)).toEqual(clientPush);
    expect(decodeClientBinary(clientPush)).toEqual({ ok: true, frame });
  });

  it("keeps the text null, which phoenix.js writes for no join_ref, apart from no join_ref", () => {
    expect(decodeClientBinary(nullPush)).toMatchObject({ ok: true, frame: { joinRef: "null", ref: "2" } });
    expect(decodeClientBinary(bytes(0, 0, 1, 1, 1, "2te"))).toMatchObject({ ok: true, frame: { joinRef: null } });
  });

  it("comes back from the wire as it was", () => {
    fc.assert(
      fc.property(fc.record({ joinRef: ref, ref, topic: field, event: field, payload }), (frame) => {
        expect(decodeClientBinary(encodeClientBinary(frame))).toEqual({ ok: true, frame });
      }),
    );
  });
});

describe("a binary frame of a server", () => {
  it.each(fromServer)("is a %s as phoenix.js reads it", (_name, wire, frame) => {
    expect(encodeServerBinary(frame)).toEqual(wire);
    expect(decodeServerBinary(wire)).toEqual({ ok: true, frame });
  });

  it("comes back from the wire as it was", () => {
    const frames: fc.Arbitrary<BinaryFromServer> = fc.oneof(
      fc.record({ kind: fc.constant("push" as const), joinRef: ref, topic: field, event: field, payload }),
      fc.record({ kind: fc.constant("reply" as const), joinRef: ref, ref, topic: field, status: field, payload }),
      fc.record({ kind: fc.constant("broadcast" as const), topic: field, event: field, payload }),
    );
    fc.assert(
      fc.property(frames, (frame) => {
        expect(decodeServerBinary(encodeServerBinary(frame))).toEqual({ ok: true, frame });
      }),
    );
  });
});

describe("a numbered binary frame", () => {
  const seq = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  const id = fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 64 });

  it("has its kind raised by 16 and eight bytes of a number after it", () => {
    const push = { joinRef: "0", ref: "1", topic: "t", event: "e", payload: one, seq: 2 ** 32 + 5 };
    expect(encodeClientBinary(push)).toEqual(bytes(16, 0, 0, 0, 1, 0, 0, 0, 5, 1, 1, 1, 1, "01te", 1));
    expect(encodeClientBinary({ ...push, id: "k" })).toEqual(
      bytes(19, 0, 0, 0, 1, 0, 0, 0, 5, 1, 1, 1, 1, 1, "01tek", 1),
    );
    const broadcast = { kind: "broadcast", topic: "t", event: "e", payload: one, seq: 3 } as const;
    expect(encodeServerBinary(broadcast)).toEqual(bytes(18, 0, 0, 0, 0, 0, 0, 0, 3, 1, 1, "te", 1));
  });

  it("comes back from the wire as it was, from a client and from a server", () => {
    const pushes = fc.record({ joinRef: ref, ref, topic: field, event: field, payload, seq });
    fc.assert(
      fc.property(
        fc.oneof(pushes, fc.record({ joinRef: ref, ref, topic: field, event: field, payload, seq, id })),
        (frame) => {
          expect(decodeClientBinary(encodeClientBinary(frame))).toEqual({ ok: true, frame });
        },
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...fromServer), seq, ([, , frame], number) => {
        const numbered = { ...frame, seq: number };
        expect(decodeServerBinary(encodeServerBinary(numbered))).toEqual({ ok: true, frame: numbered });
      }),
    );
  });

  it("can be made of one without a number, for each session with its own", () => {
    fc.assert(
      fc.property(fc.constantFrom(...fromServer), seq, ([, wire, frame], number) => {
        expect(numberBinary(wire, number)).toEqual(encodeServerBinary({ ...frame, seq: number }));
      }),
    );
  });
});

describe("any binary frame", () => {
  it("is decoded or refused with a reason, and never throws, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (wire) => {
        for (const decoded of [decodeClientBinary(wire), decodeServerBinary(wire)]) {
          if (!decoded.ok) expect(decoded.reason).toMatch(/^Cannot decode a binary frame: expected .+, got .+/);
        }
      }),
    );
  });

  it("is refused with what was expected and what came", () => {
    const reasonOf = (wire: Uint8Array): string => {
      const decoded = decodeClientBinary(wire);
      return decoded.ok ? "decoded" : decoded.reason;
    };
    expect(reasonOf(bytes())).toContain(
      "expected kind 0 (push), 16 (numbered push) or 19 (idempotent push) from a client, got an empty frame",
    );
    expect(reasonOf(bytes(9))).toContain("got kind 9");
    expect(reasonOf(bytes(0, 1, 1))).toContain("expected 4 length bytes after the kind, got a frame of 3 bytes");
    expect(reasonOf(bytes(0, 200, 0, 0, 0))).toContain("expected fields of 205 bytes, got a frame of 5 bytes");
    expect(reasonOf(bytes(16, 0, 0))).toContain("expected 8 bytes of a number after the kind, got a frame of 3 bytes");
    expect(reasonOf(bytes(16, 0, 0, 0, 0, 0, 0, 0, 0))).toContain(
      "expected a number from 1 to 2^53 - 1, got the number 0",
    );
    expect(reasonOf(bytes(16, 255, 0, 0, 0, 0, 0, 0, 0))).toContain("expected a number from 1 to 2^53 - 1");
    expect(reasonOf(bytes(16, 0, 0, 0, 0, 0, 0, 0, 1))).toContain("expected 4 length bytes after the number");
    expect(reasonOf(bytes(3, 0, 0, 0, 0, 0))).toContain("got kind 3");
    expect(reasonOf(bytes(19, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0))).toContain("an id of 1 to 64 characters");
    expect(reasonOf(bytes(0, 1, 0, 0, 0, 0xff))).toContain("expected fields in UTF-8, got other bytes in field 1");
  });

  it("is not written when a field is longer than its length byte can say", () => {
    const topic = "é".repeat(128);
    expect(() => encodeClientBinary({ joinRef: null, ref: null, topic, event: "e", payload: one })).toThrow(
      FieldTooLongError,
    );
    expect(() => encodeServerBinary({ kind: "broadcast", topic, event: "e", payload: one })).toThrow(
      "expected fields of at most 255 bytes, got 256 bytes",
    );
  });
});
