import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decodeTextFrame,
  encodeBody,
  encodeBodyAround,
  encodePayload,
  encodeTextFrame,
  type Frame,
  PayloadError,
  SEAL_BYTES,
  sealBody,
} from "../../src/protocol/frame.js";
import { MAX_SEQ } from "../../src/protocol/sequence.js";

const refs = fc.option(fc.string(), { nil: null });
const seqs = fc.option(fc.integer({ min: 1, max: MAX_SEQ }), { nil: undefined });
const acks = fc.option(fc.integer({ min: 0, max: MAX_SEQ }), { nil: undefined });
// JSON has no -0: it comes back as 0.
const payloads = fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value)) as unknown);
const frames: fc.Arbitrary<Frame> = fc.record({
  joinRef: refs,
  ref: refs,
  topic: fc.string({ unit: "binary" }),
  event: fc.string(),
  payload: payloads,
  seq: seqs,
  ack: acks,
});

function reasonOf(text: string): string {
  const decoded = decodeTextFrame(text);
  return decoded.ok ? "decoded" : decoded.reason;
}

describe("a text frame", () => {
  it("comes back from the wire as it was", () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(decodeTextFrame(encodeTextFrame(frame))).toEqual({ ok: true, frame });
      }),
    );
  });

  it("is Phoenix's array of five when it has no numbers", () => {
    const frame = { joinRef: "1", ref: "2", topic: "room:1", event: "say", payload: { a: 1 } };
    expect(encodeTextFrame({ ...frame, seq: undefined, ack: undefined })).toBe('["1","2","room:1","say",{"a":1}]');
    expect(encodeTextFrame({ ...frame, seq: 7, ack: undefined })).toBe('["1","2","room:1","say",{"a":1},7]');
    expect(encodeTextFrame({ ...frame, seq: 7, ack: 0 })).toBe('["1","2","room:1","say",{"a":1},7,0]');
    expect(encodeTextFrame({ ...frame, seq: undefined, ack: 3 })).toBe('["1","2","room:1","say",{"a":1},null,3]');
  });

  it("is decoded or refused with a reason, and never throws, whatever the text", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      fc.array(fc.jsonValue()).map((a) => JSON.stringify(a)),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const decoded = decodeTextFrame(text);
        if (!decoded.ok) expect(decoded.reason).toMatch(/^Cannot decode a text frame: expected .+, got .+/s);
      }),
    );
  });

  it("may carry elements after the eighth, which are ignored", () => {
    expect(decodeTextFrame('[null,null,"t","e",{},1,0,"id","more",{}]')).toEqual({
      ok: true,
      frame: { joinRef: null, ref: null, topic: "t", event: "e", payload: {}, seq: 1, ack: 0, id: "id" },
    });
  });

  it("carries the id of an idempotent push in the eighth place, with null where it has no acknowledgement", () => {
    const frame = { joinRef: "1", ref: "2", topic: "t", event: "e", payload: {}, seq: 7, ack: undefined, id: "k-2" };
    expect(encodeTextFrame(frame)).toBe('["1","2","t","e",{},7,null,"k-2"]');
    expect(decodeTextFrame(encodeTextFrame(frame))).toEqual({ ok: true, frame });
    expect(decodeTextFrame('["1","2","t","e",{},7,1,null]')).toMatchObject({ ok: true, frame: { ack: 1 } });
  });

  it("may carry null for the numbers it has not", () => {
    expect(decodeTextFrame('[null,null,"t","e",{},null,null]')).toMatchObject({
      ok: true,
      frame: { seq: undefined, ack: undefined },
    });
  });

  it.each([
    ["{", 'expected the JSON array [join_ref, ref, topic, event, payload], got text that is not JSON: the string "{"'],
    ["", 'got text that is not JSON: the string ""'],
    ["{}", "expected the JSON array [join_ref, ref, topic, event, payload], got an object"],
    ["null", "got null"],
    ['["1"]', "expected at least 5 elements [join_ref, ref, topic, event, payload], got an array of 1 elements"],
    ['[1,"1","t","e",{}]', "expected join_ref as a string or null, got the number 1"],
    ['["1",{},"t","e",{}]', "expected ref as a string or null, got an object"],
    ['["1","1",null,"e",{}]', "expected topic as a string, got null"],
    ['["1","1","t",true,{}]', "expected event as a string, got the boolean true"],
    ['["1","1","t","e",{},0]', "expected seq as an integer from 1 to 2^53 - 1, or null, got the number 0"],
    ['["1","1","t","e",{},9007199254740992]', "got the number 9007199254740992"],
    ['["1","1","t","e",{},1.5]', "got the number 1.5"],
    ['["1","1","t","e",{},"2"]', 'got the string "2"'],
    ['["1","1","t","e",{},1,1,5]', "expected id as a string of 1 to 64 characters, or null, got the number 5"],
    ['["1","1","t","e",{},1,1,""]', 'got the string ""'],
    [`["1","1","t","e",{},1,1,"${"x".repeat(65)}"]`, "of 65 characters"],
    ['["1","1","t","e",{},1,-1]', "expected ack as an integer from 0 to 2^53 - 1, or null, got the number -1"],
  ])("%s is refused with what was expected and what came", (text, reason) => {
    expect(reasonOf(text)).toContain(reason);
  });

  it("is refused in one short line, however long and wild the text", () => {
    const reason = reasonOf(`\n\u0000${"x".repeat(100_000)}`);
    expect(reason.length).toBeLessThan(250);
    expect(reason).not.toContain("\n");
  });

  it("keeps __proto__ and constructor in a payload as plain data", () => {
    const decoded = decodeTextFrame('[null,null,"t","e",{"__proto__":{"admin":true},"constructor":1}]');
    const payload = decoded.ok ? decoded.frame.payload : undefined;
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
    expect(payload).not.toHaveProperty("admin");
    expect(Reflect.get({}, "admin")).toBeUndefined();
    expect(encodePayload(payload)).toBe('{"__proto__":{"admin":true},"constructor":1}');
  });

  it("survives nesting as deep as a frame can hold", () => {
    const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
    expect(() => decodeTextFrame(`[null,null,"t","e",${deep}]`)).not.toThrow();
  });
});

describe("a body", () => {
  it("is encoded once and sealed with each session's numbers", () => {
    const body = encodeBody(null, null, "room:1", "new", { text: "hi" });
    expect(sealBody(body)).toBe('[null,null,"room:1","new",{"text":"hi"}]');
    expect(sealBody(body, 1)).toBe('[null,null,"room:1","new",{"text":"hi"},1]');
    expect(sealBody(body, 2, 9)).toBe('[null,null,"room:1","new",{"text":"hi"},2,9]');
  });

  it("can be built around a payload that is text already", () => {
    expect(encodeBodyAround("1", null, "t", "e", encodePayload([1]))).toBe(encodeBody("1", null, "t", "e", [1]));
  });

  it("grows by at most SEAL_BYTES when it is sealed", () => {
    expect(sealBody("", MAX_SEQ, MAX_SEQ)).toHaveLength(SEAL_BYTES);
  });

  it("is refused with what came when the payload has no JSON form", () => {
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    expect(() => encodePayload(undefined)).toThrow("expected a JSON value, got nothing; send {} for none");
    expect(() => encodePayload(() => 1)).toThrow("got a function");
    expect(() => encodePayload(cycle)).toThrow(PayloadError);
    expect(() => encodePayload({ big: 1n })).toThrow(PayloadError);
  });
});
