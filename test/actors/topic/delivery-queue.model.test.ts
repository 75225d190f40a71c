import fc from "fast-check";
import { expect, test } from "vitest";
import { DeliveryQueue } from "../../../actors/topic/delivery-queue.js";

class Listener {
  readonly since: number;
  readonly got: string[] = [];
  constructor(since: number) {
    this.since = since;
  }
}

const topic = fc.constantFrom("a", "b");
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("publish" as const), topic }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("join" as const), topic }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("leave" as const), topic, which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("turn" as const) }) },
);

test("whoever listens gets all messages of its topic from then on, in order and once, however they come in turns", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (steps, perTurn) => {
      let sends = 0;
      const queue = new DeliveryQueue<{ topic: string; text: string }, Listener>(({ text }, listener) => {
        sends++;
        listener.got.push(text);
      }, perTurn);
      const listening = { a: new Set<Listener>(), b: new Set<Listener>() };
      const owed = new Map<Listener, string[]>();
      const left = new Set<Listener>();
      let published = 0;
      for (const each of steps) {
        const before = sends;
        if (each.do === "turn") queue.turn();
        else if (each.do === "join") {
          const listener = new Listener(queue.latest);
          listening[each.topic === "a" ? "a" : "b"].add(listener);
          owed.set(listener, []);
        } else if (each.do === "leave") {
          const set = listening[each.topic === "a" ? "a" : "b"];
          const listener = [...set][each.which % Math.max(1, set.size)];
          if (listener === undefined) continue;
          set.delete(listener);
          left.add(listener);
        } else {
          const set = listening[each.topic === "a" ? "a" : "b"];
          const text = String(++published);
          for (const listener of set) owed.get(listener)?.push(text);
          queue.start({ topic: each.topic, text }, [set]);
        }
        expect(sends - before).toBeLessThanOrEqual(perTurn);
      }
      while (queue.turn());
      expect(queue.length).toBe(0);
      for (const [listener, expected] of owed) {
        // Who has left may have missed what was on its way.
        if (left.has(listener)) expect(expected.slice(0, listener.got.length)).toEqual(listener.got);
        else expect(listener.got).toEqual(expected);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("a topic with few listeners does not wait for one with many", () => {
  const got: string[] = [];
  const queue = new DeliveryQueue<{ topic: string }, Listener>((item) => void got.push(item.topic), 10);
  const many = new Set(Array.from({ length: 100 }, () => new Listener(0)));
  expect(queue.start({ topic: "large" }, [many])).toBe(false);
  expect(queue.start({ topic: "small" }, [new Set([new Listener(0)])])).toBe(true);
  expect(got.at(-1)).toBe("small");
  let turns = 0;
  while (queue.turn()) turns++;
  expect(turns).toBe(9);
  expect(got).toHaveLength(101);
});
