import { StartError } from "holdfast";
import {
  Application,
  application,
  Applications,
  type ApplicationDefinition,
  libraryApplication,
} from "holdfast/supervisors";
import { createTestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";
import { scene, Tree, tree, Written } from "./journal.js";
import { worker } from "../plans.js";

const broken = (journal: string[]) => ({ children: [worker("broken", journal, { script: { starts: ["fail"] } })] });
const failure = { shutdown: { failed_to_start_child: "broken", reason: "nope" } };

describe("starting applications", () => {
  test("case 306: an application whose dependency does not run is refused, and told which", async () => {
    const { applications, stop } = await scene();
    const app9 = application(Tree, { name: "app9", args: { children: [] } });
    const app10 = application(Tree, { name: "app10", args: { children: [] }, dependencies: [app9] });
    const { call } = applications;
    expect(await call.startApplication(app10)).toEqual({ ok: false, reason: "not_started", dependency: "app9" });
    expect(await call.startApplication(app9)).toEqual({ ok: true });
    expect(await call.startApplication(app10)).toEqual({ ok: true });
    expect(await call.startApplication("app10")).toEqual({ ok: false, reason: "already_started" });
    expect(await call.startApplication("app11")).toMatchObject({ reason: "unknown_application", application: "app11" });
    await stop();
  });

  test.each(["serial", "concurrent"] as const)(
    "case 306: all that is needed is started first, in the mode %s, and listed once",
    async (mode) => {
      const journal: string[] = [];
      const { applications, happened, stop } = await scene(journal);
      const app9 = application(Tree, { name: "app9", args: tree(journal, "nine") });
      const app10 = application(Tree, { name: "app10", args: tree(journal, "ten"), dependencies: [app9] });
      const { call } = applications;
      expect(await call.ensureAllStarted(app10, { mode })).toEqual({ ok: true, started: ["app9", "app10"] });
      expect(await call.ensureAllStarted(app10, { mode })).toEqual({ ok: true, started: [] });
      expect(happened()).toEqual(["start nine", "start ten"]);
      expect((await call.whichApplications()).map(({ name }) => name)).toEqual(["app10", "app9"]);
      await stop();
      expect(happened()).toEqual(["stop ten", "stop nine"]);
    },
  );

  test("concurrent: what does not depend on each other starts at the same time", async () => {
    const journal: string[] = [];
    const { applications, clock, happened, stop } = await scene(journal);
    const slow = { children: [worker("slow", journal, { script: { starts: ["slow"] } })] };
    const one = application(Tree, { name: "one", args: slow });
    const two = application(Tree, { name: "two", args: tree(journal, "quick") });
    const three = application(Tree, { name: "three", args: tree(journal, "last"), dependencies: [one, two] });
    const starting = applications.call.ensureAllStarted(three, { mode: "concurrent" });
    await clock.settle();
    expect(happened()).toEqual(["start slow", "start quick"]);
    await clock.advance(2_000);
    expect(await starting).toEqual({ ok: true, started: ["two", "one", "three"] });
    await stop();
  });

  test.each(["serial", "concurrent"] as const)(
    "case 306: a failure stops what the call has started, and nothing else, in the mode %s",
    async (mode) => {
      const journal: string[] = [];
      const { applications, happened, stop } = await scene(journal);
      const before = application(Tree, { name: "before", args: tree(journal, "before") });
      const one = application(Tree, { name: "one", args: tree(journal, "one"), dependencies: [before] });
      const two = application(Tree, { name: "two", args: tree(journal, "two"), dependencies: [one] });
      const bad = application(Tree, { name: "bad", args: broken(journal), dependencies: [two] });
      const { call } = applications;
      await call.ensureAllStarted(before);
      happened();
      expect(await call.ensureAllStarted(bad, { mode })).toEqual({
        ok: false,
        reason: "start_failed",
        application: "bad",
        error: failure,
      });
      expect(happened()).toEqual(["start one", "start two", "start broken fail", "stop two", "stop one"]);
      expect((await call.whichApplications()).map(({ name }) => name)).toEqual(["before"]);
      await stop();
    },
  );

  test("case 306: a dependency that nobody knows is named, with the way to it", async () => {
    const { applications, stop } = await scene();
    const middle = libraryApplication({ name: "middle", dependencies: ["absent"] });
    const top = libraryApplication({ name: "top", dependencies: [middle] });
    expect(await applications.call.ensureAllStarted(top)).toEqual({
      ok: false,
      reason: "unknown_application",
      application: "absent",
      path: ["top", "middle"],
    });
    expect(await applications.call.load(libraryApplication({ name: "absent" }))).toEqual({ ok: true });
    expect(await applications.call.ensureAllStarted("top")).toEqual({ ok: true, started: ["absent", "middle", "top"] });
    await stop();
  });

  test("case 306: a circle of dependencies is refused, and named; nothing is started", async () => {
    const journal: string[] = [];
    const { applications, stop } = await scene(journal);
    const { call } = applications;
    const a = application(Tree, { name: "a", args: tree(journal, "a"), dependencies: ["b"] });
    await call.load(application(Tree, { name: "b", args: broken(journal), dependencies: ["c"] }));
    await call.load(application(Tree, { name: "c", args: tree(journal, "c"), dependencies: [a] }));
    const outside = application(Tree, { name: "outside", args: tree(journal, "o"), dependencies: [a] });
    expect(await call.ensureAllStarted(outside)).toEqual({
      ok: false,
      reason: "circular_dependency",
      cycle: ["a", "b", "c", "a"],
    });
    expect(journal).toEqual([]);
    expect(await call.whichApplications()).toEqual([]);
    await stop();
  });

  test("starts of several at once, and by several callers, are one after another", async () => {
    const journal: string[] = [];
    const { applications, stop } = await scene(journal);
    const base = application(Tree, { name: "base", args: tree(journal, "base") });
    const one = application(Tree, { name: "one", args: tree(journal, "one"), dependencies: [base] });
    const two = application(Tree, { name: "two", args: tree(journal, "two"), dependencies: [base] });
    const { call } = applications;
    expect(
      await Promise.all([call.ensureAllStarted([one]), call.ensureAllStarted([two, one]), call.stopApplication("two")]),
    ).toEqual([
      { ok: true, started: ["base", "one"] },
      { ok: true, started: ["two"] },
      { ok: true, forced: false },
    ]);
    await stop();
  });

  test("case 307: the top supervisor of an application is known and labelled with its name; a library has none", async () => {
    const { system, applications, stop } = await scene();
    const library = libraryApplication({ name: "library", version: "1.2", description: "functions" });
    const shop = application(Tree, { name: "shop", args: { children: [] }, dependencies: [library] });
    const { call } = applications;
    expect(await call.getSupervisor("shop")).toEqual({ ok: false, reason: "not_started" });
    await call.ensureAllStarted(shop);
    expect(await call.getSupervisor(library)).toEqual({ ok: false, reason: "no_supervisor" });
    const found = await call.getSupervisor(shop);
    if (!found.ok) throw new Error(found.reason);
    const info = system.info(found.ref);
    expect(info).toMatchObject({ behaviour: "Tree", label: "shop" });
    expect(info?.parent === undefined ? undefined : system.info(info.parent)).toMatchObject({
      label: "shop",
      parent: applications,
    });
    expect(await call.whichApplications()).toEqual([
      { name: "shop", description: "", version: "", restart: "permanent", supervisor: found.ref },
      { name: "library", description: "functions", version: "1.2", restart: "permanent", supervisor: undefined },
    ]);
    await stop();
  });

  test("an application that fails to start leaves nothing behind, not even its strays", async () => {
    const journal: string[] = [];
    const { system, applications, stop } = await scene(journal);
    const bad = application(Written, { name: "bad", args: { journal, stray: "stray", plan: broken(journal) } });
    expect(await applications.call.startApplication(bad)).toMatchObject({ reason: "start_failed", error: failure });
    expect(system.whereis("stray")).toBeUndefined();
    const thrower = application(Written, { name: "thrower", args: { journal, failing: ["start"] } });
    expect(await applications.call.ensureAllStarted(thrower)).toMatchObject({
      reason: "start_failed",
      error: { error: { message: "start boom" } },
    });
    await stop();
  });

  test("an application may ask who runs while it starts", async () => {
    const { system, applications, stop } = await scene();
    class Asking extends Written {
      override async start(...args: Parameters<Written["start"]>) {
        args[1].journal.push(JSON.stringify(await applications.call.whichApplications()));
        return super.start(...args);
      }
    }
    const journal: string[] = [];
    const asking: ApplicationDefinition = application(Asking, { name: "asking", args: { journal } });
    expect(await applications.call.startApplication(asking)).toEqual({ ok: true });
    expect(journal[0]).toBe("[]");
    expect(system.isAlive(applications)).toBe(true);
    await stop();
  });

  test("a definition that returns something else than a start is told what it may return", async () => {
    const { applications, stop } = await scene();
    class Odd extends Application<{ journal: string[] }> {
      override async start() {
        const wrong: { ok: false; ignore: true } = JSON.parse('{"ok":true}');
        return wrong;
      }
    }
    const odd = application(Odd, { name: "odd", args: { journal: [] } });
    expect(await applications.call.startApplication(odd)).toMatchObject({
      reason: "start_failed",
      error: { error: { code: "bad_return_value", message: expect.stringContaining("Odd.start returned") } },
    });
    await stop();
  });

  test("two definitions of one name are refused while one of them runs; another may replace one that does not", async () => {
    const { applications, stop } = await scene();
    const { call } = applications;
    const one = libraryApplication({ name: "same" });
    const other = libraryApplication({ name: "same" });
    const conflict = { ok: false, reason: "name_conflict", application: "same" };
    expect(await call.ensureAllStarted([one, other])).toEqual(conflict);
    expect(await call.startApplication(one)).toEqual({ ok: true });
    expect(await call.load(other)).toEqual(conflict);
    expect(await call.startApplication(other)).toEqual(conflict);
    expect(await call.unload("same")).toEqual({ ok: false, reason: "running" });
    await call.stopApplication("same");
    expect(await call.load(other)).toEqual({ ok: true });
    expect(await call.unload("same")).toEqual({ ok: true });
    expect(await call.unload("same")).toEqual({ ok: false, reason: "not_loaded" });
    expect(await call.startApplication("same")).toMatchObject({ reason: "unknown_application" });
    await stop();
  });

  test("a system has its applications once", async () => {
    const { system, stop } = await createTestSystem({ root: Applications });
    await expect(system.start(Applications)).rejects.toThrow(StartError);
    await stop();
  });

  test.each([
    [{ name: "" }, 'Expected the name of an application to be text, got ""'],
    [{ name: "a", restart: "never" }, 'restart of the application "a" to be "permanent"'],
    [{ name: "a", dependencies: [7] }, "each dependency of the application"],
    [{ name: "a", shutdownTimeoutMs: -1 }, "shutdownTimeoutMs of the application"],
    [{ name: "a", startPhases: [{ phase: "go" }] }, "a class with startPhase"],
  ])("the definition %j is refused", (options, text) => {
    const wrong: { name: string } = JSON.parse(JSON.stringify(options));
    expect(() => application(Tree, { ...wrong, args: { children: [] } })).toThrow(text);
  });
});

describe("start phases", () => {
  const phases = [{ phase: "init", args: [1] }, { phase: "go" }];

  test("case 311: they run in order after the top supervisor's start, those of included applications between them", async () => {
    const journal: string[] = [];
    const { applications, stop } = await scene(journal);
    const needed = application(Written, { name: "needed", args: { journal } });
    class Part extends Written {
      override async startPhase(phase: string): Promise<undefined> {
        journal.push(`part ${this.name} ${phase}`);
      }
    }
    const part = application(Part, {
      name: "part",
      args: { journal },
      dependencies: [needed],
      startPhases: [{ phase: "go" }, { phase: "never" }],
    });
    const whole = application(Written, {
      name: "whole",
      args: { journal, plan: tree(journal, "w") },
      startPhases: phases,
      includes: [part],
    });
    expect(await applications.call.ensureAllStarted(whole)).toEqual({ ok: true, started: ["needed", "whole"] });
    expect(journal).toEqual([
      "start needed normal",
      "start whole normal",
      "start w",
      "whole phase init normal [1]",
      "whole phase go normal undefined",
      "part part go",
    ]);
    await stop();
  });

  test.each([
    ["go", "phase refused"],
    ["throwing phase", { error: expect.objectContaining({ message: "phase boom" }) }],
  ])("case 311: %s that fails fails the start, and the tree is stopped in order", async (failing, reason) => {
    const journal: string[] = [];
    const { applications, happened, stop } = await scene(journal);
    const app = application(Written, {
      name: "app",
      args: { journal, plan: tree(journal, "a", "b"), failing: [failing], stray: "stray" },
      startPhases: phases,
    });
    const phase = failing === "go" ? "go" : "init";
    expect(await applications.call.startApplication(app)).toEqual({
      ok: false,
      reason: "start_failed",
      application: "app",
      error: { failed_start_phase: phase, application: "app", reason },
    });
    expect(happened().slice(-2)).toEqual(["stop b", "stop a"]);
    await stop();
  });
});
