import { Actor, type ActorRef, type AnyRef } from "holdfast";
import {
  type ChildPolicy,
  child,
  childTemplate,
  DynamicSupervisor,
  type DynamicSupervisorFlags,
  startChild,
} from "holdfast/supervisors";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { Planned, statusOf, supervisorReports } from "./plans.js";
import { type NextStart, type Script, Worker } from "./worker.js";

interface DynamicScene extends TestSystem {
  readonly supervisor: ActorRef<DynamicSupervisor>;
  readonly journal: string[];
  /** Starts a worker; fails the test when it does not start. */
  add(id: string, policy?: ChildPolicy, script?: Partial<Script>): Promise<ActorRef<Worker>>;
}

async function dynamic(flags?: DynamicSupervisorFlags): Promise<DynamicScene> {
  const testSystem = await createTestSystem();
  const supervisor = await testSystem.system.start(DynamicSupervisor, flags, { name: "dynamic" });
  const journal: string[] = [];
  return {
    ...testSystem,
    supervisor,
    journal,
    async add(id, policy = {}, script = {}) {
      const started = await startChild(
        supervisor,
        childTemplate(Worker, policy),
        { id, journal, ...script },
        { name: id },
      );
      if (!started.ok) throw new Error(`${id} did not start: ${started.reason}`);
      return started.ref;
    },
  };
}

const script = (starts: NextStart[] = []): Script => ({ id: "a", journal: [], starts });

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
      const a = await add("a", { restart }, { starts: ["ok", "ignore"] });
      system.exit(a, "kill");
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

  test("cases 26 and 112: each child is stopped by its own policy", async () => {
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
      for (const [id, reason] of Object.entries({
        a: "normal",
        b: "shutdown",
        c: { shutdown: "test" },
        d: "other",
        e: "other",
      })) {
        (await add(id, { restart })).cast.endLater(reason, 10);
      }
      await clock.settle();
      system.exit(supervisor, "shutdown");
      await clock.advance(10);
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
