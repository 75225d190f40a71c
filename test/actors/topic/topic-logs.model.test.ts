import fc from "fast-check";
import { expect, test } from "vitest";
import { Publication } from "../../../actors/topic/publication.js";
import { type LogRule, TopicLogs } from "../../../actors/topic/topic-logs.js";

const forever: LogRule = { messages: 1_000, bytes: 1_000_000, ageMs: Infinity };
const roomy = { maxLogs: 100, logBytes: 1_000_000 };

function publication(topic: string, text = "x", key?: string): Publication {
  return new Publication({ topics: "topics", topic, event: "said", payload: { text }, key });
}

const textOf = ({ payload }: Publication): string => (payload as { text: string }).text;

function epochs(): () => string {
  let n = 0;
  return () => `e${++n}`;
}

const rule: fc.Arbitrary<LogRule> = fc.record({
  messages: fc.integer({ min: 1, max: 5 }),
  bytes: fc.integer({ min: 40, max: 400 }),
  ageMs: fc.constantFrom(3, Infinity),
});
const step = fc.record({ waitMs: fc.nat(2), size: fc.nat(40), key: fc.constantFrom(undefined, "a", "b") });

test("a reader gets all that came after its position, or is told which of them it does not get", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 30 }),
      rule,
      fc.nat(35),
      fc.boolean(),
      (steps, bounds, offset, conflate) => {
        const logs = new TopicLogs(roomy, epochs());
        const all: { readonly at: number; readonly key: string | undefined; readonly bytes: number }[] = [];
        let now = 0;
        logs.begin("t", bounds);
        for (const { waitMs, size, key } of steps) {
          now += waitMs;
          const one = publication("t", "x".repeat(size), key);
          logs.append(one, bounds, now);
          all.push({ at: now, key, bytes: one.bytes });
          expect(one.position).toEqual({ epoch: "e1", offset: all.length });
        }
        // The naive log: the longest tail within all bounds.
        let first = all.length + 1;
        let bytes = 0;
        for (let at = all.length; at >= 1; at--) {
          const one = all[at - 1];
          if (one === undefined) break;
          bytes += one.bytes;
          if (all.length - at + 1 > bounds.messages || bytes > bounds.bytes || now - one.at > bounds.ageMs) break;
          first = at;
        }
        const part = logs.read("t", { epoch: "e1", offset }, now, Infinity, conflate);
        const isUnknown = offset > all.length;
        const wanted = isUnknown ? 1 : offset + 1;
        const from = Math.max(wanted, first);
        const isOutdated = (at: number): boolean =>
          all[at - 1]?.key !== undefined && all.slice(at).some(({ key }) => key === all[at - 1]?.key);
        const expected = Array.from({ length: Math.max(0, all.length - from + 1) }, (_, n) => from + n).filter(
          (at) => !conflate || !isOutdated(at),
        );
        expect(part?.publications.map((one) => one.offset)).toEqual(expected);
        expect(part?.position).toEqual({ epoch: "e1", offset: all.length });
        const reason = isUnknown ? "epoch" : "lost";
        expect(part?.gap).toEqual(
          isUnknown || from > wanted ? { epoch: "e1", from: wanted, to: from - 1, reason } : undefined,
        );
      },
    ),
    { numRuns: 1_000 },
  );
});

test("a position of an earlier epoch is answered with all there is, and the news that it is another epoch", () => {
  const logs = new TopicLogs(roomy, epochs());
  logs.append(publication("t", "one"), forever, 0);
  const part = logs.read("t", { epoch: "e0", offset: 1 }, 0);
  expect(part?.publications.map(textOf)).toEqual(["one"]);
  expect(part?.gap).toEqual({ epoch: "e1", from: 1, to: 0, reason: "epoch" });
});

test("a log that has let go of everything keeps its position: who has all is told of no gap, who has not of one", () => {
  const logs = new TopicLogs(roomy, epochs());
  const short = { ...forever, ageMs: 10 };
  for (let n = 1; n <= 3; n++) logs.append(publication("t"), short, 0);
  logs.sweep(11);
  expect([logs.bytes, logs.isEmpty, logs.size]).toEqual([0, true, 1]);
  expect(logs.read("t", { epoch: "e1", offset: 3 }, 11)).toEqual({
    publications: [],
    gap: undefined,
    position: { epoch: "e1", offset: 3 },
  });
  expect(logs.read("t", { epoch: "e1", offset: 1 }, 11)?.gap).toEqual({ epoch: "e1", from: 2, to: 3, reason: "lost" });
});

test("whoever asks for some gets those, and goes on where they end", () => {
  const logs = new TopicLogs(roomy, epochs());
  for (let n = 1; n <= 5; n++) logs.append(publication("t", String(n)), forever, 0);
  const first = logs.read("t", "oldest", 0, 2);
  expect([first?.publications.map(textOf), first?.position.offset]).toEqual([["1", "2"], 2]);
  const second = logs.read("t", first?.position ?? "oldest", 0, 10);
  expect([second?.publications.map(textOf), second?.position.offset]).toEqual([["3", "4", "5"], 5]);
});

test("above the bytes of all the topic that was quiet for the longest loses its messages, not its position", () => {
  const one = publication("t", "x").bytes;
  const logs = new TopicLogs({ maxLogs: 100, logBytes: one * 4 }, epochs());
  for (const topic of ["a", "a", "b", "a", "c"]) logs.append(publication(topic, "x"), forever, 0);
  expect([logs.bytes, logs.dropped]).toEqual([one * 4, 1]);
  expect(logs.read("b", "oldest", 0)?.publications).toEqual([]);
  expect(logs.read("b", { epoch: "e2", offset: 0 }, 0)?.gap).toEqual({ epoch: "e2", from: 1, to: 1, reason: "lost" });
  expect(logs.read("a", "oldest", 0)?.publications).toHaveLength(3);
});

test("above the number of topics the one that was quiet for the longest is forgotten", () => {
  const logs = new TopicLogs({ maxLogs: 2, logBytes: 10_000 }, epochs());
  for (const topic of ["a", "b", "a", "c"]) logs.append(publication(topic), forever, 0);
  expect(logs.size).toBe(2);
  expect([logs.position("a")?.epoch, logs.position("b"), logs.position("c")?.epoch]).toEqual(["e1", undefined, "e3"]);
  logs.append(publication("b"), forever, 0);
  expect(logs.position("b")).toEqual({ epoch: "e4", offset: 1 });
});
