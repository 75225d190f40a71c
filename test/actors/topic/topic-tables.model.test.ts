import fc from "fast-check";
import { expect, test } from "vitest";
import { ConflatingQueue } from "../../../actors/topic/conflating-queue.js";
import { KeyedBuckets } from "../../../actors/topic/keyed-buckets.js";
import { PublishLimits } from "../../../actors/topic/publish-limits.js";
import { RetainedTable } from "../../../actors/topic/retained-table.js";
import { SubscriberTable } from "../../../actors/topic/subscriber-table.js";
import { TopicRules } from "../../../actors/topic/topic-rules.js";
import { matches, someName, somePattern } from "./naive-match.js";

const topic = fc.constantFrom("a", "a.b", "a.c", "b:1", "a.*", "**", "*:1");
const owner = fc.constantFrom("x", "y", "z");

test("the table of subscribers does what a list of subscriptions does, whoever comes and goes", () => {
  const step = fc.record({ do: fc.constantFrom("add", "add", "remove"), owner, topic });
  const limits = fc.record({
    maxSubscriptions: fc.integer({ min: 1, max: 8 }),
    subscriptionsPerActor: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), limits, fc.array(someName), (steps, bounds, names) => {
      const table = new SubscriberTable<string, { readonly owner: string; readonly topic: string }>(bounds);
      let model: { readonly owner: string; readonly topic: string }[] = [];
      for (const each of steps) {
        const known = model.find((one) => one.owner === each.owner && one.topic === each.topic);
        const own = model.filter((one) => one.owner === each.owner).length;
        if (each.do === "remove") {
          expect(table.remove(each.owner, each.topic)).toBe(known);
          model = model.filter((one) => one !== known);
          continue;
        }
        expect(table.find(each.owner, each.topic)).toBe(known);
        if (known !== undefined) continue;
        const obstacle = own >= bounds.subscriptionsPerActor ? "too_many_subscriptions" : undefined;
        const expected = obstacle ?? (model.length >= bounds.maxSubscriptions ? "full" : undefined);
        expect(table.obstacle(each.owner)).toBe(expected);
        if (expected !== undefined) continue;
        const one = { owner: each.owner, topic: each.topic };
        expect(table.add(each.owner, each.topic, one)).toBe(own === 0);
        model.push(one);
      }
      for (const name of ["a", "a.b", "b:1", ...names]) {
        const found = table.listening(name).flatMap(({ subscribers }) => [...subscribers]);
        expect(new Set(found)).toEqual(new Set(model.filter((one) => matches(one.topic, name))));
        expect(found).toHaveLength(new Set(found).size);
      }
      for (const each of ["x", "y", "z"]) {
        expect(table.topicsOf(each)).toEqual(model.filter((one) => one.owner === each).map((one) => one.topic));
      }
      expect(table.size).toBe(model.length);
      expect(table.owners).toBe(new Set(model.map((one) => one.owner)).size);
      expect(table.topics + table.patterns).toBe(new Set(model.map((one) => one.topic)).size);
    }),
    { numRuns: 500 },
  );
});

test("the retained table does what a map of last values does, and counts its bytes", () => {
  const step = fc.record({ do: fc.constantFrom("set", "set", "delete"), name: someName, bytes: fc.nat(50) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(somePattern), (steps, patterns) => {
      const table = new RetainedTable<{ readonly bytes: number }>({ maxRetained: 5, retainedBytes: 120 });
      const model = new Map<string, { readonly bytes: number }>();
      const bytesOf = (): number => [...model.values()].reduce((sum, { bytes }) => sum + bytes, 0);
      for (const { do: what, name, bytes } of steps) {
        if (what === "delete") {
          expect(table.delete(name)).toBe(model.delete(name));
          continue;
        }
        const value = { bytes };
        const isFull = !model.has(name) && model.size >= 5;
        const fits = !isFull && bytesOf() - (model.get(name)?.bytes ?? 0) + bytes <= 120;
        expect(table.fits(name, value)).toBe(fits);
        if (!fits) continue;
        table.set(name, value);
        model.set(name, value);
      }
      expect([table.size, table.bytes]).toEqual([model.size, bytesOf()]);
      for (const pattern of [...patterns, ...model.keys()]) {
        const expected = [...model].filter(([name]) => matches(pattern, name)).map(([, value]) => value);
        expect(new Set(table.find(pattern))).toEqual(new Set(expected));
      }
      table.clear();
      expect([table.size, table.bytes, table.find("**")]).toEqual([0, 0, []]);
    }),
    { numRuns: 500 },
  );
});

test("of what waits under one key only the latest is left, and all comes in the order of its arrival", () => {
  const step = fc.record({ key: fc.constantFrom(undefined, "a", "b", "c") });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const queue = new ConflatingQueue<object>();
      const items = steps.map(({ key }) => ({ key }));
      for (const item of items) queue.add(item, item.key);
      const expected = items.filter(
        ({ key }, index) => key === undefined || !items.slice(index + 1).some((later) => later.key === key),
      );
      expect(queue.length).toBe(expected.length);
      expect(queue.takeAll()).toEqual(expected);
      expect(queue.length).toBe(0);
    }),
  );
});

test("in any time no key gets more than its burst and what its rate adds", () => {
  const step = fc.record({ key: fc.constantFrom("a", "b"), waitMs: fc.nat(500) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.integer({ min: 1, max: 5 }), (steps, burst) => {
      const rule = { perSecond: 4, burst };
      const buckets = new KeyedBuckets<string>(100);
      const taken: { readonly key: string; readonly at: number }[] = [];
      let now = 0;
      for (const { key, waitMs } of steps) {
        now += waitMs;
        const wait = buckets.wait(key, rule, now);
        if (wait === 0) {
          buckets.take(key, rule, now);
          taken.push({ key, at: now });
        } else expect(buckets.wait(key, rule, now + Math.ceil(wait))).toBe(0);
      }
      for (const { key, at: from } of taken) {
        const own = taken.filter((one) => one.key === key && one.at >= from);
        for (const [index, { at }] of own.entries()) {
          expect(index + 1).toBeLessThanOrEqual(burst + ((at - from) * 4) / 1_000 + 1e-6);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test("there are never more buckets than there is room for: first go the full ones, then the oldest", () => {
  const buckets = new KeyedBuckets<number>(10);
  const rule = { perSecond: 1, burst: 2 };
  for (let key = 0; key < 10; key++) buckets.take(key, rule, key < 5 ? 0 : 5_000);
  buckets.take(10, rule, 5_000);
  expect(buckets.size).toBe(6);
  for (let key = 11; key < 200; key++) {
    buckets.take(key, rule, 5_000);
    expect(buckets.size).toBeLessThanOrEqual(10);
  }
});

test("a refused publication counts neither for its topic nor for its publisher", () => {
  const limits = new PublishLimits();
  const publisher = {};
  const topicRate = { perSecond: 1, burst: 2 };
  const publisherRate = { perSecond: 1, burst: 3 };
  const on = (name: string) => limits.take({ topic: name, topicRate, publisher, publisherRate }, 0);
  expect([on("a"), on("a")]).toEqual([undefined, undefined]);
  expect(on("a")).toEqual({ by: "topic", retryAfterMs: 1_000 });
  expect(on("b")).toBeUndefined();
  expect(on("b")).toEqual({ by: "publisher", retryAfterMs: 1_000 });
  expect(limits.take({ topic: "b", topicRate, publisher: undefined, publisherRate }, 0)).toBeUndefined();
});

test("the first rule that a topic matches holds, and no other", () => {
  const rate = (perSecond: number) => ({ log: undefined, rate: { perSecond, burst: 1 } });
  const rules = new TopicRules([
    ["room:vip", rate(1)],
    ["room:*", rate(2)],
    ["**", rate(3)],
    ["room:late", rate(4)],
  ]);
  const found = ["room:vip", "room:1", "room:1:2", "x", "room:late"].map((name) => rules.find(name)?.rate?.perSecond);
  expect(found).toEqual([1, 2, 3, 3, 2]);
  expect(new TopicRules([]).find("x")).toBeUndefined();
});
