import { describe, expect, test } from "vitest";
import { child } from "holdfast/supervisors";
import { createTestSystem } from "holdfast/testing";
import { Planned, scene, statusOf, supervisorReports, worker } from "./plans.js";

describe("restart intensity", () => {
  test("case 62: the supervisor survives as many restarts as its intensity, and ends with shutdown at one more", async () => {
    const { system, supervisor, end, stop } = await scene({
      intensity: 2,
      periodMs: 2_000,
      children: [worker("a", [])],
    });
    await end("a", "boom");
    await end("a", "boom");
    expect(system.isAlive(supervisor)).toBe(true);
    await end("a", "boom");
    expect(await system.exited(supervisor)).toBe("shutdown");
    await stop();
  });

  test("intensity 0 ends the supervisor at the first restart", async () => {
    const { system, supervisor, end, stop } = await scene({ intensity: 0, children: [worker("a", [])] });
    await end("a", "normal");
    expect(await system.exited(supervisor)).toBe("shutdown");
    await stop();
  });

  test("case 64: restarts that lie further apart than the period do not add up", async () => {
    const { system, supervisor, clock, end, stop } = await scene({
      intensity: 1,
      periodMs: 1_000,
      children: [worker("a", [])],
    });
    await end("a", "boom");
    for (let n = 0; n < 3; n++) {
      await clock.advance(1_001);
      await end("a", "boom");
    }
    expect(system.isAlive(supervisor)).toBe(true);
    await stop();
  });

  test("a restart exactly one period ago still counts", async () => {
    const { system, supervisor, clock, end, stop } = await scene({
      intensity: 1,
      periodMs: 1_000,
      children: [worker("a", [])],
    });
    await end("a", "boom");
    await clock.advance(1_000);
    await end("a", "boom");
    expect(system.isAlive(supervisor)).toBe(false);
    await stop();
  });

  test("case 66: restarts by hand and ends without a restart do not count", async () => {
    const { system, supervisor, clock, stop } = await scene({ intensity: 1, children: [worker("a", [])] });
    for (let n = 0; n < 20; n++) {
      await supervisor.call.terminateChild("a");
      await supervisor.call.restartChild("a");
      const started = await supervisor.call.startChild(worker("t", [], { restart: "temporary" }));
      if (started.ok && started.ref !== undefined) system.exit(started.ref, "kill");
      await clock.settle();
    }
    expect(system.isAlive(supervisor)).toBe(true);
    await stop();
  });

  test("case 67: reaching the maximum is reported, and the others stop in reverse order", async () => {
    const journal: string[] = [];
    const plan = { intensity: 1, children: ["a", "b", "c"].map((id) => worker(id, journal)) };
    const { system, supervisor, reports, kill, happened, stop } = await scene(plan, journal);
    happened();
    await kill("b");
    await kill("b");
    expect(happened()).toEqual(["start b", "stop c", "stop a"]);
    expect(supervisorReports(reports)).toEqual([
      "child_terminated b: killed",
      "child_terminated b: killed",
      "shutdown b: reached_max_restart_intensity",
    ]);
    expect(await system.exited(supervisor)).toBe("shutdown");
    await stop();
  });

  test("case 67: a supervisor that gave up is restarted by its own when it is permanent, and not when it is transient", async () => {
    for (const restart of ["permanent", "transient"] as const) {
      const journal: string[] = [];
      const inner = { intensity: 0, children: [worker("a", journal)] };
      const { system, clock, stop } = await createTestSystem();
      const outer = await system.start(Planned, {
        children: [child(Planned, { id: "inner", name: "inner", args: inner, restart })],
      });
      const before = system.whereis("inner");
      const a = system.whereis("a");
      if (a !== undefined) system.exit(a, "kill");
      await clock.settle();
      const after = system.whereis("inner");
      expect(after === undefined).toBe(restart === "transient");
      expect(after).not.toBe(before);
      expect(system.isAlive(outer)).toBe(true);
      await stop();
    }
  });

  test("case 446: all children of a supervisor share one budget", async () => {
    const { system, supervisor, kill, stop } = await scene({
      intensity: 1,
      children: [worker("a", []), worker("b", [])],
    });
    await kill("a");
    await kill("b");
    expect(system.isAlive(supervisor)).toBe(false);
    await stop();
  });

  test("the inspector is shown how many restarts count now", async () => {
    const { supervisor, clock, kill, stop } = await scene({
      intensity: 3,
      periodMs: 5_000,
      children: [worker("a", [])],
    });
    await kill("a");
    await clock.advance(3_000);
    await kill("a");
    expect(statusOf(supervisor)).toMatchObject({
      kind: "supervisor",
      strategy: "one_for_one",
      restarts: { inWindow: 2, max: 3, periodMs: 5_000, total: 2 },
      children: 1,
      active: 1,
      entries: [{ id: "a", state: "running", restarts: 2, lastExit: "killed" }],
    });
    await clock.advance(3_000);
    expect(statusOf(supervisor)).toMatchObject({ restarts: { inWindow: 1, total: 2 } });
    await stop();
  });
});
