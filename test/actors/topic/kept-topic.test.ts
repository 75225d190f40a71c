import { expect, test } from "vitest";
import { Broadcast, encodeBroadcast } from "../../../actors/topic/broadcast.js";
import { KeptTopic } from "../../../actors/topic/kept-topic.js";
import type { StoreChange } from "../../../src/store/store-port.js";

function kept(topicLogMessages: number) {
  const changes: StoreChange[] = [];
  let now = 0;
  const topic = new KeptTopic("t", {
    topicLogMessages,
    topicLogBytes: 1_000_000,
    topicLogMs: 1_000,
    log: (change) => changes.push(change),
    wallTime: () => now,
  });
  let offset = 0;
  const say = (): void => {
    topic.append(new Broadcast(encodeBroadcast("t", "said", {}), ++offset, undefined, undefined), undefined);
  };
  const trims = () => changes.flatMap((change) => (change.type === "trim_log" ? [change.through] : []));
  return { topic, say, trims, wait: (ms: number) => void (now += ms) };
}

test("a log that nobody acknowledges stays below its bound, and is not trimmed with each broadcast", () => {
  const { topic, say, trims } = kept(160);
  topic.add({ sid: "s", cursor: 0, acked: 0 });
  for (let i = 0; i < 160; i++) say();
  expect(trims()).toEqual([]);
  for (let i = 0; i < 160; i++) say();
  expect(trims().length).toBeLessThanOrEqual(17);
  expect(trims().at(-1)).toBeGreaterThanOrEqual(320 - 160);
});

test("what is too old goes, and what all have acknowledged", () => {
  const { topic, say, trims, wait } = kept(1_000);
  const place = { sid: "s", cursor: 0, acked: 0 };
  topic.add(place);
  for (let i = 0; i < 10; i++) say();
  wait(1_001);
  say();
  expect(trims()).toEqual([10]);
  place.acked = 40;
  for (let i = 0; i < 64; i++) say();
  expect(trims()).toEqual([10, 40]);
});
