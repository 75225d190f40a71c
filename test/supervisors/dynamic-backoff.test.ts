import { type ActorRef, sys } from "holdfast";
import {
  type BackoffOptions,
  childTemplate,
  DynamicSupervisor,
  type DynamicSupervisorFlags,
  PartitionSupervisor,
  partitioned,
  partitionOf,
  startChild,
  SupervisorSpecError,
} from "holdfast/supervisors";
import { createTestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { statusOf, supervisorReports } from "./plans.js";
import { type NextStart, Worker } from "./worker.js";

const STEADY: BackoffOptions = { baseMs: 100, capMs: 1_000, jitter: 0, stableMs: 5_000 };

async function crashed(flags: DynamicSupervisorFlags = {}, backoff = STEADY) {
  const made = await createTestSystem();
  const { system, clock } = made;
  const supervisor = await system.start(DynamicSupervisor, flags);
  const starts: NextStart[] = [];
  const journal: string[] = [];
  const template = childTemplate(Worker, { backoff });
  const started = await startChild(supervisor, template, { id: "a", journal, starts }, { name: "a" });
  if (!started.ok) throw new Error(started.reason);
  const kill = async (): Promise<void> => {
    const ref = system.whereis("a");
    if (ref === undefined) throw new Error("a does not run");
    system.exit(ref, "kill");
    await clock.settle();
  };
  await kill();
  return { ...made, supervisor, template, starts, journal, first: started.ref, kill };
}

describe("a child of a dynamic supervisor with back-off", () => {
  test("is restarted after a delay that grows, and does not count for the intensity", async () => {
    const { system, supervisor, clock, journal, kill, stop } = await crashed({ intensity: 0 });
    for (const delayMs of [100, 200, 400]) {
      await clock.advance(delayMs - 1);
      expect(system.whereis("a")).toBeUndefined();
      await clock.advance(1);
      await kill();
    }
    expect(journal).toHaveLength(4);
    expect(statusOf(supervisor)).toMatchObject({ restarts: { inWindow: 0, total: 3 } });
    await stop();
  });

  test("begins anew after it has run for stableMs", async () => {
    const { system, clock, kill, stop } = await crashed();
    await clock.advance(100 + 5_000);
    await kill();
    await clock.advance(100);
    expect(system.whereis("a")).toBeDefined();
    await stop();
  });

  test("keeps its place while it waits: it counts for maxChildren, and not as active", async () => {
    const { supervisor, template, first, stop } = await crashed({ maxChildren: 1 });
    expect(await startChild(supervisor, template, { id: "b", journal: [] })).toEqual({
      ok: false,
      reason: "max_children",
    });
    expect(await supervisor.call.countChildren()).toEqual({ specs: 1, active: 0, supervisors: 0, workers: 1 });
    expect(await supervisor.call.whichChildren()).toMatchObject([{ ref: undefined, state: "restarting" }]);
    expect(await supervisor.call.whichChild(first)).toMatchObject({ child: { ref: undefined, state: "restarting" } });
    await stop();
  });

  test("is tried again after the next delay when it fails to start, until maxAttempts are made", async () => {
    const { system, supervisor, clock, starts, journal, reports, stop } = await crashed(
      { intensity: 0 },
      { ...STEADY, maxAttempts: 3 },
    );
    starts.push("fail", "fail", "fail");
    await clock.advance(100 + 200);
    expect(journal).toEqual(["start a", "start a fail", "start a fail"]);
    await clock.advance(400);
    expect(await system.exited(supervisor)).toBe("shutdown");
    expect(supervisorReports(reports).at(-1)).toBe("shutdown undefined: reached_max_restart_attempts");
    expect(clock.armed).toBe(0);
    await stop();
  });

  test("is let go by terminateChild, by the ref of its last incarnation", async () => {
    const { supervisor, clock, first, journal, stop } = await crashed();
    expect(await supervisor.call.terminateChild(first)).toEqual({ ok: true });
    expect(await supervisor.call.countChildren()).toEqual({ specs: 0, active: 0, supervisors: 0, workers: 0 });
    expect(clock.armed).toBe(0);
    await clock.advance(10_000);
    expect(journal).toEqual(["start a"]);
    await stop();
  });

  test("is dropped when it asks to be ignored", async () => {
    const { supervisor, clock, starts, stop } = await crashed();
    starts.push("ignore");
    await clock.advance(100);
    expect(await supervisor.call.whichChildren()).toEqual([]);
    await stop();
  });

  test("does not keep its supervisor from stopping", async () => {
    const { system, supervisor, clock, stop } = await crashed();
    system.exit(supervisor, "shutdown");
    expect(await system.exited(supervisor)).toBe("shutdown");
    expect(clock.armed).toBe(0);
    await stop();
  });

  test("waits for a suspended supervisor to be resumed", async () => {
    const { system, supervisor, clock, stop } = await crashed();
    const suspended = sys.suspend(supervisor);
    await clock.settle();
    await suspended;
    await clock.advance(10_000);
    expect(system.whereis("a")).toBeUndefined();
    const resumed = sys.resume(supervisor);
    await clock.settle();
    await resumed;
    expect(system.whereis("a")).toBeDefined();
    await stop();
  });

  test("is shown to the inspector by its name, with the attempt that is due", async () => {
    const { supervisor, clock, stop } = await crashed();
    await clock.advance(40);
    expect(statusOf(supervisor)).toMatchObject({
      entries: [{ id: undefined, name: "a", state: "restarting", nextTry: { attempt: 1, inMs: 60 } }],
    });
    await clock.advance(60);
    expect(statusOf(supervisor)).toMatchObject({ entries: [] });
    await stop();
  });

  test("has it checked when the template is made", () => {
    expect(() => childTemplate(Worker, { backoff: { jitter: 2 } })).toThrow(SupervisorSpecError);
    expect(() => childTemplate(Worker, { backoff: {}, restart: "temporary" })).toThrow("never restarted");
  });
});

describe("a partition with back-off", () => {
  test("waits alone; a resize below it ends the attempts, one above starts it", async () => {
    const { system, clock, stop } = await createTestSystem();
    const supervisor: ActorRef<PartitionSupervisor<Worker>> = await system.start(
      PartitionSupervisor<Worker>,
      partitioned(Worker, {
        partitions: 2,
        backoff: STEADY,
        withArguments: (_, partition) => ({ id: String(partition), journal: [] }),
      }),
    );
    const old = partitionOf(supervisor, 1);
    system.exit(old, "kill");
    await clock.advance(99);
    await expect(partitionOf(supervisor, 1).call.increment()).rejects.toMatchObject({ code: "noproc" });
    await clock.advance(1);
    expect(partitionOf(supervisor, 1)).not.toBe(old);
    system.exit(partitionOf(supervisor, 1), "kill");
    await clock.settle();
    expect(await supervisor.call.resize(1)).toEqual({ ok: true, previous: 2 });
    expect(clock.armed).toBe(0);
    expect(await supervisor.call.resize(2)).toEqual({ ok: true, previous: 1 });
    expect(await partitionOf(supervisor, 1).call.increment()).toBe(1);
    await stop();
  });
});
