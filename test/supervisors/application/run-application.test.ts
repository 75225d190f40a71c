import { type ActorSystem, BadArgumentError, type Report } from "holdfast";
import {
  application,
  type ApplicationDefinition,
  type HostProcess,
  libraryApplication,
  runApplication,
  type RunOptions,
  type RunResult,
  type StopSignal,
} from "holdfast/supervisors";
import { assertNoLeaks, createVirtualClock, type VirtualClock } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { worker } from "../plans.js";
import { loud, Stray, Tree, tree, Written } from "./journal.js";

/** A process that writes down what is done with it. */
class FakeProcess implements HostProcess {
  readonly listeners = new Set<(signal: StopSignal) => void>();
  readonly codes: number[] = [];
  readonly exits: number[] = [];

  onStopSignal(listener: (signal: StopSignal) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  setExitCode(code: number): void {
    this.codes.push(code);
  }

  exit(code: number): void {
    this.exits.push(code);
  }

  signal(signal: StopSignal): void {
    for (const listener of this.listeners) listener(signal);
  }
}

interface Run {
  readonly host: FakeProcess;
  readonly clock: VirtualClock;
  readonly reports: Report[];
  readonly running: Promise<RunResult>;
  /** The system, when all runs. */
  readonly started: Promise<ActorSystem>;
}

async function run(definition: ApplicationDefinition, options: RunOptions = {}): Promise<Run> {
  const host = new FakeProcess();
  const clock = createVirtualClock();
  const reports: Report[] = [];
  const reporter = (report: Report): void => void reports.push(report);
  let tell: (system: ActorSystem) => void = () => undefined;
  const started = new Promise<ActorSystem>((resolve) => {
    tell = resolve;
  });
  const onStarted: RunOptions["onStarted"] = async (program) => {
    clock.attach(program.system);
    tell(program.system);
    await options.onStarted?.(program);
  };
  const running = runApplication(definition, { host, clock, reporter, ...options, onStarted });
  await clock.settle();
  return { host, clock, reports, running, started };
}

function expectNothingLeft({ host, clock }: Run, system: ActorSystem): void {
  assertNoLeaks(system);
  expect([host.listeners.size, clock.armed]).toEqual([0, 0]);
}

describe("a whole program", () => {
  test.each(["SIGTERM", "SIGINT"] as const)("case 467: %s stops all in order, and nothing is left", async (signal) => {
    const journal: string[] = [];
    const base = application(Tree, { name: "base", args: tree(journal, "a") });
    const app = application(Written, {
      name: "app",
      args: { journal, plan: tree(journal, "b", "c") },
      dependencies: [base],
    });
    const onStopping = (by: StopSignal | undefined): void => void journal.push(`stopping ${by}`);
    const program = await run(app, { onStopping });
    const system = await program.started;
    expect(system.name).toBe("app");
    program.host.signal(signal);
    expect(await program.running).toEqual({ ended: "stopped", signal, exitCode: 0 });
    expect(journal).toEqual([
      "start a",
      "start app normal",
      "start b",
      "start c",
      `stopping ${signal}`,
      "prepStop app started",
      "stop c",
      "stop b",
      "stop app started,prepared",
      "stop a",
    ]);
    expect([program.host.codes, program.host.exits]).toEqual([[0], []]);
    expectNothingLeft(program, system);
  });

  test("case 467: what has not stopped when the deadline is over is killed, and the exit code is 124", async () => {
    const journal: string[] = [];
    const plan = {
      children: [worker("stuck", journal, { shutdown: "infinity", script: { stopMs: Number.POSITIVE_INFINITY } })],
    };
    const base = application(Tree, { name: "base", args: tree(journal, "a") });
    const app = application(Written, { name: "app", args: { journal, plan }, dependencies: [base] });
    const program = await run(app);
    const system = await program.started;
    const stray = system.spawn(Stray);
    program.host.signal("SIGTERM");
    await program.clock.advance(24_999);
    expect(system.isAlive(stray)).toBe(true);
    await program.clock.advance(1);
    expect(await program.running).toEqual({ ended: "deadline", signal: "SIGTERM", exitCode: 124 });
    expect([program.host.codes, program.host.exits]).toEqual([[124], [124]]);
    expect(loud(program.reports)).toEqual(["app did not stop within 25000 ms: everything that is left is killed"]);
    expectNothingLeft(program, system);
  });

  test("a second signal ends the process at once; one that comes within 300 ms is the same press", async () => {
    const args = { journal: [], hanging: ["prepStop"] };
    const program = await run(application(Written, { name: "app", args }), { deadlineMs: 1_000 });
    program.host.signal("SIGINT");
    await program.clock.advance(300);
    program.host.signal("SIGINT");
    expect(program.host.exits).toEqual([]);
    await program.clock.advance(1);
    program.host.signal("SIGINT");
    program.host.signal("SIGTERM");
    expect(program.host.exits).toEqual([130, 143]);
    await program.clock.advance(1_000);
    expect(await program.running).toMatchObject({ ended: "deadline" });
  });

  test.each([
    ["normal", 0],
    ["shutdown", 1],
    ["boom", 1],
  ] as const)("ends when a permanent application ends with %s, with the exit code %i", async (reason, exitCode) => {
    const journal: string[] = [];
    const program = await run(application(Tree, { name: "app", args: tree(journal, "a") }));
    const system = await program.started;
    const applications = system.root === undefined ? undefined : system.info(system.root)?.links;
    const top = applications?.flatMap((master) => system.info(master)?.links ?? []).find((ref) => ref !== system.root);
    if (top === undefined) throw new Error("there is no top supervisor");
    void system.stopActor(top, reason);
    await program.clock.settle();
    expect(await program.running).toEqual({ ended: "terminated", application: "app", reason, exitCode });
    expect(program.host.codes).toEqual([exitCode]);
    expectNothingLeft(program, system);
  });

  test("ends with 0 when the program itself stops the system, within the same deadline", async () => {
    const program = await run(application(Tree, { name: "app", args: { children: [] } }));
    const system = await program.started;
    void system.stop();
    expect(await program.running).toEqual({ ended: "stopped", signal: undefined, exitCode: 0 });
    expectNothingLeft(program, system);
  });

  test("ends with 1 when its root is killed", async () => {
    const program = await run(application(Tree, { name: "app", args: { children: [] } }));
    const system = await program.started;
    if (system.root !== undefined) system.exit(system.root, "kill");
    await program.clock.settle();
    expect(await program.running).toEqual({
      ended: "terminated",
      application: undefined,
      reason: "killed",
      exitCode: 1,
    });
    expectNothingLeft(program, system);
  });

  test("that does not start ends with 1, and says why", async () => {
    const journal: string[] = [];
    const base = application(Tree, { name: "base", args: tree(journal, "a") });
    const args = { children: [worker("broken", journal, { script: { starts: ["throw"] } })] };
    const app = application(Tree, { name: "app", args, dependencies: [base] });
    const program = await run(app);
    expect(await program.running).toMatchObject({
      ended: "start_failed",
      failure: { reason: "start_failed", application: "app" },
      exitCode: 1,
    });
    expect(journal).toEqual(["start a", "start broken throw", "stop a"]);
    expect(loud(program.reports)).toEqual([
      expect.stringContaining("application app did not start: app failed, shutdown("),
    ]);
    expect([program.host.listeners.size, program.clock.armed]).toEqual([0, 0]);
  });

  test.each([
    [["app"], "application app did not start: applications need each other: app -> app"],
    [["none"], "application app did not start: there is no application none, needed by app"],
  ])("that depends on %j says what is wrong", async (dependencies, text) => {
    const program = await run(libraryApplication({ name: "app", dependencies }));
    expect(await program.running).toMatchObject({ ended: "start_failed", exitCode: 1 });
    expect(loud(program.reports)).toEqual([text]);
  });

  test("a signal while it starts stops what runs and kills what hangs", async () => {
    const journal: string[] = [];
    const base = application(Tree, { name: "base", args: tree(journal, "a") });
    const app = application(Written, { name: "app", args: { journal, hanging: ["start"] }, dependencies: [base] });
    const program = await run(app, { shutdownTimeoutMs: 10 });
    program.host.signal("SIGTERM");
    await program.clock.advance(10);
    expect(await program.running).toEqual({ ended: "stopped", signal: "SIGTERM", exitCode: 0 });
    expect(journal).toEqual(["start a", "start app normal", "stop a"]);
    expect([program.host.listeners.size, program.clock.armed]).toEqual([0, 0]);
  });

  test("the deadline counts for the stop after a failed start, too", async () => {
    const args = { journal: [], hanging: ["prepStop"] };
    const base = application(Written, { name: "base", args });
    const bad = application(Written, { name: "bad", args: { journal: [], failing: ["start"] } });
    const program = await run(libraryApplication({ name: "app", dependencies: [base, bad] }), { deadlineMs: 10 });
    program.host.signal("SIGTERM");
    await program.clock.advance(10);
    expect(await program.running).toMatchObject({ ended: "deadline" });
    expect(program.host.exits).toEqual([124]);
  });

  test("a signal ends the wait for onStarted", async () => {
    const onStarted = (): Promise<void> => new Promise(() => undefined);
    const program = await run(libraryApplication({ name: "app" }), { onStarted });
    program.host.signal("SIGTERM");
    expect(await program.running).toMatchObject({ ended: "stopped", exitCode: 0 });
  });

  test("what onStarted throws stops the program, and is thrown", async () => {
    const journal: string[] = [];
    const onStarted = (): never => {
      throw new Error("not today");
    };
    const host = new FakeProcess();
    const app = application(Tree, { name: "app", args: tree(journal, "a") });
    await expect(runApplication(app, { host, onStarted })).rejects.toThrow("not today");
    expect(host.listeners.size).toBe(0);
    expect(journal).toEqual(["start a", "stop a"]);
  });

  test("idle for a day it goes on", async () => {
    const program = await run(application(Tree, { name: "app", args: { children: [] } }));
    const system = await program.started;
    await program.clock.advance(86_400_000);
    expect(program.clock.armed).toBe(1);
    program.host.signal("SIGTERM");
    await program.running;
    expectNothingLeft(program, system);
  });

  test("a deadline that is no time is refused", async () => {
    const library = libraryApplication({ name: "library" });
    await expect(runApplication(library, { deadlineMs: Number.NaN })).rejects.toThrow(BadArgumentError);
  });
});
