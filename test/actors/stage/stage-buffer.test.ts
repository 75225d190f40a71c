import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StageBuffer } from "../../../actors/stage/stage-buffer.js";

describe("a buffer", () => {
  test("keeps the first, or the last", () => {
    const first = new StageBuffer<number>(3, "first");
    expect(first.store([1, 2])).toEqual({ discarded: 0, infos: [] });
    expect(first.store([3, 4, 5])).toEqual({ discarded: 2, infos: [] });
    expect(first.peek(9)).toEqual([1, 2, 3]);
    const last = new StageBuffer<number>(3, "last");
    last.store([1, 2]);
    expect(last.store([3, 4, 5])).toEqual({ discarded: 2, infos: [] });
    expect(last.peek(9)).toEqual([3, 4, 5]);
    expect(last.store([6, 7, 8, 9])).toEqual({ discarded: 4, infos: [] });
    expect(last.peek(9)).toEqual([7, 8, 9]);
  });

  test("gives events up to the next info, and the info when they are gone", () => {
    const buffer = new StageBuffer<number>(10, "last");
    expect(buffer.storeInfo("none")).toBe("empty");
    buffer.store([1, 2]);
    expect(buffer.storeInfo("a")).toBe("stored");
    expect(buffer.storeInfo("b")).toBe("stored");
    buffer.store([3]);
    expect(buffer.peek(9)).toEqual([1, 2]);
    expect(buffer.drop(1)).toEqual([]);
    expect(buffer.peek(9)).toEqual([2]);
    expect(buffer.drop(1)).toEqual(["a", "b"]);
    expect(buffer.peek(9)).toEqual([3]);
    expect(buffer.drop(1)).toEqual([]);
    expect(buffer.length).toBe(0);
  });

  test("gives up the infos behind what it discards", () => {
    const buffer = new StageBuffer<number>(2, "last");
    buffer.store([1]);
    buffer.storeInfo("a");
    buffer.store([2]);
    buffer.storeInfo("b");
    expect(buffer.store([3])).toEqual({ discarded: 1, infos: ["a"] });
    expect(buffer.store([4, 5])).toEqual({ discarded: 2, infos: ["b"] });
    expect(buffer.peek(9)).toEqual([4, 5]);
  });

  const commands = fc.array(
    fc.oneof(
      fc.record({ store: fc.nat(6) }),
      fc.record({ take: fc.integer({ min: 1, max: 8 }) }),
      fc.constant({ info: true } as const),
    ),
    { maxLength: 200 },
  );
  const setups = fc.record({
    capacity: fc.oneof(fc.nat(8), fc.constant(Number.POSITIVE_INFINITY)),
    keep: fc.constantFrom("first", "last"),
    commands,
  });

  test("is a queue of events and infos, of which only events are discarded", () => {
    fc.assert(
      fc.property(setups, ({ capacity, keep, commands }) => {
        const buffer = new StageBuffer<number>(capacity, keep);
        // Numbers are events, texts are infos.
        let model: (number | string)[] = [];
        let next = 0;
        const events = (): number[] => model.filter((entry) => typeof entry === "number");
        const dueInfos = (): string[] => {
          const index = model.findIndex((entry) => typeof entry === "number");
          const due = index < 0 ? model : model.slice(0, index);
          model = index < 0 ? [] : model.slice(index);
          return due.map(String);
        };
        for (const command of commands) {
          if ("store" in command) {
            const stored = Array.from({ length: command.store }, () => next++);
            model.push(...stored);
            const discarded = Math.max(0, events().length - capacity);
            const kept = new Set(
              keep === "first" ? events().slice(0, events().length - discarded) : events().slice(discarded),
            );
            model = model.filter((entry) => typeof entry === "string" || kept.has(entry));
            const infos = dueInfos();
            expect(buffer.store(stored)).toEqual({ discarded, infos });
          } else if ("take" in command) {
            const run = model.findIndex((entry) => typeof entry === "string");
            const expected = events().slice(0, Math.min(command.take, run < 0 ? Number.POSITIVE_INFINITY : run));
            expect(buffer.peek(command.take)).toEqual(expected);
            model = model.filter((entry) => typeof entry === "string" || !expected.includes(entry));
            expect(buffer.drop(expected.length)).toEqual(dueInfos());
          } else {
            const info = `info ${next}`;
            expect(buffer.storeInfo(info)).toBe(model.length === 0 ? "empty" : "stored");
            if (model.length > 0) model.push(info);
          }
          expect(buffer.length).toBe(events().length);
        }
      }),
    );
  });

  test("lets go of what was taken, however much passes through it", () => {
    const buffer = new StageBuffer<number>(5_000, "last");
    for (let event = 0; event < 50_000; event++) {
      buffer.store([event]);
      if (event >= 2_000) buffer.drop(1);
    }
    expect(buffer.length).toBe(2_000);
    expect(buffer.peek(2)).toEqual([48_000, 48_001]);
  });
});
