import { describe, expect, it } from "vitest";
import { Watchdog } from "../../src/client/watchdog.js";
import { ManualClock } from "./manual-clock.js";

describe("the watchdog", () => {
  it("is silent while it is fed within its limit, and barks once when it is not", () => {
    const clock = new ManualClock();
    let barks = 0;
    const dog = new Watchdog(clock, () => (barks += 1));
    dog.start(100);
    for (let i = 0; i < 10; i += 1) {
      clock.advance(99);
      dog.feed();
    }
    clock.advance(99);
    expect(barks).toBe(0);
    clock.advance(1);
    expect(barks).toBe(1);
    clock.advance(1_000);
    expect(barks).toBe(1);
  });

  it("does not bark once it is stopped", () => {
    const clock = new ManualClock();
    let barks = 0;
    const dog = new Watchdog(clock, () => (barks += 1));
    dog.start(100);
    dog.stop();
    clock.advance(1_000);
    expect([barks, clock.timers]).toEqual([0, 0]);
  });
});
