import type { AnyRef } from "holdfast";
import { describe, expect, test } from "vitest";
import { dynamic, script } from "./dynamic-scene.js";
import { supervisorReports } from "./plans.js";
import { type NextStart, Worker } from "./worker.js";

describe("stopping the children of a dynamic supervisor", () => {
  test("case 27: all stop at the same time, and those that need too long are killed when their time is over", async () => {
    const { system, supervisor, clock, add, stop } = await dynamic();
    const policy = { shutdown: 2_000 };
    const children = [
      await add("a", policy, { stopMs: 1_000 }),
      await add("b", policy, { stopMs: 1_000 }),
      await add("c", policy, { stopMs: 5_000 }),
    ];
    const ends = Promise.all(children.map((ref) => system.exited(ref)));
    system.exit(supervisor, "shutdown");
    await clock.advance(1_999);
    expect(system.isAlive(supervisor)).toBe(true);
    await clock.advance(1);
    expect(system.isAlive(supervisor)).toBe(false);
    expect(await ends).toEqual(["shutdown", "shutdown", "killed"]);
    expect(await system.exited(supervisor)).toBe("shutdown");
    await stop();
  });

  test("case 26: one that is stuck is killed when its time is over, the cooperative one ends in order", async () => {
    const { system, supervisor, clock, add, stop } = await dynamic();
    const stuck = { stopMs: Number.POSITIVE_INFINITY };
    const children = [await add("a", { shutdown: 1_000 }), await add("b", { shutdown: 1_000 }, stuck)];
    const ends = Promise.all([...children, supervisor].map((ref) => system.exited(ref)));
    system.exit(supervisor, "shutdown");
    await clock.advance(999);
    expect(system.isAlive(supervisor)).toBe(true);
    await clock.advance(1);
    expect(await ends).toEqual(["shutdown", "killed", "shutdown"]);
    await stop();
  });

  test("case 112: three children of one kind all end by their policy", async () => {
    const stuck = { stopMs: Number.POSITIVE_INFINITY };
    const kinds = [
      { policy: { shutdown: "brutal_kill" }, scripts: [{}, {}, stuck], ends: ["killed", "killed", "killed"] },
      {
        policy: { shutdown: "infinity" },
        scripts: [{}, {}, { stopMs: 9_000 }],
        ends: ["shutdown", "shutdown", "shutdown"],
      },
      { policy: { shutdown: 5_000 }, scripts: [{}, {}, { stopMs: 900 }], ends: ["shutdown", "shutdown", "shutdown"] },
      { policy: { shutdown: 1 }, scripts: [{}, stuck, {}], ends: ["shutdown", "killed", "shutdown"] },
    ] as const;
    for (const { policy, scripts, ends } of kinds) {
      const { system, supervisor, clock, add, stop } = await dynamic();
      const refs: AnyRef[] = [];
      for (const [index, script] of scripts.entries()) refs.push(await add(`${index}`, policy, script));
      const ended = Promise.all([...refs, supervisor].map((ref) => system.exited(ref)));
      system.exit(supervisor, "shutdown");
      await clock.advance(9_000);
      expect(await ended).toEqual([...ends, "shutdown"]);
      await stop();
    }
  });

  test("case 112: a mixture is stopped all at once, each child by its own policy", async () => {
    const { system, supervisor, clock, reports, add, stop } = await dynamic();
    const stuck = { stopMs: Number.POSITIVE_INFINITY };
    const children = [
      await add("brutal", { shutdown: "brutal_kill" }, stuck),
      await add("patient", { shutdown: "infinity" }, { stopMs: 60_000 }),
      await add("quick", { shutdown: 1_000 }),
      await add("late", { shutdown: 1 }, stuck),
      await add("plain", { shutdown: 1_000 }, { trap: false }),
    ];
    const ends = Promise.all(children.map((ref) => system.exited(ref)));
    system.exit(supervisor, "shutdown");
    await clock.advance(60_000);
    expect(await ends).toEqual(["killed", "shutdown", "shutdown", "killed", "shutdown"]);
    expect(supervisorReports(reports)).toEqual(["shutdown_error undefined: killed"]);
    expect(clock.armed).toBe(0);
    await stop();
  });

  test("cases 29 and 114: whatever the children answer, the supervisor ends with shutdown; equal errors are one report", async () => {
    for (const restart of ["permanent", "transient", "temporary"] as const) {
      const { system, supervisor, clock, reports, add, stop } = await dynamic();
      const given = { a: "normal", b: "shutdown", c: { shutdown: "test" }, d: "other", e: "other" };
      const ends: Promise<unknown>[] = [];
      for (const [id, reason] of Object.entries(given)) {
        const child = await add(id, { restart });
        child.cast.endLater(reason, 10);
        ends.push(system.exited(child));
      }
      await clock.settle();
      system.exit(supervisor, "shutdown");
      await clock.advance(10);
      expect(await Promise.all(ends)).toEqual(Object.values(given));
      expect(await system.exited(supervisor)).toBe("shutdown");
      const errors = reports
        .filter((report) => report.type === "supervisor")
        .map((report) => report.text.split(": ").slice(1).join(": "));
      const normal = [
        "shutdown_error of 1 children of Worker: normal",
        "shutdown_error of 1 children of Worker: shutdown(test)",
      ];
      const other = "shutdown_error of 2 children of Worker: other";
      expect(errors).toEqual(restart === "permanent" ? [...normal, other] : [other]);
      await stop();
    }
  });

  test("terminateChild answers when the child has ended, and does not keep others waiting", async () => {
    const { system, supervisor, clock, add, stop } = await dynamic();
    const a = await add("a", {}, { stopMs: 1_000 });
    const stopping = Promise.all([supervisor.call.terminateChild(a), supervisor.call.terminateChild(a)]);
    expect(await add("b")).toBeDefined();
    expect(system.isAlive(a)).toBe(true);
    await clock.advance(1_000);
    expect(await stopping).toEqual([{ ok: true }, { ok: true }]);
    expect(await supervisor.call.terminateChild(a)).toEqual({ ok: false, reason: "not_found" });
    expect(await supervisor.call.countChildren()).toMatchObject({ specs: 1 });
    await stop();
  });

  test("a permanent child that is terminated is not restarted, and one that is killed at its time-out is reported", async () => {
    const { system, supervisor, clock, reports, add, stop } = await dynamic();
    const a = await add("a", { shutdown: 100 }, { stopMs: Number.POSITIVE_INFINITY });
    const stopping = supervisor.call.terminateChild(a);
    await clock.advance(100);
    expect(await stopping).toEqual({ ok: true });
    expect(system.whereis("a")).toBeUndefined();
    expect(supervisorReports(reports)).toEqual(["shutdown_error undefined: killed"]);
    await stop();
  });

  test("terminateChild of a child that is being restarted ends the attempts; it is known by its last ref", async () => {
    const { system, supervisor, clock, add, stop } = await dynamic({ intensity: 1_000_000 });
    const starts: NextStart[] = ["ok", ...Array.from({ length: 1_000 }, (): NextStart => "fail")];
    const a = await add("a", {}, { starts });
    system.exit(a, "kill");
    const terminated = supervisor.call.terminateChild(a);
    await clock.settle();
    expect(await terminated).toEqual({ ok: true });
    expect(starts.length).toBeGreaterThan(900);
    expect(await supervisor.call.countChildren()).toEqual({ specs: 0, active: 0, supervisors: 0, workers: 0 });
    await stop();
  });

  test("a stranger's ref is not found and stays alive", async () => {
    const { system, supervisor, stop } = await dynamic();
    const stranger = await system.start(Worker, script());
    expect(await supervisor.call.terminateChild(stranger)).toEqual({ ok: false, reason: "not_found" });
    expect(system.isAlive(stranger)).toBe(true);
    await stop();
  });

  test("a supervisor that stops while a child is being terminated still waits for that child", async () => {
    const { system, supervisor, clock, add, stop } = await dynamic();
    const a = await add("a", { shutdown: 1_000 }, { stopMs: 500 });
    const terminating = supervisor.call.terminateChild(a).catch((error: unknown) => error);
    await clock.settle();
    system.exit(supervisor, "shutdown");
    await clock.advance(499);
    expect(system.isAlive(supervisor)).toBe(true);
    await clock.advance(1);
    expect(system.isAlive(supervisor)).toBe(false);
    expect(await terminating).toMatchObject({ code: "exit" });
    await stop();
  });
});
