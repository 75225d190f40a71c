import { sys } from "holdfast";
import { type BackoffOptions, checkChildSpec, SupervisorSpecError } from "holdfast/supervisors";
import { createTestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { Planned, scene, statusOf, supervisorReports, worker } from "./plans.js";
import type { NextStart } from "./worker.js";

/** Delays of 100, 200, 400, 800, 1,000 ms, without chance. */
const STEADY: BackoffOptions = { baseMs: 100, capMs: 1_000, jitter: 0, stableMs: 5_000 };

const failing = (times: number): NextStart[] => Array.from({ length: times }, (): NextStart => "fail");

describe("a child with back-off", () => {
  test("is restarted after a delay that grows, and between two attempts is shown as restarting", async () => {
    const journal: string[] = [];
    const { system, clock, children, kill, happened, stop } = await scene(
      { children: [worker("a", journal, { backoff: STEADY }), worker("b", journal)] },
      journal,
    );
    happened();
    for (const delayMs of [100, 200, 400, 800, 1_000, 1_000]) {
      await kill("a");
      await clock.advance(delayMs - 1);
      expect(happened()).toEqual([]);
      expect((await children())["a"]).toMatchObject({ ref: undefined, state: "restarting" });
      await clock.advance(1);
      expect(happened()).toEqual(["start a"]);
    }
    expect(system.whereis("b")).toBeDefined();
    await stop();
  });

  test("begins anew after it has run for stableMs", async () => {
    const { system, clock, kill, stop } = await scene({ children: [worker("a", [], { backoff: STEADY })] });
    await kill("a");
    await clock.advance(100);
    await clock.advance(4_999);
    await kill("a");
    await clock.advance(199);
    expect(system.whereis("a")).toBeUndefined();
    await clock.advance(1);
    await clock.advance(5_000);
    await kill("a");
    await clock.advance(100);
    expect(system.whereis("a")).toBeDefined();
    await stop();
  });

  test("that fails to start is tried again after the next delay, without counting for the intensity", async () => {
    const journal: string[] = [];
    const starts: NextStart[] = [];
    const { system, supervisor, clock, reports, kill, happened, stop } = await scene(
      { intensity: 0, children: [worker("a", journal, { backoff: STEADY, script: { starts } })] },
      journal,
    );
    starts.push(...failing(3));
    happened();
    await kill("a");
    await clock.advance(100 + 200 + 400);
    expect(happened()).toEqual(["start a fail", "start a fail", "start a fail"]);
    await clock.advance(800);
    expect(happened()).toEqual(["start a"]);
    expect(system.isAlive(supervisor)).toBe(true);
    expect(statusOf(supervisor)).toMatchObject({ restarts: { inWindow: 0, max: 0, total: 4 } });
    expect(supervisorReports(reports)).toEqual([
      "child_terminated a: killed",
      ...["start_error a: nope", "start_error a: nope", "start_error a: nope"],
    ]);
    await stop();
  });

  test("ends its supervisor when it has had maxAttempts in a row", async () => {
    const journal: string[] = [];
    const children = [worker("a", journal), worker("b", journal, { backoff: { ...STEADY, maxAttempts: 2 } })];
    const { system, supervisor, clock, reports, kill, happened, stop } = await scene({ children }, journal);
    happened();
    for (const delayMs of [100, 200]) {
      await kill("b");
      await clock.advance(delayMs);
    }
    expect(happened()).toEqual(["start b", "start b"]);
    await kill("b");
    expect(happened()).toEqual(["stop a"]);
    expect(await system.exited(supervisor)).toBe("shutdown");
    expect(supervisorReports(reports).at(-1)).toBe("shutdown b: reached_max_restart_attempts");
    expect(clock.armed).toBe(0);
    await stop();
  });

  test("draws its delays from the system's random source", async () => {
    const random = { next: () => 0.5 };
    const { clock, kill, happened, stop } = await sceneWith(random, { baseMs: 1_000 });
    await kill("a");
    await clock.advance(749);
    expect(happened()).toEqual([]);
    await clock.advance(1);
    expect(happened()).toEqual(["start a"]);
    await stop();
  });

  test("leaves a transient end alone", async () => {
    const { children, clock, end, stop } = await scene({
      children: [worker("a", [], { restart: "transient", backoff: STEADY })],
    });
    await end("a", "normal");
    expect((await children())["a"]).toMatchObject({ state: "stopped" });
    expect(clock.armed).toBe(0);
    await stop();
  });
});

describe("what others do while a child waits", () => {
  async function waiting() {
    const journal: string[] = [];
    const starts: NextStart[] = [];
    const spec = worker("a", journal, { backoff: STEADY, script: { starts } });
    const made = await scene({ children: [spec] }, journal);
    await made.kill("a");
    made.happened();
    return { ...made, starts, spec };
  }

  test("terminateChild ends the attempts", async () => {
    const { supervisor, clock, children, happened, stop } = await waiting();
    expect(await supervisor.call.terminateChild("a")).toEqual({ ok: true });
    expect((await children())["a"]).toMatchObject({ state: "stopped" });
    expect(clock.armed).toBe(0);
    await clock.advance(10_000);
    expect(happened()).toEqual([]);
    expect(await supervisor.call.deleteChild("a")).toEqual({ ok: true });
    await stop();
  });

  test("startChild and deleteChild are refused as for any child that is being restarted", async () => {
    const { supervisor, spec, stop } = await waiting();
    expect(await supervisor.call.startChild(spec)).toEqual({ ok: false, reason: "already_present" });
    expect(await supervisor.call.deleteChild("a")).toEqual({ ok: false, reason: "restarting" });
    await stop();
  });

  test("restartChild makes the attempt at once", async () => {
    const { supervisor, ref, clock, happened, stop } = await waiting();
    expect(await supervisor.call.restartChild("a")).toEqual({ ok: true, ref: ref("a") });
    expect(happened()).toEqual(["start a"]);
    expect(clock.armed).toBe(0);
    await clock.advance(10_000);
    expect(happened()).toEqual([]);
    await stop();
  });

  test("restartChild that fails answers why, and the next delay begins", async () => {
    const { supervisor, children, starts, clock, happened, stop } = await waiting();
    starts.push("fail");
    expect(await supervisor.call.restartChild("a")).toEqual({ ok: false, reason: "start_failed", error: "nope" });
    expect((await children())["a"]).toMatchObject({ state: "restarting" });
    await clock.advance(199);
    expect(happened()).toEqual(["start a fail"]);
    await clock.advance(1);
    expect(happened()).toEqual(["start a"]);
    await stop();
  });

  test("a supervisor that stops does not wait for it", async () => {
    const { system, supervisor, clock, happened, stop } = await waiting();
    system.exit(supervisor, "shutdown");
    expect(await system.exited(supervisor)).toBe("shutdown");
    expect(clock.armed).toBe(0);
    await clock.advance(10_000);
    expect(happened()).toEqual([]);
    await stop();
  });

  test("a suspended supervisor makes the attempt when it is resumed", async () => {
    const { supervisor, clock, happened, stop } = await waiting();
    const suspended = sys.suspend(supervisor);
    await clock.settle();
    await suspended;
    await clock.advance(10_000);
    expect(happened()).toEqual([]);
    const resumed = sys.resume(supervisor);
    await clock.settle();
    await resumed;
    expect(happened()).toEqual(["start a"]);
    await stop();
  });

  test("the inspector is shown the number of the attempt and when it is due", async () => {
    const { supervisor, clock, stop } = await waiting();
    await clock.advance(40);
    expect(statusOf(supervisor)).toMatchObject({
      entries: [{ id: "a", state: "restarting", lastExit: "killed", nextTry: { attempt: 1, inMs: 60 } }],
    });
    await clock.advance(60);
    expect(statusOf(supervisor)).not.toMatchObject({ entries: [{ nextTry: expect.anything() }] });
    await stop();
  });
});

describe("back-off and strategies", () => {
  test("one_for_all stops the others at once, and starts all when the delay is over", async () => {
    const journal: string[] = [];
    const children = ["a", "b", "c"].map((id) => worker(id, journal, id === "b" ? { backoff: STEADY } : {}));
    const { supervisor, clock, kill, happened, stop } = await scene({ strategy: "one_for_all", children }, journal);
    happened();
    await kill("b");
    expect(happened()).toEqual(["stop c", "stop a"]);
    expect((await supervisor.call.whichChildren()).map(({ state }) => state)).toEqual([
      "stopped",
      "restarting",
      "stopped",
    ]);
    await clock.advance(100);
    expect(happened()).toEqual(["start a", "start b", "start c"]);
    await stop();
  });

  test("one_for_all waits again with nothing running when the child does not start", async () => {
    const journal: string[] = [];
    const starts: NextStart[] = [];
    const children = [worker("a", journal), worker("b", journal, { backoff: STEADY, script: { starts } })];
    const { clock, kill, happened, stop } = await scene({ strategy: "one_for_all", children }, journal);
    starts.push("fail");
    happened();
    await kill("b");
    await clock.advance(100);
    expect(happened()).toEqual(["stop a", "start a", "start b fail", "stop a"]);
    await clock.advance(200);
    expect(happened()).toEqual(["start a", "start b"]);
    await stop();
  });

  test("rest_for_one leaves the earlier ones alone, and goes on at the child that failed", async () => {
    const journal: string[] = [];
    const starts: NextStart[] = [];
    const children = ["a", "b", "c", "d"].map((id) =>
      worker(id, journal, { backoff: STEADY, ...(id === "c" ? { script: { starts } } : {}) }),
    );
    const { ref, clock, kill, happened, stop } = await scene({ strategy: "rest_for_one", children }, journal);
    starts.push("fail");
    const a = ref("a");
    happened();
    await kill("b");
    expect(happened()).toEqual(["stop d", "stop c"]);
    await clock.advance(100);
    // Its own first delay, for it has failed for the first time.
    expect(happened()).toEqual(["start b", "start c fail"]);
    await clock.advance(100);
    expect(happened()).toEqual(["start c", "start d"]);
    expect(ref("a")).toBe(a);
    await stop();
  });

  test("a waiting child whose group is restarted for another starts with it", async () => {
    const journal: string[] = [];
    const children = [worker("a", journal), worker("b", journal, { backoff: STEADY })];
    const { clock, kill, happened, stop } = await scene({ strategy: "rest_for_one", children }, journal);
    await kill("b");
    happened();
    await kill("a");
    expect(happened()).toEqual(["start a", "start b"]);
    expect(clock.armed).toBe(0);
    await stop();
  });

  test("a child of a group without back-off that does not start is tried again at once, and counts", async () => {
    const starts: NextStart[] = [];
    const children = [worker("a", [], { script: { starts } }), worker("b", [], { backoff: STEADY })];
    const { supervisor, clock, kill, children: entries, stop } = await scene({ strategy: "one_for_all", children });
    starts.push("fail", "fail");
    await kill("b");
    await clock.advance(100);
    expect(await entries()).toMatchObject({ a: { state: "running" }, b: { state: "running" } });
    expect(statusOf(supervisor)).toMatchObject({ restarts: { inWindow: 2, total: 3 } });
    await stop();
  });
});

describe("the back-off of a specification", () => {
  const check = (backoff: unknown, rest: object = {}) =>
    checkChildSpec(Object.assign(worker("a", []), { backoff, ...rest }), "never");

  const failure = (backoff: unknown, rest: object = {}): string => {
    try {
      check(backoff, rest);
    } catch (error) {
      if (error instanceof SupervisorSpecError) return `${error.code}: ${error.message}`;
    }
    return "accepted";
  };

  test("has defaults", () => {
    const defaults = { baseMs: 500, capMs: 20_000, factor: 2, jitter: 0.5, stableMs: 10_000 };
    expect(check({}).backoff).toEqual({ ...defaults, maxAttempts: Number.POSITIVE_INFINITY });
    expect(check({ baseMs: 60_000, jitter: undefined }).backoff).toMatchObject({ baseMs: 60_000, capMs: 60_000 });
    expect(check(undefined)).not.toHaveProperty("backoff");
  });

  test("is refused where it cannot be used, with what was expected", () => {
    expect(failure({ baseMs: 0 })).toBe(
      'invalid_backoff: Expected backoff.baseMs of the child (id "a") to be a number of milliseconds above 0; got 0',
    );
    expect(failure({ baseMs: 200, capMs: 100 })).toContain("at least baseMs, 200; got 100");
    expect(failure({ maxMs: 100 })).toContain(
      'one of baseMs, capMs, factor, jitter, stableMs, maxAttempts; got "maxMs"',
    );
    for (const wrong of [
      ...[true, 500, null, []],
      { baseMs: "500" },
      { baseMs: Number.POSITIVE_INFINITY },
      { capMs: Number.NaN },
      { factor: 0.9 },
      { jitter: 1.1 },
      { jitter: -0.1 },
      { stableMs: -1 },
      { maxAttempts: 0 },
      { maxAttempts: 1.5 },
    ]) {
      expect(failure(wrong)).toMatch(/^invalid_backoff: /);
    }
    expect(failure({}, { restart: "temporary" })).toMatch(/^bad_combination: .* temporary and never restarted/);
  });

  test("that cannot be used fails the start of the supervisor", async () => {
    const { system, stop } = await createTestSystem();
    const children = [worker("a", [], { backoff: { factor: 0 } })];
    await expect(system.start(Planned, { children })).rejects.toMatchObject({
      reason: { start_spec: "invalid_backoff" },
    });
    await stop();
  });
});

async function sceneWith(random: { next(): number }, backoff: BackoffOptions) {
  const journal: string[] = [];
  const made = await scene({ children: [worker("a", journal, { backoff })] }, journal, { random });
  made.happened();
  return made;
}
