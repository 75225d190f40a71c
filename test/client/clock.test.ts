import { describe, expect, it, vi } from "vitest";
import { Alarm, realClock } from "../../src/client/clock.js";
import { ManualClock } from "./manual-clock.js";

describe("the real clock", () => {
  it("fires after its delay and not once cleared, and cuts delays that would fire at once", () => {
    vi.useFakeTimers();
    try {
      const fired: string[] = [];
      realClock.setTimer(10, () => fired.push("short"));
      realClock.setTimer(2 ** 40, () => fired.push("long"));
      realClock.clearTimer(realClock.setTimer(10, () => fired.push("cleared")));
      realClock.clearTimer({});
      vi.advanceTimersByTime(1_000);
      expect(fired).toEqual(["short"]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("goes forward", () => {
    expect(realClock.now()).toBeLessThanOrEqual(realClock.now());
  });
});

describe("an alarm", () => {
  it("fires once, and only for its latest setting", () => {
    const clock = new ManualClock();
    let fired = 0;
    const alarm = new Alarm(clock, () => (fired += 1));
    alarm.set(10);
    alarm.set(20);
    clock.advance(19);
    expect([fired, alarm.armed]).toEqual([0, true]);
    clock.advance(1);
    expect([fired, alarm.armed]).toEqual([1, false]);
    alarm.set(5);
    alarm.clear();
    clock.advance(100);
    expect([fired, clock.timers]).toEqual([1, 0]);
  });
});
