import { describe, expect, it } from "vitest";
import { FIRST_LOOK, takeActorSnapshot, takeSnapshot } from "../../src/inspect/snapshot.js";
import type { TreeNode } from "../../src/inspect/protocol/tree.js";
import { FakeActor, FakeSystem, supervisorStatus } from "./fake-system.js";
import { matching } from "./matchers.js";

const workers = (count: number, life: "idle" | "busy" = "idle"): FakeActor[] =>
  Array.from({ length: count }, () => new FakeActor({ life }));

function throwValue(value: unknown): never {
  throw value;
}

function rows(nodes: readonly TreeNode[]): number {
  return nodes.reduce((sum, node) => sum + 1 + rows(node.children), 0);
}

describe("a snapshot", () => {
  it("tells of the system and its process", () => {
    const { system } = takeSnapshot(new FakeSystem(), FIRST_LOOK, { p50Ms: 0, p99Ms: 1, overMs: 100 });
    expect(system.heapUsedBytes).toBeGreaterThan(1_000_000);
    expect(system).toEqual({
      name: "lobby",
      holdfast: matching(/^\d+\.\d+\.\d+/),
      node: process.versions.node,
      pid: process.pid,
      uptimeMs: 192_000,
      capturedAt: "2030-01-02T03:04:05.000Z",
      actors: { alive: 27, spawned: 30, stopped: 3 },
      messages: 1_234,
      deadLetters: 0,
      loopDelay: { p50Ms: 0, p99Ms: 1, overMs: 100 },
      heapUsedBytes: system.heapUsedBytes,
    });
  });

  it("has no root and no orphans where there are none", () => {
    const snapshot = takeSnapshot(new FakeSystem(), FIRST_LOOK, undefined);
    expect(snapshot).not.toHaveProperty("root");
    expect(snapshot.orphans).toEqual([]);
  });

  it("shows each actor with what applies to it only", () => {
    const actor = new FakeActor({
      name: "n",
      label: "l",
      behaviour: "Room",
      messages: 3,
      mailbox: { length: 1, limit: 9, oldestMs: 4 },
    });
    const { root } = takeSnapshot(new FakeSystem(actor), FIRST_LOOK, undefined);
    expect(root).toEqual({
      ref: actor.ref,
      name: "n",
      label: "l",
      behaviour: "Room",
      kind: "worker",
      life: "idle",
      mailbox: { length: 1, limit: 9, oldestMs: 4 },
      messages: 3,
      children: [],
    });
  });

  it("takes a supervisor's state, and its children's ids and restart types, from its status", () => {
    const [first, second] = [new FakeActor(), new FakeActor()];
    const entries = [
      {
        id: "a",
        ref: first.ref,
        state: "running",
        behaviour: "A",
        restart: "permanent",
        restarts: 2,
        lastExit: { error: new Error("odd") },
      },
      {
        id: 7,
        ref: { toString: () => second.ref },
        state: "running",
        restart: "transient",
        restarts: 0,
        lastExit: undefined,
      },
      {
        id: "gone",
        ref: undefined,
        state: "stopped",
        behaviour: "G",
        restart: "transient",
        restarts: 0,
        lastExit: "normal",
      },
      "nonsense",
    ];
    const more = { entries, children: 3, active: 2, dynamic: false, note: "n" };
    const root = new FakeActor({ children: [first, second], status: supervisorStatus({ inWindow: 1, more }) });
    const shown = takeSnapshot(new FakeSystem(root), FIRST_LOOK, undefined).root;
    expect(shown).toMatchObject({
      kind: "supervisor",
      supervisor: {
        strategy: "one_for_one",
        dynamic: false,
        restarts: { inWindow: 1, max: 3, periodMs: 5_000, total: 1 },
        absent: [{ id: "gone", behaviour: "G", state: "stopped", restart: "transient", lastExit: "normal" }],
      },
      status: { note: "n" },
      children: [
        { id: "a", restart: "permanent", restarts: 2, lastExit: "Error: odd" },
        { id: "7", restart: "transient" },
      ],
    });
    expect(shown?.children[1]).not.toHaveProperty("restarts");
    expect(takeActorSnapshot(first)).toMatchObject({ id: "a", restarts: 2 });
  });

  it("lists a supervisor's children in the order of their specifications, wherever a restart put them", () => {
    const [first, second, third] = [
      new FakeActor({ name: "1" }),
      new FakeActor({ name: "2" }),
      new FakeActor({ name: "3" }),
    ];
    const entries = [first, second, third].map(({ ref, name }) => ({ id: name, ref }));
    const stranger = new FakeActor({ name: "none of its specifications" });
    const root = new FakeActor({
      children: [third, stranger, second, first],
      status: supervisorStatus({ more: { entries } }),
    });
    const { root: shown } = takeSnapshot(new FakeSystem(root), FIRST_LOOK, undefined);
    expect(shown?.children.map(({ name }) => name)).toEqual(["1", "2", "3", "none of its specifications"]);
  });

  it("takes an actor's kind from its status", () => {
    const root = new FakeActor({ status: () => ({ kind: "session", state: "attached" }) });
    const shown = takeSnapshot(new FakeSystem(root), FIRST_LOOK, undefined).root;
    expect(shown).toMatchObject({ kind: "session", status: { kind: "session", state: "attached" } });
  });

  it("shows as plain data what calls itself a supervisor without being of that form", () => {
    const root = new FakeActor({ status: () => ({ kind: "supervisor", strategy: 7 }) });
    const shown = takeSnapshot(new FakeSystem(root), FIRST_LOOK, undefined).root;
    expect(shown).toMatchObject({ kind: "supervisor", status: { kind: "supervisor", strategy: 7 } });
    expect(shown).not.toHaveProperty("supervisor");
  });

  it.each([
    ["throws", () => throwValue(new RangeError("no state")), "formatStatus failed: RangeError: no state"],
    ["throws a text", () => throwValue("why"), "formatStatus failed: why"],
    [
      "throws what has no text",
      () => throwValue(Object.create(null)),
      "formatStatus failed with an error that has no text",
    ],
    [
      "returns a getter that throws",
      () => ({
        get kind() {
          throw new Error("in getter");
        },
      }),
      "formatStatus failed: Error: in getter",
    ],
    [
      "returns a promise",
      () => Promise.reject(new Error("late")),
      "formatStatus returned a promise; expected the value itself",
    ],
  ])("is not broken by a formatStatus that %s", (_, status, text) => {
    const { root } = takeSnapshot(new FakeSystem(new FakeActor({ status })), FIRST_LOOK, undefined);
    expect(root).toMatchObject({ kind: "worker", status: text });
  });

  it("lists the first 50 children of each parent and counts the rest by life", () => {
    const root = new FakeActor({ children: [...workers(60), ...workers(7, "busy")] });
    const shown = takeSnapshot(new FakeSystem(root, workers(52)), FIRST_LOOK, undefined);
    expect(shown.root?.children).toHaveLength(50);
    expect(shown.root?.more).toEqual({ count: 17, byLife: { idle: 10, busy: 7 } });
    expect(shown.moreOrphans).toEqual({ count: 2, byLife: { idle: 2 } });
  });

  it("gives its rows out level by level, so that the top is always there", () => {
    const supervisors = Array.from({ length: 20 }, () => new FakeActor({ children: workers(50) }));
    const shown = takeSnapshot(
      new FakeSystem(new FakeActor({ children: supervisors })),
      { ...FIRST_LOOK, rows: 100 },
      undefined,
    );
    expect(shown.root?.children).toHaveLength(20);
    expect(rows(shown.root === undefined ? [] : [shown.root])).toBe(100);
    expect(shown.root?.children.at(1)?.more).toEqual({ count: 21, byLife: { idle: 21 } });
    expect(shown.root?.children.at(-1)?.more).toEqual({ count: 50, byLife: { idle: 50 } });
  });

  it("ends at its depth", () => {
    let actor = new FakeActor();
    for (let level = 0; level < 5; level++) actor = new FakeActor({ children: [actor] });
    const { root } = takeSnapshot(new FakeSystem(actor), { ...FIRST_LOOK, depth: 2 }, undefined);
    expect(root?.children[0]?.children[0]).toMatchObject({ children: [], more: { count: 1 } });
  });

  it("stops counting at its limit and says so", () => {
    const root = new FakeActor({ children: workers(100) });
    const shown = takeSnapshot(new FakeSystem(root), { ...FIRST_LOOK, tally: 10 }, undefined).root;
    expect(shown?.more).toEqual({ count: 10, atLeast: true, byLife: { idle: 10 } });
  });

  it("carries statuses until their bytes are used up", () => {
    const status = (): unknown => "x".repeat(100);
    const root = new FakeActor({ children: Array.from({ length: 10 }, () => new FakeActor({ status })) });
    const { root: shown } = takeSnapshot(new FakeSystem(root), { ...FIRST_LOOK, statusBytes: 300 }, undefined);
    expect(shown?.children.filter((child) => child.status !== undefined)).toHaveLength(3);
  });
});

describe("a snapshot of one actor", () => {
  it("has its direct children and more of its status", () => {
    const status = (): unknown => ({ text: "x".repeat(1_500) });
    const actor = new FakeActor({ status, children: [new FakeActor({ children: workers(2) })] });
    const shown = takeActorSnapshot(actor);
    expect(shown.status).toEqual({ text: "x".repeat(1_500) });
    expect(shown.children).toMatchObject([{ children: [], more: { count: 2 } }]);
  });
});
