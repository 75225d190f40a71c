import { describe, expect, it } from "vitest";
import type { Clock } from "../../../src/index.js";
import { LoopLag } from "../../../src/transport/admission/loop-lag.js";

/** A clock whose timers fire when the test says so, as they do on a loop that is busy. */
function lateClock() {
  let now = 0;
  const timers = new Map<object, () => void>();
  const clock: Clock = {
    now: () => now,
    wallTime: () => now,
    setTimer(_delayMs, fire) {
      const timer = {};
      timers.set(timer, fire);
      return timer;
    },
    clearTimer: (timer) => void timers.delete(timer),
  };
  const pass = (durationMs: number): void => {
    now += durationMs;
  };
  const fire = (): void => {
    for (const [timer, run] of [...timers]) {
      timers.delete(timer);
      run();
    }
  };
  return { clock, pass, fire, armed: () => timers.size };
}

describe("the lag of the event loop", () => {
  it("is nothing when timers are in time, and costs no timer when nobody asks", () => {
    const { clock, pass, fire, armed } = lateClock();
    const lag = new LoopLag(clock);
    expect([armed(), lag.read(), armed()]).toEqual([0, 0, 1]);
    pass(100);
    fire();
    expect([armed(), lag.read()]).toEqual([0, 0]);
  });

  it("is seen while the loop is still blocked", () => {
    const { clock, pass } = lateClock();
    const lag = new LoopLag(clock);
    lag.read();
    pass(700);
    expect(lag.read()).toBe(600);
  });

  it("is remembered for a while, then forgotten though nobody asks", () => {
    const { clock, pass, fire, armed } = lateClock();
    const lag = new LoopLag(clock);
    lag.read();
    pass(900);
    fire();
    expect(lag.read()).toBe(800);
    pass(100);
    fire();
    expect(lag.read()).toBe(400);
    for (let i = 0; i < 10; i++) {
      pass(100);
      fire();
    }
    expect(armed()).toBe(0);
    expect(lag.read()).toBe(0);
  });

  it("is not measured any more once it is stopped", () => {
    const { clock, armed } = lateClock();
    const lag = new LoopLag(clock);
    lag.read();
    lag.stop();
    expect(armed()).toBe(0);
  });
});
