import { application, libraryApplication } from "holdfast/supervisors";
import { describe, expect, test } from "vitest";
import { type Litterer, litterer, loud, scene, Stray, Tree, tree, Written } from "./journal.js";

describe("stopping an application", () => {
  test("case 309: prepStop, the top supervisor with its children in reverse, stop, and then what is left is killed", async () => {
    const journal: string[] = [];
    const { system, applications, happened, stop } = await scene(journal);
    const plan = { children: [...tree(journal, "a", "b").children, litterer] };
    const app = application(Written, { name: "app", args: { journal, plan, stray: "stray" } });
    const { call } = applications;
    await call.ensureAllStarted(app);
    const left = await system.whereis<Litterer>("litterer")?.call.litter("stray of the tree");
    const stray = system.whereis("stray");
    if (left === undefined || stray === undefined) throw new Error("the strays do not run");
    void system.exited(stray).then(() => journal.push("stray ended"));
    happened();
    expect(await call.stopApplication(app)).toEqual({ ok: true, forced: false });
    expect(happened()).toEqual([
      "prepStop app started",
      "stop b",
      "stop a",
      "stop app started,prepared",
      "stray ended",
    ]);
    expect([system.exitReason(stray), system.exitReason(left)]).toEqual(["killed", "killed"]);
    expect(await call.stopApplication(app)).toEqual({ ok: false, reason: "not_started" });
    expect(await call.getSupervisor(app)).toEqual({ ok: false, reason: "not_started" });
    expect(await call.startApplication(app)).toEqual({ ok: true });
    await stop();
  });

  test("an actor whose starter has ended, unlinked, still belongs to its application", async () => {
    const journal: string[] = [];
    const { system, applications, stop } = await scene(journal);
    const plan = { children: [litterer] };
    await applications.call.ensureAllStarted(application(Written, { name: "app", args: { journal, plan } }));
    const litterers = system.whereis<Litterer>("litterer");
    const stray = await litterers?.call.litter("orphan");
    if (litterers === undefined || stray === undefined) throw new Error("the strays do not run");
    system.exit(litterers, "kill");
    expect(await system.exited(litterers)).toBe("killed");
    expect(system.children()).not.toContain(stray);
    expect(await applications.call.stopApplication("app")).toEqual({ ok: true, forced: false });
    expect(system.exitReason(stray)).toBe("killed");
    await stop();
  });

  test("what other applications have, and what nobody owns, is left alone", async () => {
    const { system, applications, stop } = await scene();
    const journal: string[] = [];
    await applications.call.ensureAllStarted([
      application(Written, { name: "one", args: { journal, stray: "one's" } }),
      application(Written, { name: "two", args: { journal, stray: "two's" } }),
    ]);
    const own = system.spawn(Stray);
    await applications.call.stopApplication("one");
    expect([system.whereis("one's"), system.isAlive(own)]).toEqual([undefined, true]);
    expect(system.whereis("two's")).toBeDefined();
    await stop();
  });

  test.each(["prepStop", "stop"])("a %s that throws is reported, and the stop goes on", async (callback) => {
    const journal: string[] = [];
    const { applications, reports, happened, stop } = await scene(journal);
    const args = { journal, plan: tree(journal, "a"), failing: [callback] };
    await applications.call.ensureAllStarted(application(Written, { name: "app", args }));
    happened();
    expect(await applications.call.stopApplication("app")).toEqual({ ok: true, forced: false });
    expect(happened()).toEqual([
      "prepStop app started",
      "stop a",
      callback === "prepStop" ? "stop app started" : "stop app started,prepared",
    ]);
    expect(loud(reports)).toEqual([
      `application app: ${callback} failed, and the stop goes on: Error: ${callback} boom`,
    ]);
    await stop();
  });

  test.each(["prepStop", "stop"])(
    "case 312: a %s that hangs is killed with all that is left when its time is over",
    async (callback) => {
      const journal: string[] = [];
      const { system, applications, clock, reports, stop } = await scene(journal);
      const args = { journal, plan: tree(journal, "a"), hanging: [callback], stray: "stray" };
      await applications.call.ensureAllStarted(application(Written, { name: "app", args, shutdownTimeoutMs: 100 }));
      const stopping = applications.call.stopApplication("app");
      await clock.advance(99);
      expect(system.whereis("stray")).toBeDefined();
      await clock.advance(1);
      expect(await stopping).toEqual({ ok: true, forced: true });
      expect([system.whereis("stray"), system.whereis("a")]).toEqual([undefined, undefined]);
      expect(loud(reports)).toEqual(["application app did not stop within 100 ms: what was left of it was killed"]);
      expect(clock.armed).toBe(0);
      await stop();
    },
  );

  test("case 312: when the system stops, applications stop in the reverse order of their starts, each within its time", async () => {
    const journal: string[] = [];
    const onShutdown = (reason: unknown): void => void journal.push(`shutdown hook: ${String(reason)}`);
    const { system, applications, clock, reports, happened, stop } = await scene(journal, {
      shutdownTimeoutMs: 1_000,
      onShutdown,
    });
    const one = application(Written, { name: "one", args: { journal, plan: tree(journal, "a") } });
    const two = application(Written, { name: "two", args: { journal, hanging: ["stop"] }, dependencies: [one] });
    const three = application(Written, { name: "three", args: { journal }, dependencies: [two] });
    await applications.call.ensureAllStarted(three);
    happened();
    const stopping = system.stop();
    await clock.advance(999);
    expect(happened()).toEqual([
      "shutdown hook: shutdown",
      "prepStop three started",
      "stop three started,prepared",
      "prepStop two started",
      "stop two started,prepared",
    ]);
    await clock.advance(1);
    await stopping;
    expect(happened()).toEqual(["prepStop one started", "stop a", "stop one started,prepared"]);
    expect(loud(reports)).toEqual(["application two did not stop within 1000 ms: what was left of it was killed"]);
    await stop();
  });

  test("a hook for the shutdown that throws is reported, and the stop goes on", async () => {
    const onShutdown = (): void => {
      throw new Error("hook boom");
    };
    const { system, reports, stop } = await scene([], { onShutdown });
    await system.stop();
    expect(loud(reports)).toEqual([
      "application applications: onShutdown failed, and the stop goes on: Error: hook boom",
    ]);
    await stop();
  });

  test("a system that stops while applications start stops those too, and starts no more", async () => {
    const journal: string[] = [];
    const { system, applications, clock, stop } = await scene(journal, { shutdownTimeoutMs: 50 });
    const one = application(Written, { name: "one", args: { journal } });
    const two = application(Written, { name: "two", args: { journal, hanging: ["start"] }, dependencies: [one] });
    const three = application(Written, { name: "three", args: { journal }, dependencies: [two] });
    const starting = applications.call.ensureAllStarted(three);
    const later = applications.call.stopApplication("one");
    await clock.settle();
    const stopping = system.stop();
    await clock.advance(50);
    await stopping;
    expect(await Promise.allSettled([starting, later])).toMatchObject([
      { value: { ok: false, reason: "stopping" } },
      { value: { ok: false, reason: "stopping" } },
    ]);
    expect(journal).toEqual([
      "start one normal",
      "start two normal",
      "prepStop one started",
      "stop one started,prepared",
    ]);
    await stop();
  });
});

describe("the end of a top supervisor by itself", () => {
  test.each([
    ["permanent", "normal", true],
    ["permanent", "shutdown", true],
    ["permanent", "boom", true],
    ["transient", "normal", false],
    ["transient", "shutdown", true],
    ["transient", "boom", true],
    ["temporary", "normal", false],
    ["temporary", "boom", false],
  ] as const)("a %s application that ends with %s: the system stops is %s", async (restart, reason, stops) => {
    const journal: string[] = [];
    const { system, applications, clock, reports, happened, stop } = await scene(journal);
    const other = application(Written, { name: "other", args: { journal } });
    const app = application(Written, {
      name: "app",
      args: { journal, stray: "stray" },
      dependencies: [other],
      restart,
    });
    await applications.call.ensureAllStarted(app);
    const top = await applications.call.getSupervisor("app");
    if (!top.ok) throw new Error(top.reason);
    happened();
    const stopped = system.stopActor(top.ref, reason);
    await clock.settle();
    await stopped;
    expect(happened()).toEqual([
      "stop app started",
      ...(stops ? ["prepStop other started", "stop other started,prepared"] : []),
    ]);
    expect(system.whereis("stray")).toBeUndefined();
    expect(loud(reports)).toEqual([
      `application app ended, ${reason} (${restart})${stops ? ": the system stops" : ""}`,
    ]);
    if (stops) expect(await system.done).toEqual({ shutdown: { application_terminated: "app", reason } });
    else expect((await applications.call.whichApplications()).map(({ name }) => name)).toEqual(["other"]);
    await stop();
  });

  test("a stop callback that hangs does not hide the end: it is killed when its time is over", async () => {
    const journal: string[] = [];
    const { system, applications, clock, stop } = await scene(journal);
    const args = { journal, hanging: ["stop"], stray: "stray" };
    await applications.call.ensureAllStarted(application(Written, { name: "app", args, shutdownTimeoutMs: 100 }));
    const [app] = await applications.call.whichApplications();
    if (app?.supervisor !== undefined) system.exit(app.supervisor, "kill");
    await clock.advance(99);
    expect(system.isAlive(applications)).toBe(true);
    await clock.advance(1);
    expect(await system.done).toEqual({ shutdown: { application_terminated: "app", reason: "killed" } });
    await stop();
  });

  test("a supervisor that gives up ends its application", async () => {
    const journal: string[] = [];
    const { system, applications, clock, stop } = await scene(journal);
    const args = { ...tree(journal, "a"), intensity: 0 };
    await applications.call.ensureAllStarted(application(Tree, { name: "app", args, restart: "temporary" }));
    const a = system.whereis("a");
    if (a === undefined) throw new Error("a does not run");
    system.exit(a, "kill");
    await clock.settle();
    expect(await applications.call.whichApplications()).toEqual([]);
    expect(await applications.call.startApplication("app")).toEqual({ ok: true });
    await stop();
  });

  test("an application whose own actor is killed ends with all that it has", async () => {
    const journal: string[] = [];
    const { system, applications, clock, reports, stop } = await scene(journal);
    const args = { children: [...tree(journal, "a").children, litterer] };
    await applications.call.ensureAllStarted(application(Tree, { name: "app", args, restart: "temporary" }));
    const found = await applications.call.getSupervisor("app");
    const master = found.ok ? system.info(found.ref)?.parent : undefined;
    if (master === undefined) throw new Error("there is no actor of the application");
    await system.whereis<Litterer>("litterer")?.call.litter("stray");
    system.exit(master, "kill");
    await clock.settle();
    expect(system.whereis("a")).toBeUndefined();
    expect(system.whereis("stray")).toBeUndefined();
    expect(loud(reports)).toEqual(["application app ended, killed (temporary)"]);
    await stop();
  });

  test("the restart type of a start wins over that of the definition", async () => {
    const { system, applications, clock, stop } = await scene();
    const app = application(Tree, {
      name: "app",
      args: { children: [] },
      dependencies: [libraryApplication({ name: "lib" })],
    });
    await applications.call.ensureAllStarted(app, { restart: "temporary" });
    const which = await applications.call.whichApplications();
    expect(which.map(({ restart }) => restart)).toEqual(["temporary", "temporary"]);
    if (which[0]?.supervisor !== undefined) system.exit(which[0].supervisor, "kill");
    await clock.settle();
    expect(system.isAlive(applications)).toBe(true);
    await stop();
  });
});
