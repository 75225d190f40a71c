import fc from "fast-check";
import { expect, test } from "vitest";
import { Outbox, type OutboxLimits } from "../../../actors/session/outbox.js";

const limits = (change: Partial<OutboxLimits> = {}): OutboxLimits => ({
  outboxMessages: 1_000,
  outboxBytes: 1_000_000,
  windowMessages: 256,
  windowBytes: 262_144,
  ...change,
});

const sendAll = (outbox: Outbox): number[] => {
  const sent: number[] = [];
  for (let seq = outbox.nextToSend; seq !== undefined; seq = outbox.nextToSend) {
    outbox.send();
    sent.push(seq);
  }
  return sent;
};

test("frames are numbered from the first number, sent once, and kept until they are acknowledged", () => {
  const outbox = new Outbox(limits(), 5);
  for (const body of ["a", "b", "c"]) expect(outbox.append(body, 1)).toBe(true);
  expect(sendAll(outbox)).toEqual([5, 6, 7]);
  expect(sendAll(outbox)).toEqual([]);
  outbox.acknowledge(6);
  expect([outbox.length, outbox.bytes, outbox.firstSeq, outbox.lastSeq]).toEqual([1, 1, 7, 7]);
});

test("after a rewind everything that is kept is sent again, in order", () => {
  const outbox = new Outbox(limits(), 1);
  for (const body of ["a", "b", "c"]) outbox.append(body, 1);
  sendAll(outbox);
  outbox.acknowledge(1);
  outbox.rewind();
  expect(sendAll(outbox)).toEqual([2, 3]);
});

test("an append beyond the bound in frames or bytes keeps nothing", () => {
  const few = new Outbox(limits({ outboxMessages: 1 }), 1);
  expect([few.append("a", 1), few.append("b", 1), few.length]).toEqual([true, false, 1]);
  const small = new Outbox(limits({ outboxBytes: 10 }), 1);
  expect([small.append("a", 6), small.append("b", 5), small.append("c", 4), small.bytes]).toEqual([
    true,
    false,
    true,
    10,
  ]);
});

test("the window bounds what is in flight; a frame larger than the window goes alone", () => {
  const outbox = new Outbox(limits({ windowMessages: 2, windowBytes: 10 }), 1);
  for (const size of [50, 4, 4, 4]) outbox.append("x", size);
  expect(sendAll(outbox)).toEqual([1]);
  outbox.acknowledge(1);
  expect(sendAll(outbox)).toEqual([2, 3]);
  outbox.acknowledge(2);
  expect(sendAll(outbox)).toEqual([4]);
});

test("an acknowledgement that is old, or of the future, does no harm", () => {
  const outbox = new Outbox(limits(), 1);
  outbox.append("a", 1);
  sendAll(outbox);
  outbox.acknowledge(0);
  expect(outbox.length).toBe(1);
  outbox.acknowledge(99);
  expect([outbox.length, outbox.bytes, outbox.firstSeq]).toEqual([0, 0, 2]);
});

test("whatever happens, what arrives is 1, 2, 3, … after dropping what was seen before", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("append" as const), size: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ kind: fc.constant("send" as const) }),
    fc.record({ kind: fc.constant("acknowledge" as const), back: fc.integer({ min: 0, max: 5 }) }),
    fc.record({ kind: fc.constant("reconnect" as const) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const outbox = new Outbox(
        limits({ outboxMessages: 50, outboxBytes: 400, windowMessages: 4, windowBytes: 40 }),
        1,
      );
      let seen = 0;
      let appended = 0;
      for (const each of steps) {
        if (each.kind === "append") appended += outbox.append("x", each.size) ? 1 : 0;
        else if (each.kind === "acknowledge") outbox.acknowledge(Math.max(0, seen - each.back));
        else if (each.kind === "reconnect") {
          outbox.acknowledge(seen);
          outbox.rewind();
        } else {
          const seq = outbox.nextToSend;
          if (seq === undefined) continue;
          outbox.send();
          if (seq > seen) {
            expect(seq).toBe(seen + 1);
            seen = seq;
          }
        }
        expect(outbox.length).toBeLessThanOrEqual(50);
        expect(outbox.bytes).toBeLessThanOrEqual(400);
        expect(outbox.lastSeq).toBe(appended);
      }
    }),
  );
});
