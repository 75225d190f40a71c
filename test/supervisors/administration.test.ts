import { type AnyRef, CallError } from "holdfast";
import { child, SupervisorSpecError } from "holdfast/supervisors";
import { describe, expect, test } from "vitest";
import { Planned, scene, worker } from "./plans.js";
import { type NextStart, Worker } from "./worker.js";

describe("child administration", () => {
  test("case 7: a temporary child that asks to be ignored is answered ok without a ref, and not kept", async () => {
    const { supervisor, stop } = await scene({});
    const spec = worker("a", [], { restart: "temporary", script: { starts: ["ignore"] } });
    expect(await supervisor.call.startChild(spec)).toEqual({ ok: true, ref: undefined });
    expect(await supervisor.call.whichChildren()).toEqual([]);
    await stop();
  });

  test("a child that asks to be ignored keeps its specification and can be started later", async () => {
    const { supervisor, stop } = await scene({});
    expect(await supervisor.call.startChild(worker("a", [], { script: { starts: ["ignore"] } }))).toEqual({
      ok: true,
      ref: undefined,
    });
    expect(await supervisor.call.startChild(worker("a", []))).toEqual({ ok: false, reason: "already_present" });
    expect(await supervisor.call.restartChild("a")).toMatchObject({ ok: true, ref: expect.anything() });
    await stop();
  });

  test("case 9: a start that fails is answered with its reason and the child, and nothing is kept", async () => {
    const { supervisor, stop } = await scene({});
    const failing = worker("a", [], { script: { starts: ["fail"] } });
    expect(await supervisor.call.startChild(failing)).toMatchObject({
      ok: false,
      reason: "start_failed",
      error: "nope",
      child: { id: "a", restart: "permanent", shutdown: 5_000 },
    });
    class Odd extends Worker {
      override init(): undefined {
        return JSON.parse("7");
      }
    }
    const odd = child(Odd, { id: "odd", args: { id: "odd", journal: [] } });
    expect(await supervisor.call.startChild(odd)).toMatchObject({
      reason: "start_failed",
      error: { error: { code: "bad_return_value" } },
      child: { id: "odd", start: Odd },
    });
    expect(await supervisor.call.whichChildren()).toEqual([]);
    await stop();
  });

  test("case 11: a restart by hand that fails leaves the child stopped", async () => {
    const starts: NextStart[] = [];
    const { supervisor, children, stop } = await scene({ children: [worker("a", [], { script: { starts } })] });
    await supervisor.call.terminateChild("a");
    starts.push("fail");
    expect(await supervisor.call.restartChild("a")).toEqual({ ok: false, reason: "start_failed", error: "nope" });
    expect((await children())["a"]).toMatchObject({ ref: undefined, state: "stopped" });
    await stop();
  });

  test("case 12: a specification is shown with its defaults filled in", async () => {
    const { supervisor, ref, stop } = await scene({
      children: [
        child(Worker, { id: "a", name: "a", args: { id: "a", journal: [] } }),
        child(Worker, { id: "b", args: { id: "b", journal: [] }, shutdown: "brutal_kill" }),
        child(Planned, { id: "c", args: { children: [] } }),
        child(Worker, { id: "d", args: { id: "d", journal: [] }, type: "supervisor" }),
      ],
    });
    const ask = (id: string) => supervisor.call.getChildSpec(id);
    const defaults = { restart: "permanent", shutdown: 5_000, type: "worker", significant: false };
    expect(await ask("a")).toMatchObject({ ok: true, spec: { id: "a", start: Worker, ...defaults } });
    expect(await ask("b")).toMatchObject({ spec: { ...defaults, shutdown: "brutal_kill" } });
    expect(await ask("c")).toMatchObject({
      spec: { start: Planned, ...defaults, type: "supervisor", shutdown: "infinity" },
    });
    expect(await ask("d")).toMatchObject({ spec: { ...defaults, type: "supervisor", shutdown: "infinity" } });
    expect(await ask("z")).toEqual({ ok: false, reason: "not_found" });
    expect(await supervisor.call.getChildSpec(ref("a"))).toMatchObject({ ok: true, spec: { id: "a" } });
    await stop();
  });

  test("case 36: every request to a supervisor that is gone fails with noproc", async () => {
    const { system, supervisor, stop } = await scene({});
    system.exit(supervisor, "kill");
    const calls = [
      supervisor.call.startChild(worker("a", [])),
      supervisor.call.terminateChild("a"),
      supervisor.call.deleteChild("a"),
      supervisor.call.whichChildren(),
      supervisor.call.countChildren(),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: expect.any(CallError) });
      expect(outcome).toMatchObject({ reason: { code: "noproc" } });
    }
    await stop();
  });

  test("case 37: terminateChild knows ids, not refs", async () => {
    const { system, ref, stop } = await scene({ children: [worker("a", [])] });
    const untyped = system.whereis<{ terminateChild(id: unknown): unknown }>("supervisor");
    expect(await untyped?.call.terminateChild(ref("a"))).toEqual({ ok: false, reason: "not_found" });
    expect(system.isAlive(ref("a"))).toBe(true);
    await stop();
  });

  test("case 44: while a child takes its time to start, others wait, for as long as it takes", async () => {
    const { supervisor, clock, stop } = await scene({});
    const answers: string[] = [];
    // Longer than the time-out of an ordinary call, all together.
    const starting = ["a", "b", "c"].map((id) =>
      supervisor.call
        .startChild(worker(id, [], { script: { starts: ["slow"] } }))
        .then(() => answers.push(`started ${id}`)),
    );
    await clock.advance(10);
    const listing = supervisor.call.whichChildren().then((entries) => answers.push(`listed ${entries.length}`));
    await clock.advance(5_989);
    expect(answers).toEqual(["started a", "started b"]);
    await clock.advance(1);
    await Promise.all([...starting, listing]);
    expect(answers).toEqual(["started a", "started b", "started c", "listed 3"]);
    await stop();
  });

  test("a running child is neither started, restarted nor deleted; a stopped one is", async () => {
    const { supervisor, ref, stop } = await scene({ children: [worker("a", [])] });
    const a: AnyRef = ref("a");
    expect(await supervisor.call.startChild(worker("a", []))).toEqual({ ok: false, reason: "already_started", ref: a });
    expect(await supervisor.call.restartChild("a")).toEqual({ ok: false, reason: "running" });
    expect(await supervisor.call.deleteChild("a")).toEqual({ ok: false, reason: "running" });
    expect(await supervisor.call.terminateChild("a")).toEqual({ ok: true });
    expect(await supervisor.call.terminateChild("a")).toEqual({ ok: true });
    expect(await supervisor.call.restartChild("a")).toMatchObject({ ok: true });
    await supervisor.call.terminateChild("a");
    expect(await supervisor.call.deleteChild("a")).toEqual({ ok: true });
    for (const answer of [
      supervisor.call.restartChild("a"),
      supervisor.call.terminateChild("a"),
      supervisor.call.deleteChild("a"),
      supervisor.call.whichChild("a"),
    ]) {
      expect(await answer).toEqual({ ok: false, reason: "not_found" });
    }
    await stop();
  });

  test("a child that wants a name that is held is answered with the holder", async () => {
    const { supervisor, ref, stop } = await scene({ children: [worker("a", [])] });
    const rival = child(Worker, { id: "rival", name: "a", args: { id: "rival", journal: [] } });
    expect(await supervisor.call.startChild(rival)).toEqual({ ok: false, reason: "already_started", ref: ref("a") });
    await stop();
  });

  test("a specification that cannot be used is refused with what was expected, and the supervisor goes on", async () => {
    const { supervisor, stop } = await scene({});
    const answer = await supervisor.call.startChild({ ...worker("a", []), shutdown: -1 });
    expect(answer).toMatchObject({ ok: false, reason: "invalid_child_spec", error: { code: "invalid_shutdown" } });
    if (!answer.ok && answer.reason === "invalid_child_spec") {
      expect(answer.error).toBeInstanceOf(SupervisorSpecError);
      expect(answer.error.message).toBe(
        'Expected shutdown of the child (id "a") to be a number of milliseconds from 0, "infinity" or "brutal_kill"; got -1',
      );
    }
    expect(await supervisor.call.whichChildren()).toEqual([]);
    await stop();
  });

  test("children are listed the newest first", async () => {
    const { supervisor, stop } = await scene({ children: [worker("a", []), worker("b", [])] });
    await supervisor.call.startChild(worker("c", []));
    expect((await supervisor.call.whichChildren()).map((entry) => entry.id)).toEqual(["c", "b", "a"]);
    await stop();
  });

  test("the start arguments of a temporary child are not kept", async () => {
    const { supervisor, stop } = await scene({
      children: [worker("t", [], { restart: "temporary" }), worker("p", [])],
    });
    const kept = async (id: string) => {
      const answer = await supervisor.call.getChildSpec(id);
      return answer.ok && answer.spec.args !== undefined;
    };
    expect([await kept("t"), await kept("p")]).toEqual([false, true]);
    await stop();
  });

  test("methods of the supervisor's own are not messages of the classes built on it, theirs are", async () => {
    class Custom extends Planned {
      greet(): string {
        return "hello";
      }
    }
    const { system, stop } = await scene({});
    const custom = await system.start(Custom, { children: [] });
    expect(await custom.call.greet()).toBe("hello");
    expect(Object.keys(Object.getPrototypeOf(custom.call)).sort()).toEqual(
      [
        "startChild",
        "restartChild",
        "terminateChild",
        "deleteChild",
        "whichChildren",
        "whichChild",
        "countChildren",
        "getChildSpec",
        "greet",
      ].sort(),
    );
    await stop();
  });
});
