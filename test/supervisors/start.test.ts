import { Actor, type ActorClass, type AnyRef, type Exit, StartError, type StartResult } from "holdfast";
import { child, Supervisor, type SupervisorInit } from "holdfast/supervisors";
import { createTestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { Planned, scene, supervisorReports, worker } from "./plans.js";
import { Worker } from "./worker.js";

async function failureOf(plan: unknown): Promise<StartError> {
  const test = await createTestSystem();
  class Wrong extends Supervisor {
    override init(): SupervisorInit {
      // What JavaScript could return, whatever the types say.
      const text = JSON.stringify({ plan });
      const parsed: { readonly plan: SupervisorInit } = JSON.parse(text, (key, value: unknown) =>
        key === "start" ? Worker : value,
      );
      return parsed.plan;
    }
  }
  const failure = await test.system.start(Wrong).then(
    () => undefined,
    (error: unknown) => error,
  );
  await test.stop();
  if (failure instanceof StartError) return failure;
  throw new Error("expected the start to fail");
}

/** A trapping actor that starts supervisors as its own children, and keeps the exits that it is told of. */
class Starter extends Actor {
  readonly exits: Exit[] = [];

  override init(): void {
    this.trapExit();
  }

  startLinked(supervisor: ActorClass<Supervisor<SupervisorInit>>, plan: SupervisorInit): Promise<StartResult<unknown>> {
    return Promise.resolve(this.start(supervisor, plan));
  }

  end(ref: AnyRef): void {
    this.exit(ref, "shutdown");
  }

  told(): readonly Exit[] {
    return this.exits;
  }

  override handleExit(exit: Exit): void {
    this.exits.push(exit);
  }
}

describe("start", () => {
  test("the example of the architecture compiles and runs", async () => {
    class Shop extends Supervisor {
      override init() {
        return {
          strategy: "one_for_one",
          intensity: 3,
          periodMs: 5_000,
          children: [child(Worker, { id: "counter", args: { id: "counter", journal: [] }, name: "counter" })],
        } as const;
      }
    }
    const { system, stop } = await createTestSystem({ root: Shop });
    expect(await system.whereis<Worker>("counter")?.call.increment()).toBe(1);
    await stop();
  });

  test("case 1: a supervisor without children starts, and ends with shutdown when its parent says so", async () => {
    const { system, clock, stop } = await createTestSystem();
    const starter = await system.start(Starter);
    const started = await starter.call.startLinked(Planned, { intensity: 2, periodMs: 3_600_000, children: [] });
    if (!started.ok) throw new Error("expected the supervisor to start");
    starter.cast.end(started.ref);
    await clock.settle();
    expect(await starter.call.told()).toEqual([{ ref: started.ref, reason: "shutdown" }]);
    expect(await system.exited(started.ref)).toBe("shutdown");
    await stop();
  });

  test("case 2: an init that asks to be ignored leaves nothing", async () => {
    const { system, clock, stop } = await createTestSystem();
    await expect(system.start(Planned, { ignore: true }, { name: "gone" })).rejects.toMatchObject({ code: "ignore" });
    expect(system.whereis("gone")).toBeUndefined();
    const starter = await system.start(Starter);
    expect(await starter.call.startLinked(Planned, { ignore: true })).toEqual({ ok: false, ignore: true });
    await clock.advance(100);
    expect(await starter.call.told()).toEqual([]);
    expect(system.info(starter)).toMatchObject({ links: [] });
    await stop();
  });

  test("case 4: an init that throws fails the start with what it threw", async () => {
    class Broken extends Supervisor<SupervisorInit> {
      override init(): SupervisorInit {
        throw new Error("no plan");
      }
    }
    const { system, clock, stop } = await createTestSystem();
    const starter = await system.start(Starter);
    expect(await starter.call.startLinked(Broken, { children: [] })).toMatchObject({
      ok: false,
      ignore: false,
      reason: { error: { message: "no plan" } },
    });
    await clock.advance(100);
    expect(await starter.call.told()).toEqual([]);
    await expect(system.start(Broken, { children: [] })).rejects.toMatchObject({
      code: "init_failed",
      reason: { error: { message: "no plan" } },
    });
    await stop();
  });

  test("an async init is waited for", async () => {
    const journal: string[] = [];
    class Later extends Supervisor<string> {
      override async init(id: string): Promise<SupervisorInit> {
        await Promise.resolve();
        return { children: [worker(id, journal)] };
      }
    }
    const { system, stop } = await createTestSystem();
    await system.start(Later, "a");
    expect(journal).toEqual(["start a"]);
    await stop();
  });

  test("case 6: a temporary child that asks to be ignored leaves no specification", async () => {
    const { supervisor, children, stop } = await scene({
      children: [
        worker("1", [], { restart: "temporary", script: { starts: ["ignore"] } }),
        worker("2", [], { restart: "temporary" }),
      ],
    });
    expect(Object.keys(await children())).toEqual(["2"]);
    expect(await supervisor.call.countChildren()).toEqual({ specs: 1, active: 1, supervisors: 0, workers: 1 });
    await stop();
  });

  test("a child that is not temporary and asks to be ignored keeps its specification", async () => {
    const journal: string[] = [];
    const ignored = () => ({ script: { starts: ["ignore" as const] } });
    const { supervisor, children, stop } = await scene({
      children: [
        worker("a", journal, { restart: "temporary", ...ignored() }),
        worker("b", journal, { restart: "temporary" }),
        worker("c", journal, ignored()),
      ],
    });
    expect(Object.keys(await children())).toEqual(["c", "b"]);
    expect((await children())["c"]).toMatchObject({ ref: undefined, state: "stopped" });
    expect(await supervisor.call.countChildren()).toEqual({ specs: 2, active: 1, supervisors: 0, workers: 2 });
    await stop();
  });

  test("case 14: specifications that cannot be used fail the start, and say why; unknown keys are ignored", async () => {
    const spec = { id: "a", start: true, args: { id: "a", journal: [] } };
    expect((await failureOf({ children: [{ start: true }] })).reason).toMatchObject({ start_spec: "missing_id" });
    expect((await failureOf({ children: [{ id: "a" }] })).reason).toMatchObject({ start_spec: "missing_start" });
    expect((await failureOf({ children: ["a"] })).reason).toMatchObject({ start_spec: "invalid_child_spec" });
    expect((await failureOf({ children: [spec, spec] })).reason).toMatchObject({ start_spec: "duplicate_child_name" });
    expect((await failureOf({ children: [{ ...spec, restart: "never" }] })).message).toContain(
      'Expected restart of child 1 (id "a") to be "permanent", "transient" or "temporary"; got "never"',
    );
    const { stop } = await scene({ children: [Object.assign(worker("a", []), { colour: "red" })] });
    await stop();
  });

  test("case 17: flags that cannot be used fail the start, and say why; unknown flags are ignored", async () => {
    const wrong = (flags: object) => failureOf({ children: [], ...flags });
    expect((await wrong({ strategy: "none_for_one" })).reason).toMatchObject({ supervisor_data: "invalid_strategy" });
    expect((await wrong({ intensity: "infinity" })).reason).toMatchObject({ supervisor_data: "invalid_intensity" });
    expect((await wrong({ periodMs: 0 })).reason).toMatchObject({ supervisor_data: "invalid_period" });
    expect((await wrong({ periodMs: "infinity" })).reason).toMatchObject({ supervisor_data: "invalid_period" });
    expect((await wrong({ autoShutdown: "sometimes" })).reason).toMatchObject({
      supervisor_data: "invalid_auto_shutdown",
    });
    expect((await wrong({ strategy: "none_for_one" })).message).toContain(
      'Expected strategy to be "one_for_one", "one_for_all" or "rest_for_one"; got "none_for_one"',
    );
    for (const [flags, code] of [
      [{ intensity: Number.POSITIVE_INFINITY }, "invalid_intensity"],
      [{ periodMs: Number.POSITIVE_INFINITY }, "invalid_period"],
      [{ strategy: JSON.parse('"simple_one_for_one"') }, "invalid_strategy"],
    ] as const) {
      const { system, stop } = await createTestSystem();
      await expect(system.start(Planned, { children: [], ...flags })).rejects.toMatchObject({
        reason: { supervisor_data: code },
      });
      await stop();
    }
    const { stop } = await scene(Object.assign({ intensity: 0 }, { colour: "red" }));
    await stop();
  });

  test("an init that returns something else fails the start with every legal form in the text", async () => {
    const failure = await failureOf(7);
    expect(failure.reason).toMatchObject({ error: { code: "bad_return_value" } });
    expect(failure.message).toContain("Wrong.init returned 7. A supervisor's init may return { strategy,");
  });

  test("case 19: when a child does not start, those before it are stopped in reverse and those behind it never started", async () => {
    const journal: string[] = [];
    const { system, reports, stop } = await createTestSystem();
    const children = [
      worker("a", journal),
      worker("b", journal),
      worker("d", journal, { script: { starts: ["fail"] } }),
      worker("e", journal),
    ];
    await expect(system.start(Planned, { children })).rejects.toMatchObject({
      code: "init_failed",
      reason: { shutdown: { failed_to_start_child: "d", reason: "nope" } },
    });
    expect(journal).toEqual(["start a", "start b", "start d fail", "stop b", "stop a"]);
    expect(supervisorReports(reports)).toEqual(["start_error d: nope"]);
    await stop();
  });

  test("children start one after another: the next waits for the init of the one before", async () => {
    const journal: string[] = [];
    const { system, clock, stop } = await createTestSystem();
    const children = [worker("a", journal, { script: { starts: ["slow"] } }), worker("b", journal)];
    const starting = system.start(Planned, { children });
    await clock.advance(1_999);
    expect(journal).toEqual(["start a"]);
    await clock.advance(1);
    await starting;
    expect(journal).toEqual(["start a", "start b"]);
    await stop();
  });
});
