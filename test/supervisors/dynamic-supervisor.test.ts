import { Actor, type AnyRef } from "holdfast";
import { child, childTemplate, DynamicSupervisor, startChild } from "holdfast/supervisors";
import { createTestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { dynamic, script } from "./dynamic-scene.js";
import { Planned, statusOf, supervisorReports } from "./plans.js";
import { type NextStart, Worker } from "./worker.js";

describe("dynamic supervisor", () => {
  test("case 101: without flags it allows 3 restarts in 5 s and any number of children", async () => {
    const { supervisor, stop } = await dynamic();
    expect(statusOf(supervisor)).toEqual({
      kind: "supervisor",
      strategy: "one_for_one",
      dynamic: true,
      restarts: { inWindow: 0, max: 3, periodMs: 5_000, total: 0 },
      children: 0,
      active: 0,
      entries: [],
      maxChildren: Number.POSITIVE_INFINITY,
    });
    await stop();
  });

  test("case 102: flags that cannot be used fail the start", async () => {
    const { system, stop } = await createTestSystem();
    const start = (flags: object) => system.start(DynamicSupervisor, flags);
    const refused = (code: string) => ({ code: "init_failed", reason: { supervisor_data: code } });
    await expect(start({ strategy: "one_for_all" })).rejects.toMatchObject(refused("invalid_strategy"));
    await expect(start({ intensity: -1 })).rejects.toMatchObject(refused("invalid_intensity"));
    await expect(start({ periodMs: 0 })).rejects.toMatchObject(refused("invalid_period"));
    await expect(start({ maxChildren: 1.5 })).rejects.toMatchObject(refused("invalid_max_children"));
    await expect(start({ autoShutdown: "any_significant" })).rejects.toMatchObject({
      reason: { start_spec: "bad_combination" },
    });
    await stop();
  });

  test("case 102: init may return flags, ask to be ignored, and fails with anything else", async () => {
    const { system, stop } = await createTestSystem();
    class One extends DynamicSupervisor {
      override init() {
        return { children: [], maxChildren: 1 };
      }
    }
    class Ignored extends DynamicSupervisor {
      override init() {
        return { ignore: true } as const;
      }
    }
    class Wrong extends DynamicSupervisor {
      override init() {
        return JSON.parse('"unknown"');
      }
    }
    expect(statusOf(await system.start(One))).toMatchObject({ maxChildren: 1 });
    await expect(system.start(Ignored)).rejects.toMatchObject({ code: "ignore" });
    await expect(system.start(Wrong)).rejects.toMatchObject({ reason: { error: { code: "bad_return_value" } } });
    await stop();
  });

  test("case 104: each way a start can end has its answer, and only a child that runs is kept", async () => {
    const { supervisor, stop } = await dynamic();
    const workers = childTemplate(Worker);
    expect(await startChild(supervisor, workers, script())).toMatchObject({ ok: true, ref: expect.anything() });
    expect(await startChild(supervisor, workers, script(["ignore"]))).toEqual({ ok: false, reason: "ignore" });
    expect(await startChild(supervisor, workers, script(["fail"]))).toEqual({
      ok: false,
      reason: "start_failed",
      error: "nope",
    });
    class Odd extends Worker {
      override init(): undefined {
        return JSON.parse('"unknown"');
      }
    }
    expect(await startChild(supervisor, childTemplate(Odd), script())).toMatchObject({
      reason: "start_failed",
      error: { error: { code: "bad_return_value" } },
    });
    expect(await startChild(supervisor, workers, script(["throw"]))).toMatchObject({
      reason: "start_failed",
      error: { error: { message: "thrown by init" } },
    });
    expect(await supervisor.call.countChildren()).toEqual({ specs: 1, active: 1, supervisors: 0, workers: 1 });
    await stop();
  });

  test("a name that is held is answered with its holder", async () => {
    const { supervisor, add, stop } = await dynamic();
    const holder = await add("a");
    const rival = await startChild(supervisor, childTemplate(Worker), script(), { name: "a" });
    expect(rival).toEqual({ ok: false, reason: "already_started", ref: holder });
    await stop();
  });

  test("what is not a template is refused with what was expected", async () => {
    const { system, stop } = await dynamic();
    const untyped = system.whereis<{ startChild(template: unknown): unknown }>("dynamic");
    expect(await untyped?.call.startChild({ start: Worker })).toMatchObject({
      ok: false,
      reason: "invalid_child_spec",
      error: { code: "invalid_child_spec" },
    });
    await stop();
  });

  test("a template with a policy that cannot be used is refused where it is made", () => {
    expect(() => childTemplate(Worker, { shutdown: -1 })).toThrow(
      'Expected shutdown of the template of Worker to be a number of milliseconds from 0, "infinity" or "brutal_kill"; got -1',
    );
  });

  test("case 106: with maxChildren 0 nothing is started", async () => {
    const { supervisor, stop } = await dynamic({ maxChildren: 0 });
    expect(await startChild(supervisor, childTemplate(Worker), script())).toEqual({
      ok: false,
      reason: "max_children",
    });
    await stop();
  });

  test("case 107: a child that is being restarted counts for maxChildren", async () => {
    const { system, supervisor, clock, add, stop } = await dynamic({ maxChildren: 1, intensity: 1_000_000 });
    const starts: NextStart[] = [];
    const first = await add("a", {}, { starts });
    system.exit(first, "kill");
    await clock.settle();
    const more = () => startChild(supervisor, childTemplate(Worker), script());
    expect(await more()).toEqual({ ok: false, reason: "max_children" });
    expect(await supervisor.call.countChildren()).toMatchObject({ workers: 1, active: 1 });
    starts.push(...Array.from({ length: 1_000 }, (): NextStart => "fail"));
    const second = system.whereis("a");
    if (second !== undefined) system.exit(second, "kill");
    const answers = Promise.all([more(), supervisor.call.countChildren()]);
    await clock.settle();
    expect(await answers).toMatchObject([
      { ok: false, reason: "max_children" },
      { workers: 1, active: 0 },
    ]);
    await stop();
  });

  test("case 109: a temporary child is never restarted, a transient one after an abnormal end, a permanent one always", async () => {
    const { system, supervisor, clock, add, stop } = await dynamic({ intensity: 100 });
    const restarted = async (restart: "temporary" | "transient" | "permanent", reason: unknown) => {
      const before = await add("a", { restart });
      before.cast.end(reason);
      await clock.settle();
      const after = system.whereis("a");
      const { specs } = await supervisor.call.countChildren();
      expect(specs).toBe(after === undefined ? 0 : 1);
      if (after !== undefined) await supervisor.call.terminateChild(after);
      return after !== undefined;
    };
    for (const reason of ["shutdown", { shutdown: "signal" }, "whatever"]) {
      expect(await restarted("temporary", reason)).toBe(false);
      expect(await restarted("transient", reason)).toBe(reason === "whatever");
      expect(await restarted("permanent", reason)).toBe(true);
    }
    await stop();
  });

  test("case 57: children restart with their own arguments, siblings stay, and one crash too many ends the supervisor", async () => {
    const { system, supervisor, clock, add, journal, stop } = await dynamic({ intensity: 2 });
    await add("a");
    const b = await add("b");
    const kill = async (id: string) => {
      const ref = system.whereis(id);
      if (ref !== undefined) system.exit(ref, "kill");
      await clock.settle();
    };
    await kill("a");
    expect(system.whereis("b")).toBe(b);
    await kill("b");
    expect(journal).toEqual(["start a", "start b", "start a", "start b"]);
    await kill("a");
    expect(await system.exited(supervisor)).toBe("shutdown");
    await stop();
  });

  test("case 59: a child that asks to be ignored at a restart is dropped, and the supervisor lives", async () => {
    for (const restart of ["transient", "permanent"] as const) {
      const { system, supervisor, clock, add, stop } = await dynamic();
      const a = await add("a", { restart }, { starts: ["ok", "ok", "ignore"] });
      system.exit(a, "kill");
      await clock.settle();
      const again = system.whereis("a");
      expect(again).toBeDefined();
      if (again !== undefined) system.exit(again, "kill");
      await clock.settle();
      expect(await supervisor.call.whichChildren()).toEqual([]);
      expect(system.isAlive(supervisor)).toBe(true);
      await stop();
    }
  });

  test("case 69: a restart that fails is counted, and ends the supervisor", async () => {
    const { system, supervisor, clock, reports, add, stop } = await dynamic({ intensity: 1 });
    const a = await add("a", {}, { starts: ["ok", "fail", "fail"] });
    system.exit(a, "kill");
    await clock.settle();
    expect(await system.exited(supervisor)).toBe("shutdown");
    expect(supervisorReports(reports)).toEqual([
      "child_terminated undefined: killed",
      "start_error undefined: nope",
      "shutdown undefined: reached_max_restart_intensity",
    ]);
    await stop();
  });

  test("case 79: children that are being restarted are counted, but not as active", async () => {
    const { system, supervisor, clock, add, stop } = await dynamic({ intensity: 1_000_000 });
    const failing = () => ["ok", ...Array.from({ length: 50 }, () => "fail")] as NextStart[];
    const [a, b] = [await add("a", {}, { starts: failing() }), await add("b", {}, { starts: failing() })];
    await add("c");
    system.exit(a, "kill");
    system.exit(b, "kill");
    const during = supervisor.call.countChildren();
    await clock.settle();
    expect(await during).toEqual({ specs: 3, active: 1, supervisors: 0, workers: 3 });
    await clock.settle();
    expect(await supervisor.call.countChildren()).toEqual({ specs: 3, active: 3, supervisors: 0, workers: 3 });
    await stop();
  });

  test("case 111: a child that could not be restarted is tried again", async () => {
    const { system, supervisor, clock, add, stop } = await dynamic({ intensity: 2 });
    const a = await add("a", {}, { starts: ["ok", "fail"] });
    system.exit(a, "kill");
    await clock.settle();
    expect(await supervisor.call.countChildren()).toEqual({ specs: 1, active: 1, supervisors: 0, workers: 1 });
    await stop();
  });

  test("case 117: restarts do not make room for more children", async () => {
    const { system, supervisor, clock, add, stop } = await dynamic({ maxChildren: 1, intensity: 10 });
    await add("a");
    for (let n = 0; n < 5; n++) {
      const a = system.whereis("a");
      if (a !== undefined) system.exit(a, "kill");
      await clock.settle();
    }
    expect(await startChild(supervisor, childTemplate(Worker), script())).toEqual({
      ok: false,
      reason: "max_children",
    });
    await stop();
  });

  test("case 42: children are counted by kind, whatever becomes of them", async () => {
    const { system, supervisor, clock, stop } = await dynamic();
    class Idle extends Actor {}
    const [idle, nested] = [
      childTemplate(Idle, { restart: "temporary" }),
      childTemplate(Planned, { restart: "temporary" }),
    ];
    const refs: AnyRef[] = [];
    for (let n = 0; n < 1_000; n++) {
      const started = [await startChild(supervisor, idle), await startChild(supervisor, nested, { children: [] })];
      for (const result of started) if (result.ok) refs.push(result.ref);
    }
    expect(await supervisor.call.countChildren()).toEqual({
      specs: 2_000,
      active: 2_000,
      supervisors: 1_000,
      workers: 1_000,
    });
    for (const ref of refs) system.exit(ref, "kill");
    await clock.settle();
    expect(await supervisor.call.countChildren()).toEqual({ specs: 0, active: 0, supervisors: 0, workers: 0 });
    await stop();
  });

  test("children are listed the newest first, without ids", async () => {
    const { supervisor, add, stop } = await dynamic();
    const [a, b] = [await add("a"), await add("b")];
    const entry = { id: undefined, state: "running", type: "worker", behaviour: "Worker" };
    expect(await supervisor.call.whichChildren()).toEqual([
      { ...entry, ref: b },
      { ...entry, ref: a },
    ]);
    await stop();
  });

  test("it can be a child of a supervisor, which knows it as a supervisor", async () => {
    const { system, stop } = await createTestSystem();
    const children = [child(DynamicSupervisor, { id: "rooms", name: "rooms", args: { maxChildren: 2 } })];
    const outer = await system.start(Planned, { children });
    expect(await outer.call.getChildSpec("rooms")).toMatchObject({
      spec: { type: "supervisor", shutdown: "infinity" },
    });
    await stop();
  });
});

describe("one child of a dynamic supervisor", () => {
  test("case 41: is found by its ref; one that has ended, a stranger and what is no ref are not", async () => {
    const { system, supervisor, clock, add, stop } = await dynamic();
    const [a, dead] = [await add("a"), await add("b", { restart: "temporary" })];
    system.exit(dead, "kill");
    await clock.settle();
    const stranger = await system.start(Worker, script());
    expect(await supervisor.call.whichChild(a)).toEqual({
      ok: true,
      child: { id: undefined, ref: a, state: "running", type: "worker", behaviour: "Worker" },
    });
    expect(await supervisor.call.whichChild(dead)).toEqual({ ok: false, reason: "not_found" });
    expect(await supervisor.call.whichChild(stranger)).toEqual({ ok: false, reason: "not_found" });
    const untyped = system.whereis<{ whichChild(ref: unknown): unknown }>("dynamic");
    expect(await untyped?.call.whichChild("not a ref")).toEqual({ ok: false, reason: "not_found" });
    await stop();
  });

  test("case 16: takes exactly one template", async () => {
    const { system, stop } = await dynamic();
    const untyped = system.whereis<{ startChild(template?: unknown): unknown }>("dynamic");
    const template = childTemplate(Worker);
    for (const wrong of [undefined, [], [template, template]]) {
      expect(await untyped?.call.startChild(wrong)).toMatchObject({
        ok: false,
        reason: "invalid_child_spec",
        error: { code: "invalid_child_spec" },
      });
    }
    await expect(
      system.start(DynamicSupervisor, JSON.parse('{"strategy":"simple_one_for_one"}')),
    ).rejects.toMatchObject({
      reason: { supervisor_data: "invalid_strategy" },
    });
    await stop();
  });
});
