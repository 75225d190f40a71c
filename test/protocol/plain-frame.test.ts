import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeTextFrame, encodeBody, encodeTextFrame, type Frame, sealBody } from "../../src/protocol/frame.js";
import { decodePlainFrame, encodeReplyAround, isAscii, sealNumbers } from "../../src/protocol/plain-frame.js";
import { MAX_SEQ } from "../../src/protocol/sequence.js";

const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom("", "room:1", "phx_join", 'a"b', "a\\b", "\n"),
);
const refs = fc.option(texts, { nil: null });
const numbers = fc.option(fc.oneof(fc.nat(20), fc.integer({ min: 0, max: MAX_SEQ })), { nil: undefined });
const objects = fc.oneof(
  fc.constant({}),
  fc.dictionary(texts, fc.jsonValue()).map((value) => JSON.parse(JSON.stringify(value)) as object),
);
const payloads = fc.oneof(
  objects,
  fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown),
);
const frames: fc.Arbitrary<Frame> = fc.record({
  joinRef: refs,
  ref: refs,
  topic: texts,
  event: texts,
  payload: payloads,
  seq: numbers,
  ack: numbers,
});

describe("a frame that is read the short way", () => {
  it("is the same, or refused for the same reason, as read the long way", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const text = encodeTextFrame(frame);
        expect(decodePlainFrame(text)).toEqual(decodeTextFrame(text));
      }),
      { numRuns: 500 },
    );
  });

  it("is the same when a part of its text is missing, doubled or another", () => {
    const pieces = fc.constantFrom(
      "",
      ",",
      '"',
      "{",
      "}",
      "[",
      "]",
      "0",
      "7",
      "null",
      " ",
      "\\",
      "\u0001",
      '"a",',
      ",1",
    );
    fc.assert(
      fc.property(frames, fc.nat(), fc.nat(4), pieces, (frame, place, length, piece) => {
        const text = encodeTextFrame(frame);
        const at = place % (text.length + 1);
        const changed = `${text.slice(0, at)}${piece}${text.slice(at + length)}`;
        expect(decodePlainFrame(changed)).toEqual(decodeTextFrame(changed));
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '["1","2","t","e",{}]',
    '["1","2","t","e",{},1]',
    '["1","2","t","e",{},1,0]',
    '["1","2","t","e",{},0]',
    '["1","2","t","e",{},01]',
    '["1","2","t","e",{},1,2,"id"]',
    '["1","2","t","e",{},1,2,3]',
    '["1","2","t","e",{},null,3]',
    '["1","2","t","e",{"a":1},{"b":2}]',
    '["1","2","t","e",{},9007199254740991]',
    '["1","2","t","e",{},9007199254740992]',
    '["1","2","t","e",{"__proto__":{"a":1}},4,3]',
    '["1","2","t","e",[1],2]',
    '["1","2","t","e",5,6,7]',
    '[null,null,"t","e",{}]',
    '["1","2",null,"e",{}]',
    '["1","2","t",null,{}]',
    '["1","2","t","e",{}',
    '["1","2","t","e",{}]]',
    '["1","2","t","e",}]',
    "[",
    "",
    "[null",
    '["',
    `["1","2","t","e",${"[".repeat(600)}${"]".repeat(600)}]`,
    `["1","2","t","e",{"a":${"[".repeat(510)}${"]".repeat(510)}}]`,
  ])("is the same in the case of %s", (text) => {
    expect(decodePlainFrame(text)).toEqual(decodeTextFrame(text));
  });
});

describe("a reply", () => {
  it("is written as any other frame is", () => {
    fc.assert(
      fc.property(refs, refs, texts, texts, objects, (joinRef, ref, topic, status, response) => {
        const body = encodeBody(joinRef, ref, topic, "phx_reply", { status, response });
        expect(encodeReplyAround(joinRef, ref, topic, status, JSON.stringify(response))).toBe(body);
      }),
    );
  });

  it("is the same again on another topic, and with another status", () => {
    for (const topic of ["a", "a", "b", "a"]) {
      for (const status of ["ok", "error"]) {
        const body = encodeBody("1", "2", topic, "phx_reply", { status, response: {} });
        expect(encodeReplyAround("1", "2", topic, status, "{}")).toBe(body);
      }
    }
  });

  it("is closed with its numbers as any other frame is", () => {
    expect(sealNumbers("[1", 2, undefined)).toBe(sealBody("[1", 2));
    expect(sealNumbers("[1", 2, 0)).toBe(sealBody("[1", 2, 0));
  });

  it("has as many bytes as units where all of it is ASCII", () => {
    fc.assert(fc.property(texts, (text) => isAscii(text) === (Buffer.byteLength(text) === text.length)));
  });
});
