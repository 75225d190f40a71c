import { describe, expect, it } from "vitest";
import { readTreeNode, readTreeSnapshot } from "../../../src/inspect/protocol/read-tree.js";
import { FIRST_LOOK, takeSnapshot } from "../../../src/inspect/snapshot.js";
import { FakeActor, FakeSystem, supervisorStatus } from "../fake-system.js";
import { containing } from "../matchers.js";

const room = new FakeActor({
  name: "room:lobby",
  life: "busy",
  busy: { handler: "join", forMs: 12 },
  mailbox: { length: 2, limit: 10 },
});
const root = new FakeActor({ behaviour: "Lobby", status: supervisorStatus({ more: { note: [1] } }), children: [room] });

function wire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe("a snapshot that came over the wire", () => {
  it("is the one that was taken", () => {
    const snapshot = takeSnapshot(new FakeSystem(root, [new FakeActor()]), FIRST_LOOK, {
      p50Ms: 0.1,
      p99Ms: 1.2,
      overMs: 100,
    });
    expect(readTreeSnapshot(wire(snapshot))).toEqual(snapshot);
  });

  it("may have properties and lives of a newer server", () => {
    const node = { ...mapOf(takeRoot()), life: "hibernated", mood: "good" };
    expect(readTreeNode(node).life).toBe("unknown");
    expect(readTreeNode(node)).not.toHaveProperty("mood");
  });

  it.each([
    [undefined, "expected tree to be an object, got nothing"],
    [{ system: 3 }, "expected tree.system to be an object, got 3"],
    [{ ...mapOf(takeTree()), orphans: {} }, "expected tree.orphans to be an array, got an object"],
    [{ ...mapOf(takeTree()), root: { ref: 12 } }, "expected tree.root.ref to be a string, got 12"],
    [
      { ...mapOf(takeTree()), moreOrphans: { count: "many", byLife: {} } },
      'expected tree.moreOrphans.count to be a number, got "many"',
    ],
    [
      { ...mapOf(takeTree()), orphans: [{ ...mapOf(takeRoot()), children: "none" }] },
      'expected tree.orphans[0].children to be an array, got "none"',
    ],
  ])("is refused with the place that is wrong", (value, problem) => {
    expect(() => readTreeSnapshot(value)).toThrow(
      expect.objectContaining({ code: "protocol", message: containing(problem) }),
    );
  });

  it("is refused when it is deeper than any server sends", () => {
    let node: Record<string, unknown> = mapOf(takeRoot());
    for (let depth = 0; depth < 200; depth++) node = { ...mapOf(takeRoot()), children: [node] };
    expect(() => readTreeNode(node)).toThrow(expect.objectContaining({ code: "protocol" }));
  });
});

function takeTree(): unknown {
  return wire(takeSnapshot(new FakeSystem(root), FIRST_LOOK, undefined));
}

function takeRoot(): unknown {
  return mapOf(takeTree())["root"];
}

function mapOf(value: unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value ?? {}));
}
