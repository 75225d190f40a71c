import { describe, expect, it } from "vitest";
import { MessageRate } from "../../../src/transport/admission/message-rate.js";

const rules = { messages: { perSecond: 10, burst: 5 }, bytes: { perSecond: 1_000, burst: 2_000 } };

describe("what a client may send", () => {
  it("is a burst of messages, then so many a second", () => {
    const rate = new MessageRate();
    const sent = (nowMs: number) => rate.take(rules, 1, nowMs);
    expect([1, 2, 3, 4, 5].map(() => sent(0))).toEqual([0, 0, 0, 0, 0]);
    expect(sent(0)).toBe(100);
    expect(sent(100)).toBe(0);
  });

  it("is so many bytes too, whatever the number of messages", () => {
    const rate = new MessageRate();
    expect(rate.take(rules, 1_900, 0)).toBe(0);
    expect(rate.take(rules, 600, 0)).toBe(500);
    expect(rate.take(rules, 600, 500)).toBe(0);
  });

  it("is not used up by what was refused", () => {
    const rate = new MessageRate();
    rate.take(rules, 2_000, 0);
    for (let i = 0; i < 100; i++) expect(rate.take(rules, 1, 0)).toBeGreaterThan(0);
    expect(rate.take(rules, 1, 1)).toBe(0);
  });
});
