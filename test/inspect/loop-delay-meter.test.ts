import { describe, expect, it, vi } from "vitest";
import { LoopDelayMeter } from "../../src/inspect/loop-delay-meter.js";
import { VirtualClock } from "../../src/testing/virtual-clock.js";

describe("the meter of the event loop's delay", () => {
  it("says nothing before it is started and after it is stopped", async () => {
    const meter = new LoopDelayMeter(new VirtualClock());
    expect(meter.read()).toBeUndefined();
    meter.start();
    await vi.waitFor(() => expect(meter.read()).toBeDefined());
    meter.stop();
    expect(meter.read()).toBeUndefined();
  });

  it("shows a handler that held the loop", async () => {
    const meter = new LoopDelayMeter(new VirtualClock());
    meter.start();
    await vi.waitFor(() => expect(meter.read()).toBeDefined());
    // Holds the thread for 60 ms, as a slow handler does.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
    await vi.waitFor(() => expect(meter.read()?.p99Ms).toBeGreaterThan(40));
    meter.stop();
  });

  it("begins a new window after 10 s", async () => {
    const clock = new VirtualClock();
    const meter = new LoopDelayMeter(clock);
    meter.start();
    await vi.waitFor(() => expect(meter.read()).toBeDefined());
    await clock.advance(10_000);
    expect(meter.read()).toMatchObject({ overMs: 10_000 });
    await vi.waitFor(() => expect(meter.read()).toMatchObject({ overMs: 0 }));
    meter.stop();
  });
});
