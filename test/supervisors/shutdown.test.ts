import { child, childTemplate, DynamicSupervisor, startChild } from "holdfast/supervisors";
import { createTestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { Planned, scene, supervisorReports, worker } from "./plans.js";
import { Worker } from "./worker.js";

describe("stopping children", () => {
  test("case 22: infinity waits as long as it takes, for supervisors and for workers", async () => {
    const journal: string[] = [];
    const inner = { children: [worker("a", journal, { shutdown: "infinity", script: { stopMs: 3_600_000 } })] };
    const children = [
      child(Planned, { id: "inner", name: "inner", args: inner }),
      worker("b", journal, { shutdown: "infinity", script: { stopMs: 3_600_000 } }),
    ];
    const { system, supervisor, ref, clock, stop } = await scene({ children }, journal);
    const ends = Promise.all([system.exited(ref("inner")), system.exited(ref("b")), system.exited(supervisor)]);
    system.exit(supervisor, "shutdown");
    await clock.advance(7_199_999);
    expect(journal).toEqual(["start a", "start b", "stop b", "stopped b", "stop a"]);
    await clock.advance(1);
    expect(await ends).toEqual(["shutdown", "shutdown", "shutdown"]);
    await stop();
  });

  test("case 24: brutal_kill kills at once, without terminate", async () => {
    const journal: string[] = [];
    const children = [worker("a", journal, { shutdown: 1_000 }), worker("b", journal, { shutdown: "brutal_kill" })];
    const { system, supervisor, ref, reports, stop } = await scene({ children }, journal);
    const ends = Promise.all([system.exited(ref("a")), system.exited(ref("b"))]);
    system.exit(supervisor, "shutdown");
    expect(await ends).toEqual(["shutdown", "killed"]);
    expect(journal).toEqual(["start a", "start b", "stop a"]);
    expect(supervisorReports(reports)).toEqual([]);
    await stop();
  });

  test("a child that needs longer than its time is killed, and that is reported", async () => {
    const journal: string[] = [];
    const children = [worker("a", journal, { shutdown: 100, script: { stopMs: Number.POSITIVE_INFINITY } })];
    const { system, supervisor, ref, reports, clock, stop } = await scene({ children }, journal);
    const end = system.exited(ref("a"));
    system.exit(supervisor, "shutdown");
    await clock.advance(99);
    expect(system.isAlive(supervisor)).toBe(true);
    await clock.advance(1);
    expect(await end).toBe("killed");
    expect(system.isAlive(supervisor)).toBe(false);
    expect(supervisorReports(reports)).toEqual(["shutdown_error a: killed"]);
    expect(clock.armed).toBe(0);
    await stop();
  });

  test("the timer of a child that ends in time is cleared", async () => {
    const { supervisor, clock, stop } = await scene({ children: [worker("a", [], { script: { stopMs: 10 } })] });
    const stopping = supervisor.callWithin(Number.POSITIVE_INFINITY).terminateChild("a");
    await clock.advance(10);
    expect(await stopping).toEqual({ ok: true });
    expect(clock.armed).toBe(0);
    await stop();
  });

  test("case 31: a stop that takes longer than its caller waits fails for the caller, and goes on", async () => {
    const { system, supervisor, ref, clock, stop } = await scene({
      children: [worker("a", [], { script: { stopMs: 1_000 } })],
    });
    const ends = Promise.all([system.exited(ref("a")), system.exited(supervisor)]);
    const stopping = system.stopActor(supervisor, "normal", 100).catch((error: unknown) => error);
    await clock.advance(100);
    expect(await stopping).toMatchObject({ code: "timeout" });
    expect(system.isAlive(supervisor)).toBe(true);
    await clock.advance(900);
    expect(await ends).toEqual(["shutdown", "normal"]);
    await stop();
  });

  test("case 32: children stop strictly one after another, in reverse order", async () => {
    const journal: string[] = [];
    const children = [1, 2, 3, 4, 5].map((n) => worker(`${n}`, journal, { script: { stopMs: 10 } }));
    const { system, supervisor, clock, kill, happened, stop } = await scene(
      { strategy: "rest_for_one", children },
      journal,
    );
    happened();
    await kill("3");
    await clock.advance(20);
    expect(happened()).toEqual(["stop 5", "stopped 5", "stop 4", "stopped 4", "start 3", "start 4", "start 5"]);
    system.exit(supervisor, "shutdown");
    await clock.advance(50);
    expect(happened()).toEqual([5, 4, 3, 2, 1].flatMap((n) => [`stop ${n}`, `stopped ${n}`]));
    await stop();
  });

  test("a child that unlinked itself does not hang its supervisor", async () => {
    const { system, supervisor, ref, stop } = await scene({ children: [worker("a", [], { script: { trap: false } })] });
    await ref("a").call.unlinkFromParent();
    expect(await supervisor.call.terminateChild("a")).toEqual({ ok: true });
    expect(system.whereis("a")).toBeUndefined();
    await stop();
  });

  test("case 34: a child that ends with another reason while it is stopped is reported, and the answer is still ok", async () => {
    for (const [reason, reported] of [
      ["other", ["shutdown_error a: other"]],
      ["shutdown", []],
      ["normal", ["shutdown_error a: normal"]],
      [{ shutdown: "x" }, ["shutdown_error a: shutdown(x)"]],
    ] as const) {
      const { supervisor, ref, reports, clock, stop } = await scene({ children: [worker("a", [])] });
      ref("a").cast.endLater(reason, 10);
      await clock.settle();
      const stopping = supervisor.call.terminateChild("a");
      await clock.advance(10);
      expect(await stopping).toEqual({ ok: true });
      expect(supervisorReports(reports)).toEqual(reported);
      await stop();
    }
  });

  test("case 34: normal and shutdown(x) are silent for a child that is not permanent", async () => {
    for (const reason of ["normal", { shutdown: "x" }]) {
      const { supervisor, ref, reports, clock, stop } = await scene({
        children: [worker("a", [], { restart: "transient" })],
      });
      ref("a").cast.endLater(reason, 10);
      await clock.settle();
      const stopping = supervisor.call.terminateChild("a");
      await clock.advance(10);
      expect(await stopping).toEqual({ ok: true });
      expect(supervisorReports(reports)).toEqual([]);
      await stop();
    }
  });

  test("case 444: waiting for a child costs no turn: nothing is armed but its one timer", async () => {
    const { system, supervisor, clock, stop } = await scene({
      children: [worker("a", [], { script: { stopMs: 2_000 } })],
    });
    system.exit(supervisor, "shutdown");
    await clock.settle();
    // One of the child's own, one until it is killed.
    expect(clock.armed).toBe(2);
    await clock.advance(2_000);
    await stop();
  });

  test("a child that died by itself while the supervisor was busy is not restarted after it was stopped", async () => {
    const journal: string[] = [];
    const { system, supervisor, ref, clock, happened, stop } = await scene(
      { children: [worker("a", journal)] },
      journal,
    );
    happened();
    const stopping = supervisor.call.terminateChild("a");
    system.exit(ref("a"), "kill");
    await clock.settle();
    expect(await stopping).toEqual({ ok: true });
    expect(system.whereis("a")).toBe(happened().includes("start a") ? ref("a") : undefined);
    await stop();
  });

  test("a subclass's own terminate runs when its children have ended", async () => {
    const journal: string[] = [];
    class Closing extends Planned {
      override async terminate(): Promise<void> {
        journal.push("close");
        await Promise.resolve();
        journal.push("closed");
      }
    }
    class ClosingDynamic extends DynamicSupervisor {
      override terminate(): void {
        journal.push("dynamic closed");
      }
    }
    const { system, clock, stop } = await createTestSystem();
    const closing = await system.start(Closing, { children: [worker("a", journal, { script: { stopMs: 10 } })] });
    const dynamic = await system.start(ClosingDynamic);
    await startChild(dynamic, childTemplate(Worker), { id: "b", journal });
    system.exit(closing, "shutdown");
    await clock.advance(10);
    system.exit(dynamic, "shutdown");
    await system.exited(dynamic);
    expect(journal).toEqual([
      "start a",
      "start b",
      "stop a",
      "stopped a",
      "close",
      "closed",
      "stop b",
      "dynamic closed",
    ]);
    await stop();
  });

  test("when the supervisor is killed its children end with it", async () => {
    const { system, supervisor, ref, clock, stop } = await scene({
      children: [worker("a", []), worker("b", [], { script: { trap: false } })],
    });
    const ends = Promise.all([system.exited(ref("a")), system.exited(ref("b"))]);
    system.exit(supervisor, "kill");
    await clock.settle();
    expect(await ends).toEqual(["killed", "killed"]);
    await stop();
  });

  test("a supervisor killed while it waits for a child leaves none behind: the time of the child still runs out", async () => {
    const script = { stopMs: Number.POSITIVE_INFINITY };
    const { system, supervisor, ref, clock, stop } = await scene({
      children: [worker("a", [], { shutdown: 100, script })],
    });
    const a = ref("a");
    system.exit(supervisor, "shutdown");
    await clock.advance(50);
    system.exit(supervisor, "kill");
    await clock.advance(50);
    expect(system.isAlive(a)).toBe(false);
    await stop();
  });
});
