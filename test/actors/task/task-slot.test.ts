import { createVirtualClock } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { outcomeOfShutdown } from "../../../actors/task/task-outcome.js";
import { TaskSlot, waitForSlots } from "../../../actors/task/task-slot.js";

describe("task slot", () => {
  test("the first result counts and can be taken once", () => {
    const slot = new TaskSlot<number>();
    slot.settle({ ok: true, value: 1 });
    slot.settle({ ok: false, reason: "later" });
    expect([slot.take(), slot.take(), slot.closed]).toEqual([{ ok: true, value: 1 }, undefined, true]);
  });

  test("a closed slot drops what comes", () => {
    const slot = new TaskSlot<number>();
    slot.close();
    slot.settle({ ok: true, value: 1 });
    expect(slot.outcome).toBeUndefined();
  });

  test("closing it ends a wait", async () => {
    const clock = createVirtualClock();
    const slot = new TaskSlot();
    const waiting = waitForSlots([slot], () => true, clock, 100);
    slot.close();
    await waiting;
    expect(clock.armed).toBe(0);
  });

  test("a wait ends with the time, and takes its listeners and its timer with it", async () => {
    const clock = createVirtualClock();
    const slots = [new TaskSlot(), new TaskSlot()];
    const seen: unknown[] = [];
    const enough = (slot: TaskSlot): boolean => {
      seen.push(slot.outcome);
      return false;
    };
    const waiting = waitForSlots(slots, enough, clock, 100);
    slots[0]?.settle({ ok: true, value: 1 });
    await clock.advance(100);
    await waiting;
    slots[1]?.settle({ ok: true, value: 2 });
    expect(seen).toEqual([{ ok: true, value: 1 }]);
    expect(clock.armed).toBe(0);
  });

  test("what a shutdown answers depends on how the task ended", () => {
    expect(outcomeOfShutdown({ ok: true, value: 1 }, "shutdown")).toEqual({ ok: true, value: 1 });
    expect(outcomeOfShutdown({ ok: false, reason: "shutdown" }, "shutdown")).toBeUndefined();
    expect(outcomeOfShutdown({ ok: false, reason: "killed" }, "shutdown")).toEqual({ ok: false, reason: "killed" });
    expect(outcomeOfShutdown({ ok: false, reason: "killed" }, "killed")).toBeUndefined();
  });
});
