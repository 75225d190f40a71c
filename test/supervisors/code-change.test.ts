import { type AnyRef, sys } from "holdfast";
import {
  type AutoShutdown,
  type ChildSpec,
  childTemplate,
  DynamicSupervisor,
  type DynamicSupervisorFlags,
  PartitionSupervisor,
  partitionCount,
  partitioned,
  startChild,
  Supervisor,
  type SupervisorInit,
} from "holdfast/supervisors";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { statusOf, worker } from "./plans.js";
import { type NextStart, Worker } from "./worker.js";

/** What `init` says, held outside: the code of tomorrow is another plan. */
interface Code {
  plan: () => SupervisorInit | Promise<SupervisorInit>;
}

class Upgradable extends Supervisor<Code> {
  override init(code: Code): SupervisorInit | Promise<SupervisorInit> {
    return code.plan();
  }
}

interface DynamicCode {
  /** Whatever JavaScript could return. */
  flags: unknown;
}

function dynamicWith(code: DynamicCode): typeof DynamicSupervisor {
  return class Rooms extends DynamicSupervisor {
    override init(): undefined {
      return JSON.parse(JSON.stringify(code.flags));
    }
  };
}

/** Suspends, changes the code, and resumes, whether the change is good or not. */
async function upgrade({ clock }: TestSystem, supervisor: AnyRef): Promise<void> {
  const done = (async () => {
    await sys.suspend(supervisor);
    try {
      await sys.changeCode(supervisor, 1);
    } finally {
      await sys.resume(supervisor);
    }
  })();
  const outcome = done.then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  await clock.settle();
  const failed = await outcome;
  if (failed !== undefined) throw failed.error;
}

async function upgradable(plan: SupervisorInit) {
  const made = await createTestSystem();
  const code: Code = { plan: () => plan };
  const supervisor = await made.system.start(Upgradable, code);
  const ref = (id: string) => {
    const found = made.system.whereis<Worker>(id);
    if (found === undefined) throw new Error(`${id} does not run`);
    return found;
  };
  return {
    ...made,
    supervisor,
    ref,
    async change(next: SupervisorInit | Code["plan"]) {
      code.plan = typeof next === "function" ? next : () => next;
      await upgrade(made, supervisor);
    },
    async end(id: string, reason: unknown) {
      ref(id).cast.end(reason);
      await made.clock.settle();
    },
    async ids() {
      return (await supervisor.call.whichChildren()).reverse().map(({ id, state }) => `${id} ${state}`);
    },
  };
}

describe("code change of a supervisor", () => {
  test("replaces the flags, and the restarts so far count on", async () => {
    const plan = (intensity: number): SupervisorInit => ({ intensity, periodMs: 9_000, children: [worker("a", [])] });
    const { system, supervisor, change, end, stop } = await upgradable(plan(3));
    await end("a", "boom");
    await end("a", "boom");
    await change(plan(2));
    expect(statusOf(supervisor)).toMatchObject({ restarts: { inWindow: 2, max: 2, periodMs: 9_000, total: 2 } });
    await end("a", "boom");
    expect(await system.exited(supervisor)).toBe("shutdown");
    await stop();
  });

  test("a restart that counted is forgotten in its time under the new flags, too", async () => {
    const plan = (periodMs: number): SupervisorInit => ({ intensity: 1, periodMs, children: [worker("a", [])] });
    const { system, supervisor, clock, change, end, stop } = await upgradable(plan(9_000));
    await end("a", "boom");
    await change(plan(1_000));
    await clock.advance(1_001);
    await end("a", "boom");
    expect(system.isAlive(supervisor)).toBe(true);
    await stop();
  });

  test("changed specifications are in force from the next start, and what runs is not touched", async () => {
    const journal: string[] = [];
    const { supervisor, ref, change, end, stop } = await upgradable({ children: [worker("a", journal)] });
    const before = ref("a");
    const next = worker("a", journal, { shutdown: 77, script: { id: "a2" } });
    await change({ children: [next] });
    expect(ref("a")).toBe(before);
    expect(await supervisor.call.getChildSpec("a")).toMatchObject({ spec: { shutdown: 77 } });
    await end("a", "boom");
    expect(journal).toEqual(["start a", "stop a", "start a2"]);
    await stop();
  });

  test("new children are added in their place and not started, those that are gone are neither stopped nor removed", async () => {
    const { supervisor, change, ids, stop } = await upgradable({
      children: ["a", "b", "c"].map((id) => worker(id, [])),
    });
    await supervisor.call.startChild(worker("extra", []));
    await change({ children: ["c", "new", "a"].map((id) => worker(id, [])) });
    expect(await ids()).toEqual(["c running", "new stopped", "a running", "b running", "extra running"]);
    expect(await supervisor.call.restartChild("new")).toMatchObject({ ok: true });
    await stop();
  });

  test("the new strategy and order hold at the next restart", async () => {
    const journal: string[] = [];
    const specs = (...ids: string[]): ChildSpec[] => ids.map((id) => worker(id, journal));
    const { change, end, stop } = await upgradable({ children: specs("a", "b", "c") });
    await change({ strategy: "rest_for_one", children: specs("c", "b", "a") });
    journal.length = 0;
    await end("b", "boom");
    expect(journal).toEqual(["stop b", "stop a", "start b", "start a"]);
    await stop();
  });

  test("back-off can be given, changed and taken away; a child that waits keeps its count", async () => {
    const starts: NextStart[] = [];
    const backoff = (baseMs: number) => ({ baseMs, factor: 2, jitter: 0 });
    const spec = (rest: Partial<ChildSpec>) => ({ children: [worker("a", [], { ...rest, script: { starts } })] });
    const { system, clock, change, end, stop } = await upgradable(spec({}));
    await change(spec({ backoff: backoff(100) }));
    await end("a", "boom");
    await change(spec({ backoff: backoff(1_000) }));
    starts.push("fail");
    await clock.advance(100);
    await clock.advance(1_999);
    expect(system.whereis("a")).toBeUndefined();
    await clock.advance(1);
    expect(system.whereis("a")).toBeDefined();
    await change(spec({}));
    await end("a", "boom");
    expect(system.whereis("a")).toBeDefined();
    await stop();
  });

  test("what cannot be used is refused, and all stays as it was", async () => {
    const plan = { intensity: 7, children: [worker("a", [])] };
    const { supervisor, change, ids, stop } = await upgradable(plan);
    const refused: (SupervisorInit | Code["plan"])[] = [
      { ...plan, intensity: -1 },
      { intensity: 1, children: [worker("b", []), worker("b", [])] },
      { intensity: 1, children: [worker("b", [], { shutdown: -1 })] },
      { stop: "tired" },
      () => Promise.reject(new Error("no plan")),
      JSON.parse("7"),
    ];
    for (const wrong of refused) {
      await expect(change(wrong)).rejects.toMatchObject({ code: "callback_failed" });
      expect(statusOf(supervisor)).toMatchObject({ restarts: { max: 7 } });
      expect(await ids()).toEqual(["a running"]);
    }
    await change({ ignore: true });
    expect(await ids()).toEqual(["a running"]);
    await change(() => Promise.resolve({ ...plan, intensity: 8 }));
    expect(statusOf(supervisor)).toMatchObject({ restarts: { max: 8 } });
    await stop();
  });

  test("the start arguments of a temporary child that runs are not kept", async () => {
    const children = [worker("t", [], { restart: "temporary" })];
    const { supervisor, change, stop } = await upgradable({ children });
    await change({ children });
    const answer = await supervisor.call.getChildSpec("t");
    expect(answer.ok && answer.spec.args).toBeUndefined();
    await stop();
  });

  test("is refused while the supervisor is not suspended", async () => {
    const { supervisor, clock, stop } = await upgradable({ children: [] });
    const change = sys.changeCode(supervisor, 1).catch((error: unknown) => error);
    await clock.settle();
    expect(await change).toMatchObject({ code: "not_suspended" });
    await stop();
  });
});

describe("code change of autoShutdown and significant children", () => {
  const spec = (id: string, significant: boolean) => worker(id, [], { restart: "transient", significant });
  const plan = (autoShutdown: AutoShutdown, significant = autoShutdown !== "never"): SupervisorInit => ({
    autoShutdown,
    children: [spec("1", significant), spec("2", significant)],
  });

  test("case 89: from never, the new setting applies to what is significant now", async () => {
    for (const next of ["any_significant", "all_significant"] as const) {
      const { system, supervisor, change, end, stop } = await upgradable(plan("never"));
      await change(plan(next));
      await end("1", "normal");
      expect(system.isAlive(supervisor)).toBe(next === "all_significant");
      if (next === "all_significant") await end("2", "normal");
      expect(await system.exited(supervisor)).toBe("shutdown");
      await stop();
    }
  });

  test("case 89: to never, significant specifications are refused", async () => {
    for (const before of ["any_significant", "all_significant"] as const) {
      const { system, supervisor, change, end, stop } = await upgradable(plan(before));
      await expect(change(plan("never", true))).rejects.toMatchObject({
        code: "callback_failed",
        cause: { code: "bad_combination" },
      });
      expect(await supervisor.call.startChild(spec("3", true))).toMatchObject({ ok: true });
      await change(plan("never", false));
      expect(await supervisor.call.startChild(spec("4", true))).toMatchObject({ error: { code: "bad_combination" } });
      for (const id of ["1", "2", "3"]) await end(id, "normal");
      expect(system.isAlive(supervisor)).toBe(true);
      await stop();
    }
  });

  test("case 89: to never, a significant child that is no longer named stays so, and its end stops nobody", async () => {
    const { system, supervisor, change, end, stop } = await upgradable(plan("any_significant"));
    await change({ autoShutdown: "never", children: [] });
    expect(await supervisor.call.getChildSpec("1")).toMatchObject({ spec: { significant: true } });
    await end("1", "normal");
    await end("2", "normal");
    expect(system.isAlive(supervisor)).toBe(true);
    await stop();
  });

  test("case 89: between any and all", async () => {
    const { system, supervisor, change, end, stop } = await upgradable(plan("any_significant"));
    await change(plan("all_significant"));
    await end("1", "normal");
    expect(system.isAlive(supervisor)).toBe(true);
    await change(plan("any_significant"));
    await supervisor.call.restartChild("1");
    await end("2", "normal");
    expect(await system.exited(supervisor)).toBe("shutdown");
    await stop();
  });

  test("case 89: a child becomes significant, or ceases to be", async () => {
    const one = (significant: boolean): SupervisorInit => ({
      autoShutdown: "any_significant",
      children: [spec("1", significant), spec("2", !significant)],
    });
    const { system, supervisor, change, end, stop } = await upgradable(one(true));
    await change(one(false));
    await end("1", "normal");
    expect(system.isAlive(supervisor)).toBe(true);
    await end("2", "normal");
    expect(await system.exited(supervisor)).toBe("shutdown");
    await stop();
  });
});

describe("code change of a dynamic supervisor", () => {
  async function started(flags: DynamicSupervisorFlags) {
    const made = await createTestSystem();
    const code: DynamicCode = { flags };
    const supervisor = await made.system.start(dynamicWith(code), undefined, { name: "rooms" });
    const template = childTemplate(Worker);
    const add = (id: string) => startChild(supervisor, template, { id, journal: [] }, { name: id });
    return { ...made, code, supervisor, add, change: () => upgrade(made, supervisor) };
  }

  test("case 116: new limits apply, and children are untouched", async () => {
    const { system, code, supervisor, add, change, stop } = await started({ maxChildren: 3, intensity: 5 });
    await add("a");
    await add("b");
    code.flags = { maxChildren: 1, intensity: 1, periodMs: 60_000 };
    await change();
    expect(await add("c")).toEqual({ ok: false, reason: "max_children" });
    expect([system.whereis("a"), system.whereis("b")]).not.toContain(undefined);
    expect(statusOf(supervisor)).toMatchObject({ maxChildren: 1, restarts: { max: 1, periodMs: 60_000 }, children: 2 });
    await stop();
  });

  test("case 116: flags that cannot be used are refused, and the old ones stay", async () => {
    const { code, supervisor, add, change, stop } = await started({ maxChildren: 1 });
    for (const wrong of [{ maxChildren: -1 }, { strategy: "one_for_all" }, { stop: "tired" }, 7]) {
      code.flags = wrong;
      await expect(change()).rejects.toMatchObject({ code: "callback_failed" });
      expect(statusOf(supervisor)).toMatchObject({ maxChildren: 1 });
    }
    code.flags = { ignore: true };
    await change();
    expect(await add("a")).toMatchObject({ ok: true });
    await stop();
  });

  test("case 91: each child keeps the template that it was started with; there is no other to be changed", async () => {
    const { system, clock, code, supervisor, change, stop } = await started({});
    const journal: string[] = [];
    const first = childTemplate(Worker, { shutdown: 100 });
    const a = await startChild(supervisor, first, { id: "a", journal }, { name: "a" });
    code.flags = { maxChildren: 2 };
    await change();
    const b = await startChild(supervisor, childTemplate(Worker, { restart: "temporary" }), { id: "b", journal });
    for (const started of [a, b]) if (started.ok) system.exit(started.ref, "kill");
    await clock.settle();
    expect(journal).toEqual(["start a", "start b", "start a"]);
    // Not one template, and not two, is what a start must be given.
    const untyped = system.whereis<{ startChild(template: unknown): unknown }>("rooms");
    for (const templates of [[], [first, first]]) {
      expect(await untyped?.call.startChild(templates)).toMatchObject({ reason: "invalid_child_spec" });
    }
    await stop();
  });

  test("without an init of its own the flags that it was started with stay", async () => {
    const made = await createTestSystem();
    const supervisor = await made.system.start(DynamicSupervisor, { maxChildren: 2 });
    await upgrade(made, supervisor);
    expect(statusOf(supervisor)).toMatchObject({ maxChildren: 2 });
    await made.stop();
  });
});

describe("code change of a partition supervisor", () => {
  test("leaves a resize as it is", async () => {
    const made = await createTestSystem();
    const options = partitioned(Worker, { partitions: 4, args: { id: "p", journal: [] } });
    const supervisor = await made.system.start(PartitionSupervisor<Worker>, options);
    await supervisor.call.resize(1);
    await upgrade(made, supervisor);
    expect(partitionCount(supervisor)).toBe(1);
    expect(await supervisor.call.countChildren()).toMatchObject({ specs: 4, active: 1 });
    await made.stop();
  });
});
