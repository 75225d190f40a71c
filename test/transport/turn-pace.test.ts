import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Clock, realClock } from "../../src/kernel/clock.js";
import { TurnPace } from "../../src/transport/turn-pace.js";

/** A pace on a clock that stands still, unless work takes time. */
function stage(): { pace: TurnPace; done: number[]; add(count: number, tookMs?: number): void } {
  let nowMs = 0;
  const clock: Clock = { ...realClock, now: () => nowMs };
  const pace = new TurnPace(clock);
  const done: number[] = [];
  let next = 0;
  const add = (count: number, tookMs = 0): void => {
    for (let i = 0; i < count; i++) {
      const number = next++;
      pace.run(() => {
        done.push(number);
        nowMs += tookMs;
      });
    }
  };
  return { pace, done, add };
}

describe("work that comes all at once", () => {
  it("is begun at once when it is little", () => {
    const { pace, done, add } = stage();
    add(5);
    expect(done).toHaveLength(5);
    expect(pace.waiting).toBe(0);
  });

  it("is spread over turns when it is much, in order, and none is lost", async () => {
    const { pace, done, add } = stage();
    add(10_000, 1);
    expect(done.length).toBeLessThan(100);
    let turns = 0;
    for (; pace.waiting > 0; turns++) await nextTurn();
    expect(turns).toBeGreaterThan(100);
    expect(done).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  });

  it("takes fewer turns when the turns are short", async () => {
    const { pace, done, add } = stage();
    add(10_000);
    let turns = 0;
    for (; pace.waiting > 0; turns++) await nextTurn();
    expect(turns).toBeLessThan(50);
    expect(done).toHaveLength(10_000);
  });

  it("waits behind what waits, also when a turn is new", async () => {
    const { pace, done, add } = stage();
    add(200, 20);
    await nextTurn();
    add(1);
    expect(pace.isFree).toBe(false);
    while (pace.waiting > 0) await nextTurn();
    expect(done.at(-1)).toBe(200);
  });

  it("is begun at once again after a rest", async () => {
    const { pace, done, add } = stage();
    add(500, 20);
    while (pace.waiting > 0) await nextTurn();
    await nextTurn();
    add(1);
    expect(done).toHaveLength(501);
  });
});
