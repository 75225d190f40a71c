import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Outbox, type Sent } from "../../src/client/outbox.js";

interface Item {
  readonly bytes: number;
  readonly name: string;
  readonly held?: boolean;
}

const wide = { messages: 1_000, bytes: 1_000_000 };

function drain(outbox: Outbox<Item>, window = wide): string[] {
  const written: string[] = [];
  outbox.drain(
    window,
    (item) => item.held !== true,
    (item) => item.name,
    ({ seq, body }: Sent<Item>) => written.push(`${seq}:${body}`),
  );
  return written;
}

function filled(...names: string[]): Outbox<Item> {
  const outbox = new Outbox<Item>(wide);
  for (const name of names) outbox.add({ name, bytes: 10 });
  return outbox;
}

describe("the outbox", () => {
  it("numbers messages when they are first written", () => {
    const outbox = filled("a", "b");
    expect([outbox.first, outbox.next, outbox.sent.length]).toEqual([1, 1, 0]);
    expect(drain(outbox)).toEqual(["1:a", "2:b"]);
    expect(drain(outbox)).toEqual([]);
    expect([outbox.first, outbox.next, outbox.sent.length]).toEqual([1, 3, 2]);
  });

  it("withdraws a message that waits without leaving a hole, and none that was written", () => {
    const outbox = filled();
    const [a, b] = [
      { name: "a", bytes: 10 },
      { name: "b", bytes: 10 },
    ];
    outbox.add(a);
    outbox.add(b);
    expect(outbox.remove(a)).toBe(true);
    expect(drain(outbox)).toEqual(["1:b"]);
    expect(outbox.remove(b)).toBe(false);
    expect(outbox.bytes).toBe(10);
  });

  it("lets others overtake a message that is not ready, which keeps its place", () => {
    const outbox = new Outbox<Item>(wide);
    outbox.add({ name: "held", bytes: 1, held: true });
    outbox.add({ name: "free", bytes: 1 });
    expect(drain(outbox)).toEqual(["1:free"]);
    expect(outbox.waiting.map((item) => item.name)).toEqual(["held"]);
  });

  it("writes no more than the window holds, until some of it is taken", () => {
    const outbox = filled("a", "b", "c");
    expect(drain(outbox, { messages: 2, bytes: 1_000 })).toEqual(["1:a", "2:b"]);
    expect(drain(outbox, { messages: 2, bytes: 1_000 })).toEqual([]);
    outbox.acknowledge(1);
    expect(drain(outbox, { messages: 9, bytes: 19 })).toEqual([]);
    expect(drain(outbox, { messages: 9, bytes: 20 })).toEqual(["3:c"]);
  });

  it("drops what was taken and refuses a number that was never written", () => {
    const outbox = filled("a", "b", "c");
    drain(outbox);
    expect(outbox.acknowledge(4)).toBe(false);
    expect(outbox.acknowledge(2)).toBe(true);
    expect([outbox.first, outbox.next, outbox.messages, outbox.bytes]).toEqual([3, 4, 1, 10]);
    expect(outbox.acknowledge(1)).toBe(true);
    expect(outbox.acknowledge(3)).toBe(true);
    expect([outbox.first, outbox.next, outbox.messages, outbox.bytes]).toEqual([4, 4, 0, 0]);
  });

  it("starts a new session at number 1 with what it is given", () => {
    const outbox = filled("a", "b");
    drain(outbox);
    outbox.restart([{ name: "again", bytes: 7 }]);
    expect([outbox.messages, outbox.bytes]).toEqual([1, 7]);
    expect(drain(outbox)).toEqual(["1:again"]);
  });

  it("says when a message or its bytes do not fit", () => {
    const outbox = new Outbox<Item>({ messages: 2, bytes: 15 });
    outbox.add({ name: "a", bytes: 10 });
    expect([outbox.fits(5), outbox.fits(6)]).toEqual([true, false]);
    outbox.add({ name: "b", bytes: 0 });
    expect(outbox.fits(0)).toBe(false);
  });

  it("keeps its counts right and its numbers without holes, whatever happens", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("add" as const), bytes: fc.nat(20) }),
      fc.record({ do: fc.constant("drain" as const), messages: fc.nat(5), bytes: fc.nat(50) }),
      fc.record({ do: fc.constant("acknowledge" as const), seq: fc.nat(40) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const outbox = new Outbox<Item>(wide);
        let added = 0;
        for (const action of steps) {
          if (action.do === "add") {
            added += 1;
            outbox.add({ name: String(added), bytes: action.bytes });
          } else if (action.do === "drain") {
            for (const line of drain(outbox, action)) expect(line.split(":")[0]).toBe(line.split(":")[1]);
          } else {
            expect(outbox.acknowledge(action.seq)).toBe(action.seq < outbox.next);
          }
          const kept = [...outbox.sent.map((sent) => sent.item), ...outbox.waiting];
          expect(outbox.messages).toBe(kept.length);
          expect(outbox.bytes).toBe(kept.reduce((sum, item) => sum + item.bytes, 0));
          expect(outbox.next - outbox.first).toBe(outbox.sent.length);
        }
      }),
    );
  });
});
