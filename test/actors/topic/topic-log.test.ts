import { expect, test } from "vitest";
import { Broadcast, encodeBroadcast } from "../../../actors/topic/broadcast.js";
import { TopicLog } from "../../../actors/topic/topic-log.js";

const limits = { topicLogMessages: 4, topicLogBytes: 10_000, topicLogMs: 1_000, logBytes: 20_000 };
const entry = (offset: number, key?: string, size = 1): Broadcast =>
  new Broadcast(encodeBroadcast("room:a", "said", { text: "x".repeat(size) }), offset, key, undefined);

test("a log keeps a whole run from its first offset on, and drops the oldest above its count", () => {
  const log = new TopicLog(limits, { bytes: 0 }, 11);
  expect([log.first, log.length]).toEqual([11, 0]);
  for (let offset = 11; offset <= 16; offset++) log.append(entry(offset), 0);
  expect([log.first, log.length]).toEqual([13, 4]);
  expect([12, 13, 16, 17].map((offset) => log.at(offset)?.offset)).toEqual([undefined, 13, 16, undefined]);
});

test("a log keeps no more bytes than it may, and nothing for longer than it may", () => {
  const log = new TopicLog(limits, { bytes: 0 }, 1);
  for (let offset = 1; offset <= 3; offset++) log.append(entry(offset, undefined, 4_000), 0);
  expect(log.first).toBe(2);
  log.append(entry(4), 1_001);
  expect([log.first, log.length]).toEqual([4, 1]);
});

test("all logs together keep no more than they may, and give it back", () => {
  const total = { bytes: 0 };
  const logs = [1, 2, 3].map(() => new TopicLog({ ...limits, topicLogBytes: 15_000 }, total, 1));
  for (const log of logs) log.append(entry(1, undefined, 9_000), 0);
  expect(logs.map(({ length }) => length)).toEqual([1, 1, 0]);
  expect(total.bytes).toBeLessThanOrEqual(20_000);
  for (const log of logs) log.clear();
  expect(total.bytes).toBe(0);
});

test("a broadcast is outdated when one with the same key came after it", () => {
  const log = new TopicLog(limits, { bytes: 0 }, 1);
  const [first, second, other] = [entry(1, "a"), entry(2, "a"), entry(3, "b")];
  for (const each of [first, second, other]) log.append(each, 0);
  expect([first, second, other, entry(4)].map((each) => log.isOutdated(each))).toEqual([true, false, false, false]);
});
