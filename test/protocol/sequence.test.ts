import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  AckDebt,
  HandledTracker,
  isCount,
  isSeq,
  MAX_SEQ,
  nextSeq,
  receive,
  SequenceExhaustedError,
} from "../../src/protocol/sequence.js";

describe("a received number", () => {
  it("is accepted when next, a duplicate when taken, a gap when numbers are missing before it", () => {
    expect(receive(0, 1)).toBe("accept");
    expect(receive(4, 5)).toBe("accept");
    expect(receive(5, 5)).toBe("duplicate");
    expect(receive(5, 1)).toBe("duplicate");
    expect(receive(5, 7)).toBe("gap");
    expect(receive(MAX_SEQ - 1, MAX_SEQ)).toBe("accept");
  });

  it("takes effect once and in order, whatever is sent again", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 200 }), (arrivals) => {
        const taken: number[] = [];
        for (const seq of arrivals) if (receive(taken.length, seq) === "accept") taken.push(seq);
        expect(taken).toEqual(taken.map((_, i) => i + 1));
      }),
    );
  });
});

describe("numbers", () => {
  it("are integers from 1 to 2^53 - 1, positions from 0", () => {
    for (const bad of [0, -1, 1.5, MAX_SEQ + 1, Number.NaN, Number.POSITIVE_INFINITY, "1", 1n, null, undefined, {}]) {
      expect(isSeq(bad)).toBe(false);
    }
    expect([isSeq(1), isSeq(MAX_SEQ), isCount(0), isCount(-1)]).toEqual([true, true, true, false]);
  });

  it("end with an error, never with a number that JSON cannot carry", () => {
    expect(nextSeq(0)).toBe(1);
    expect(nextSeq(MAX_SEQ - 1)).toBe(MAX_SEQ);
    expect(() => nextSeq(MAX_SEQ)).toThrow(SequenceExhaustedError);
  });
});

describe("handled marks", () => {
  it("collapse into one position below which all is handled", () => {
    const tracker = new HandledTracker();
    expect([tracker.mark(2), tracker.mark(3), tracker.handled, tracker.ahead]).toEqual([false, false, 0, 2]);
    expect([tracker.mark(1), tracker.handled, tracker.ahead]).toEqual([true, 3, 0]);
    expect([tracker.mark(2), tracker.mark(3), tracker.handled]).toEqual([false, false, 3]);
  });

  it("give the same position in any order, and never one with a hole below it", () => {
    const shuffled = fc
      .integer({ min: 0, max: 60 })
      .chain((size) => fc.shuffledSubarray(Array.from({ length: size }, (_, i) => i + 1)));
    fc.assert(
      fc.property(shuffled, fc.nat(1_000), (marks, start) => {
        const tracker = new HandledTracker(start);
        const seen = new Set<number>();
        for (const mark of marks) {
          tracker.mark(start + mark);
          seen.add(mark);
          let contiguous = 0;
          while (seen.has(contiguous + 1)) contiguous += 1;
          expect(tracker.handled).toBe(start + contiguous);
          expect(tracker.ahead).toBe(seen.size - contiguous);
        }
      }),
    );
  });
});

describe("an acknowledgement of its own", () => {
  it("is due after 32 messages", () => {
    const debt = new AckDebt();
    for (let i = 1; i < 32; i += 1) expect(debt.add(1, 0)).toBe(false);
    expect(debt.add(1, 0)).toBe(true);
  });

  it("is due after 64 KiB", () => {
    const debt = new AckDebt();
    expect(debt.add(65_535, 0)).toBe(false);
    expect(debt.add(1, 0)).toBe(true);
  });

  it("is due when the oldest message has waited 1 s", () => {
    const debt = new AckDebt();
    expect([debt.owed, debt.dueAtMs, debt.isDue(5_000)]).toEqual([false, undefined, false]);
    debt.add(1, 500);
    debt.add(1, 1_400);
    expect([debt.owed, debt.dueAtMs]).toEqual([true, 1_500]);
    expect([debt.isDue(1_499), debt.isDue(1_500)]).toEqual([false, true]);
  });

  it("is due no longer once it was written", () => {
    const debt = new AckDebt({ ackMessages: 2, ackBytes: 10, ackDelayMs: 5 });
    debt.add(8, 0);
    debt.clear();
    expect([debt.owed, debt.isDue(100)]).toEqual([false, false]);
    expect([debt.add(8, 100), debt.dueAtMs]).toEqual([false, 105]);
  });
});
