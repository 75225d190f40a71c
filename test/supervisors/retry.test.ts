import { describe, expect, test } from "vitest";
import { scene, supervisorReports, worker } from "./plans.js";
import type { NextStart } from "./worker.js";

describe("a child that cannot be restarted", () => {
  test("case 71: each attempt counts: two failures end a supervisor of intensity 2", async () => {
    const journal: string[] = [];
    const starts: NextStart[] = [];
    const children = [worker("a", journal), worker("b", journal, { script: { starts } }), worker("c", journal)];
    const { system, supervisor, reports, kill, happened, stop } = await scene({ intensity: 2, children }, journal);
    starts.push("fail", "throw");
    happened();
    await kill("b");
    expect(happened()).toEqual(["start b fail", "start b throw", "stop c", "stop a"]);
    expect(await system.exited(supervisor)).toBe("shutdown");
    expect(supervisorReports(reports)).toEqual([
      "child_terminated b: killed",
      "start_error b: nope",
      "start_error b: Error: thrown by init",
      "shutdown b: reached_max_restart_intensity",
    ]);
    await stop();
  });

  test("case 71: with intensity 3 the third attempt succeeds and the supervisor lives", async () => {
    const starts: NextStart[] = [];
    const { system, supervisor, ref, kill, stop } = await scene({
      intensity: 3,
      children: [worker("b", [], { script: { starts } })],
    });
    starts.push("fail", "fail");
    await kill("b");
    expect(system.isAlive(supervisor)).toBe(true);
    expect(system.isAlive(ref("b"))).toBe(true);
    await stop();
  });

  test("case 72: rest_for_one goes on at the child that failed and does not start the earlier ones again", async () => {
    const journal: string[] = [];
    const starts: NextStart[] = [];
    const children = ["a", "b", "d", "e"].map((id) => worker(id, journal, id === "d" ? { script: { starts } } : {}));
    const { kill, happened, stop } = await scene({ strategy: "rest_for_one", intensity: 5, children }, journal);
    starts.push("fail", "fail");
    happened();
    await kill("b");
    expect(happened()).toEqual(["stop e", "stop d", "start b", "start d fail", "start d fail", "start d", "start e"]);
    await stop();
  });

  test("case 74: one_for_all stops what it had restarted and begins again with all", async () => {
    const journal: string[] = [];
    const starts: NextStart[] = [];
    const children = [worker("a", journal), worker("b", journal, { script: { starts } })];
    const { kill, happened, stop } = await scene({ strategy: "one_for_all", children }, journal);
    starts.push("fail");
    happened();
    await kill("a");
    expect(happened()).toEqual(["stop b", "start a", "start b fail", "stop a", "start a", "start b"]);
    await stop();
  });

  test("case 76: a start that takes its time and fails is tried again for ever when that is slower than the intensity", async () => {
    const starts: NextStart[] = [];
    const spec = worker("a", [], { script: { starts } });
    const { supervisor, clock, kill, stop } = await scene({ intensity: 8, periodMs: 10_000, children: [spec] });
    starts.push(...Array.from({ length: 100 }, (): NextStart => "slow fail"));
    await kill("a");
    await clock.advance(61_000);
    expect(starts).toHaveLength(69);
    const answers = Promise.all([
      supervisor.call.startChild(spec),
      supervisor.call.restartChild("a"),
      supervisor.call.deleteChild("a"),
      supervisor.call.whichChildren(),
      supervisor.call.countChildren(),
      supervisor.call.terminateChild("a"),
      supervisor.call.whichChild("a"),
    ]);
    await clock.advance(1_000);
    expect(await answers).toMatchObject([
      { ok: false, reason: "already_present" },
      { ok: false, reason: "restarting" },
      { ok: false, reason: "restarting" },
      [{ id: "a", ref: undefined, state: "restarting" }],
      { specs: 1, active: 0, supervisors: 0, workers: 1 },
      { ok: true },
      { child: { ref: undefined, state: "stopped" } },
    ]);
    await clock.advance(60_000);
    expect(starts).toHaveLength(69);
    await stop();
  });

  test("case 76: between two attempts the supervisor serves others, and terminateChild ends the attempts", async () => {
    const starts: NextStart[] = [];
    const spec = worker("a", [], { script: { starts } });
    const { system, supervisor, ref, clock, stop } = await scene({ intensity: 1_000_000, children: [spec] });
    starts.push(...Array.from({ length: 1_000 }, (): NextStart => "fail"));
    system.exit(ref("a"), "kill");
    const answers = Promise.all([
      supervisor.call.startChild(spec),
      supervisor.call.restartChild("a"),
      supervisor.call.deleteChild("a"),
      supervisor.call.whichChildren(),
      supervisor.call.countChildren(),
      supervisor.call.terminateChild("a"),
      supervisor.call.whichChild("a"),
    ]);
    await clock.settle();
    expect(await answers).toMatchObject([
      { ok: false, reason: "already_present" },
      { ok: false, reason: "restarting" },
      { ok: false, reason: "restarting" },
      [{ id: "a", ref: undefined, state: "restarting" }],
      { specs: 1, active: 0, supervisors: 0, workers: 1 },
      { ok: true },
      { child: { ref: undefined, state: "stopped" } },
    ]);
    expect(starts.length).toBeGreaterThan(900);
    await stop();
  });

  test("case 76: stopping the supervisor ends the attempts", async () => {
    const starts: NextStart[] = [];
    const { system, supervisor, clock, kill, stop } = await scene({
      intensity: 1_000_000,
      children: [worker("a", [], { script: { starts } })],
    });
    starts.push(...Array.from({ length: 100_000 }, (): NextStart => "fail"));
    const killed = kill("a");
    system.exit(supervisor, "shutdown");
    await killed;
    await clock.settle();
    expect(await system.exited(supervisor)).toBe("shutdown");
    expect(starts.length).toBeGreaterThan(90_000);
    await stop();
  });

  test("case 77: while a group waits for one child, the later ones are stopped and the earlier ones run", async () => {
    const starts: NextStart[] = [];
    const children = ["a", "b", "c"].map((id) => worker(id, [], id === "b" ? { script: { starts } } : {}));
    const { system, supervisor, ref, clock, stop } = await scene({
      strategy: "rest_for_one",
      intensity: 1_000_000,
      children,
    });
    starts.push(...Array.from({ length: 1_000 }, (): NextStart => "fail"));
    const a = ref("a");
    system.exit(ref("b"), "kill");
    const answers = Promise.all([
      supervisor.call.whichChildren(),
      supervisor.call.countChildren(),
      supervisor.call.terminateChild("b"),
    ]);
    await clock.settle();
    expect(await answers).toMatchObject([
      [
        { id: "c", ref: undefined, state: "stopped" },
        { id: "b", ref: undefined, state: "restarting" },
        { id: "a", ref: a, state: "running" },
      ],
      { specs: 3, active: 1, supervisors: 0, workers: 3 },
      { ok: true },
    ]);
    await stop();
  });

  test("a child that asks to be ignored at a restart stays, without running", async () => {
    const starts: NextStart[] = [];
    const { kill, children, stop } = await scene({ children: [worker("a", [], { script: { starts } })] });
    starts.push("ignore");
    await kill("a");
    expect((await children())["a"]).toMatchObject({ ref: undefined, state: "stopped" });
    await stop();
  });
});
