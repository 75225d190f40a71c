import { describe, expect, test } from "vitest";
import { scene, worker } from "./plans.js";
import { Worker } from "./worker.js";

describe("restart types", () => {
  test("case 46: a transient child that ends normally is not restarted and keeps its specification", async () => {
    const journal: string[] = [];
    const { supervisor, children, end, stop } = await scene({
      children: [worker("a", journal, { restart: "transient" })],
    });
    for (const reason of ["normal", "shutdown", { shutdown: "info" }]) {
      await end("a", reason);
      expect((await children())["a"]).toMatchObject({ ref: undefined, state: "stopped" });
      expect(await supervisor.call.countChildren()).toEqual({ specs: 1, active: 0, supervisors: 0, workers: 1 });
      expect(await supervisor.call.restartChild("a")).toMatchObject({ ok: true });
    }
    await stop();
  });

  test("case 47: a transient child that ends abnormally is restarted", async () => {
    const { ref, end, kill, stop } = await scene({ children: [worker("a", [], { restart: "transient" })] });
    const first = ref("a");
    await end("a", "abnormal");
    const second = ref("a");
    await kill("a");
    expect(new Set([first, second, ref("a")]).size).toBe(3);
    await stop();
  });

  test("a permanent child is restarted after every end, a temporary one is removed after any", async () => {
    const { ref, children, end, stop } = await scene({
      children: [worker("p", [], { restart: "permanent" }), worker("t", [], { restart: "temporary" })],
    });
    const first = ref("p");
    await end("p", "normal");
    expect(ref("p")).not.toBe(first);
    await end("t", "abnormal");
    expect(Object.keys(await children())).toEqual(["p"]);
    await stop();
  });

  test("case 61: a restarted child has nothing of the old one: state, ref, and the messages that waited", async () => {
    const journal: string[] = [];
    const { system, supervisor, ref, clock, happened, stop } = await scene(
      { children: [worker("a", journal)] },
      journal,
    );
    const old = ref("a");
    const other = await system.start(Worker, { id: "other", journal: [] });
    await old.call.leaveTraces(other);
    for (let n = 0; n < 5; n++) await old.call.increment();
    const waiting = old.call.endLater("boom", 10);
    const queued = old.call.increment();
    const outcomes = Promise.allSettled([waiting, queued]);
    old.send("late");
    await clock.advance(10);
    happened();
    expect((await outcomes).map((outcome) => outcome.status)).toEqual(["fulfilled", "rejected"]);
    expect(await ref("a").call.increment()).toBe(1);
    expect(system.info(ref("a"))).toMatchObject({ mailboxLength: 0, links: [supervisor], monitors: [], timers: 0 });
    system.exit(other, "kill");
    await clock.advance(100);
    expect(happened()).toEqual([]);
    await expect(old.call.increment()).rejects.toMatchObject({ code: "noproc" });
    expect(system.isAlive(old)).toBe(false);
    await stop();
  });

  test("case 449: the new child does not start before the old one's terminate has finished", async () => {
    const journal: string[] = [];
    const { clock, end, happened, stop } = await scene(
      { children: [worker("a", journal, { script: { stopMs: 50 } })] },
      journal,
    );
    await end("a", "boom");
    expect(happened()).toEqual(["start a", "stop a"]);
    await clock.advance(50);
    expect(happened()).toEqual(["stopped a", "start a"]);
    await stop();
  });
});

describe("strategies", () => {
  test("case 49: one_for_one restarts the child that ended and leaves the others alone", async () => {
    const { ref, end, stop } = await scene({ intensity: 2, children: [worker("a", []), worker("b", [])] });
    const [a, b] = [ref("a"), ref("b")];
    await end("a", "boom");
    expect(ref("a")).not.toBe(a);
    expect(ref("b")).toBe(b);
    await stop();
  });

  test("case 51: rest_for_one leaves the earlier children alone, and the third crash ends the supervisor", async () => {
    const { system, supervisor, ref, end, stop } = await scene({
      strategy: "rest_for_one",
      intensity: 2,
      children: [worker("a", []), worker("b", []), worker("c", [])],
    });
    const [a, b, c] = [ref("a"), ref("b"), ref("c")];
    await end("b", "boom");
    expect(ref("a")).toBe(a);
    expect(ref("b")).not.toBe(b);
    expect(ref("c")).not.toBe(c);
    await end("b", "boom");
    await end("b", "boom");
    expect(await system.exited(supervisor)).toBe("shutdown");
    await stop();
  });

  test("case 52: rest_for_one stops the later children in reverse and restarts in order", async () => {
    const journal: string[] = [];
    const ids = ["a", "b", "d", "e"];
    const plan = { strategy: "rest_for_one", children: ids.map((id) => worker(id, journal)) } as const;
    const { kill, happened, stop } = await scene(plan, journal);
    happened();
    await kill("b");
    expect(happened()).toEqual(["stop e", "stop d", "start b", "start d", "start e"]);
    await stop();
  });

  test("one_for_all stops all others in reverse and restarts all in order", async () => {
    const journal: string[] = [];
    const plan = { strategy: "one_for_all", children: ["a", "b", "c"].map((id) => worker(id, journal)) } as const;
    const { kill, happened, stop } = await scene(plan, journal);
    happened();
    await kill("b");
    expect(happened()).toEqual(["stop c", "stop a", "start a", "start b", "start c"]);
    await stop();
  });

  test("a group waits for the end of each child before it stops the next", async () => {
    const journal: string[] = [];
    const slow = { script: { stopMs: 10 } };
    const plan = { strategy: "one_for_all", children: ["a", "b", "c"].map((id) => worker(id, journal, slow)) } as const;
    const { clock, kill, happened, stop } = await scene(plan, journal);
    happened();
    await kill("a");
    await clock.advance(20);
    expect(happened()).toEqual(["stop c", "stopped c", "stop b", "stopped b", "start a", "start b", "start c"]);
    await stop();
  });

  test("case 54: a temporary sibling is stopped with its group, not restarted, and its specification is gone", async () => {
    for (const strategy of ["one_for_all", "rest_for_one"] as const) {
      const journal: string[] = [];
      const plan = { strategy, children: [worker("a", journal), worker("t", journal, { restart: "temporary" })] };
      const { children, end, happened, stop } = await scene(plan, journal);
      happened();
      await end("a", "normal");
      expect(happened()).toEqual(["stop a", "stop t", "start a"]);
      expect(Object.keys(await children())).toEqual(["a"]);
      await stop();
    }
  });

  test("the end of a temporary child touches no sibling, whatever the strategy", async () => {
    for (const strategy of ["one_for_all", "rest_for_one"] as const) {
      const { ref, end, stop } = await scene({
        strategy,
        children: [worker("t", [], { restart: "temporary" }), worker("a", [])],
      });
      const before = ref("a");
      await end("t", "boom");
      expect(ref("a")).toBe(before);
      await stop();
    }
  });

  test("case 56: a transient sibling is restarted with its group", async () => {
    const journal: string[] = [];
    const children = [worker("a", journal), worker("b", journal), worker("tr", journal, { restart: "transient" })];
    const { kill, happened, stop } = await scene({ strategy: "one_for_all", children }, journal);
    happened();
    await kill("b");
    expect(happened()).toEqual(["stop tr", "stop a", "start a", "start b", "start tr"]);
    await stop();
  });

  test("siblings that die by themselves during a group restart count as one restart", async () => {
    const children = ["a", "b", "c"].map((id) => worker(id, []));
    const { system, supervisor, clock, ref, stop } = await scene({ strategy: "one_for_all", intensity: 1, children });
    for (const id of ["a", "b", "c"]) system.exit(ref(id), "kill");
    await clock.settle();
    expect(system.isAlive(supervisor)).toBe(true);
    expect(await supervisor.call.countChildren()).toMatchObject({ active: 3 });
    await stop();
  });

  test("a child that was stopped by hand starts again with its group", async () => {
    const { supervisor, ref, kill, stop } = await scene({
      strategy: "one_for_all",
      children: [worker("a", []), worker("b", [])],
    });
    await supervisor.call.terminateChild("b");
    await kill("a");
    expect(ref("b")).toBeDefined();
    await stop();
  });
});
