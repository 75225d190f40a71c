import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Hello, parseAnswer, parseHello, type Welcome } from "../../src/protocol/handshake.js";
import { isReservedEvent } from "../../src/protocol/names.js";

const resume = { sid: "s1", secret: "k1", epoch: 1, rx: 0, txFirst: 1, txNext: 1 };
const welcome: Welcome = {
  v: 1,
  sid: "s1",
  secret: "k1",
  epoch: 1,
  resumed: false,
  rx: 0,
  tx: 0,
  ttlMs: 120_000,
  heartbeatMs: 25_000,
  limits: { payloadBytes: 65_536, windowMessages: 256, windowBytes: 262_144 },
  topics: { "room:1": "ok", "room:2": "gap" },
};

function helloReason(payload: unknown): string {
  const parsed = parseHello(payload);
  return parsed.ok ? "accepted" : `${parsed.code} ${parsed.reason}`;
}

function answerReason(response: unknown): string {
  const parsed = parseAnswer({ status: "ok", response });
  return parsed.kind === "malformed" ? parsed.reason : parsed.kind;
}

describe("hello", () => {
  it("is read whole, and what it does not know is left out", () => {
    const hello: Hello = { v: 1, intent: "resume", token: "t", params: { a: [1] }, ttlMs: 0, resume };
    expect(parseHello({ ...hello, extra: 1 })).toEqual({ ok: true, hello });
    expect(parseHello({ v: 1, intent: "new" })).toEqual({ ok: true, hello: { v: 1, intent: "new" } });
  });

  it.each([
    [null, "4005 Cannot read hello: expected an object, got null"],
    [[], "4005 Cannot read hello: expected an object, got an array of 0 elements"],
    [{}, "4006 Cannot read hello: expected v to be 1, got nothing"],
    [{ v: 2, intent: "new" }, "4006 Cannot read hello: expected v to be 1, got the number 2"],
    [{ v: 1, intent: "old" }, '4005 Cannot read hello: expected intent to be "new" or "resume", got the string "old"'],
    [{ v: 1, intent: "new", token: 1 }, "expected token to be a string, got the number 1"],
    [{ v: 1, intent: "new", params: [] }, "expected params to be an object, got an array of 0 elements"],
    [{ v: 1, intent: "new", ttlMs: -1 }, "expected ttlMs to be a number from 0, or null, got the number -1"],
    [{ v: 1, intent: "new", resume }, 'expected no resume with intent "new", got an object'],
    [{ v: 1, intent: "resume" }, 'expected resume to be an object with intent "resume", got nothing'],
    [
      { v: 1, intent: "resume", resume: { ...resume, sid: "" } },
      "expected resume.sid to be a string of 1 to 128 characters",
    ],
    [{ v: 1, intent: "resume", resume: { ...resume, epoch: 0 } }, "expected resume.epoch to be a whole number from 1"],
    [{ v: 1, intent: "resume", resume: { ...resume, rx: 0.5 } }, "expected resume.rx to be a whole number from 0"],
    [
      { v: 1, intent: "resume", resume: { ...resume, txFirst: 0 } },
      "expected resume.txFirst to be a whole number from 1",
    ],
    [
      { v: 1, intent: "resume", resume: { ...resume, txFirst: 3, txNext: 2 } },
      "expected resume.txNext to be a whole number from txFirst, got the number 2",
    ],
    [
      { v: 1, intent: "resume", resume: { ...resume, attempt: -1 } },
      "expected resume.attempt to be a whole number from 0 or absent, got the number -1",
    ],
  ])("%j is refused with what was expected and what came", (payload, reason) => {
    expect(helloReason(payload)).toContain(reason);
  });

  it("is refused without repeating a secret", () => {
    const secret = "hush".repeat(100);
    const reason = helloReason({ v: 1, intent: "resume", resume: { ...resume, secret } });
    expect(reason).toContain("expected resume.secret to be a string of 1 to 128 characters, got one of 400");
    expect(reason).not.toContain("hush");
  });

  it("never throws, whatever the payload", () => {
    const record = fc.record(
      { v: fc.constant(1), intent: fc.constantFrom("new", "resume", 3), resume: fc.anything(), params: fc.anything() },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(fc.oneof(fc.anything(), record), (payload) => typeof parseHello(payload).ok === "boolean"));
  });
});

describe("the answer to hello", () => {
  it("is a welcome when it is whole", () => {
    expect(parseAnswer({ status: "ok", response: { ...welcome, more: 1 } })).toMatchObject({
      kind: "welcome",
      welcome,
    });
    expect(parseAnswer({ status: "ok", response: { ...welcome, reason: "expired" } })).toEqual({
      kind: "welcome",
      welcome: { ...welcome, reason: "expired" },
    });
  });

  it("is a refusal with a reason when its status is error", () => {
    const refused = (response: unknown): unknown => parseAnswer({ status: "error", response });
    expect(refused({ reason: "auth", retryAfterMs: 5 })).toEqual({
      kind: "refused",
      refusal: { reason: "auth", retryAfterMs: 5 },
    });
    expect(refused({ retryAfterMs: "soon" })).toEqual({ kind: "refused", refusal: { reason: "refused" } });
    expect(refused(null)).toEqual({ kind: "refused", refusal: { reason: "refused" } });
  });

  it.each([
    [{ ...welcome, v: 2 }, "expected v to be 1, got the number 2"],
    [{ ...welcome, sid: 1 }, "expected sid to be a string of 1 to 128 characters, got the number 1"],
    [{ ...welcome, secret: undefined }, "expected secret to be a string of 1 to 128 characters, got nothing"],
    [{ ...welcome, epoch: 0 }, "expected epoch to be a whole number from 1, got the number 0"],
    [{ ...welcome, resumed: 1 }, "expected resumed to be true or false, got the number 1"],
    [
      { ...welcome, reason: "why" },
      'expected reason to be expired, unknown, gap, auth, corrupt or absent, got the string "why"',
    ],
    [{ ...welcome, rx: -1 }, "expected rx to be a whole number from 0, got the number -1"],
    [{ ...welcome, tx: "1" }, 'expected tx to be a whole number from 0, got the string "1"'],
    [{ ...welcome, ttlMs: null }, "expected ttlMs to be a whole number from 0, got null"],
    [{ ...welcome, heartbeatMs: 0 }, "expected heartbeatMs to be a whole number from 1, got the number 0"],
    [
      { ...welcome, limits: {} },
      "expected limits to be {payloadBytes, windowMessages, windowBytes} of whole numbers from 1",
    ],
    [
      { ...welcome, topics: { a: "bad" } },
      'expected topics to be an object that maps each topic to "ok" or "gap", got an object',
    ],
    [7, "expected response to be an object, got the number 7"],
  ])("is malformed with what was expected and what came: %#", (response, reason) => {
    expect(answerReason(response)).toContain(reason);
  });

  it("never throws, whatever the payload", () => {
    fc.assert(fc.property(fc.anything(), (payload) => typeof parseAnswer(payload).kind === "string"));
    expect(parseAnswer(1)).toMatchObject({ kind: "malformed" });
    expect(parseAnswer({ status: "maybe" })).toMatchObject({ kind: "malformed" });
  });
});

describe("reserved events", () => {
  it("are those of a channel's life", () => {
    expect(["phx_join", "phx_leave", "phx_reply", "phx_error", "phx_close"].every(isReservedEvent)).toBe(true);
    expect(["say", "heartbeat", "__proto__"].some(isReservedEvent)).toBe(false);
  });
});
