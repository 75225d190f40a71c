import { describe, expect, it, vi } from "vitest";
import { createAlarm, realClock } from "../../src/client/clock.js";
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
    const alarm = createAlarm(clock, () => (fired += 1));
    alarm.set(10);
    alarm.set(20);
    clock.advance(19);
    expect([fired, clock.timers]).toEqual([0, 1]);
    clock.advance(1);
    expect([fired, clock.timers]).toEqual([1, 0]);
    alarm.set(5);
    alarm.clear();
    clock.advance(100);
    expect([fired, clock.timers]).toEqual([1, 0]);
  });

  it("that was held up for more than a second lets what has arrived be heard first, once", () => {
    const clock = new ManualClock();
    let fired = 0;
    const alarm = createAlarm(clock, () => (fired += 1));
    alarm.set(10);
    clock.sleep(60_000);
    expect([fired, clock.timers]).toEqual([0, 1]);
    clock.advance(999);
    expect(fired).toBe(0);
    clock.sleep(60_000);
    expect([fired, clock.timers]).toEqual([1, 0]);
    alarm.set(10);
    clock.sleep(1_000);
    expect(fired).toBe(2);
  });
});
