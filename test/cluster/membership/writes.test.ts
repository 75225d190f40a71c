import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTestCluster, type TestCluster } from "../../../src/testing/test-cluster.js";

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await createTestCluster({ nodes: ["a", "b"] });
});

afterEach(async () => {
  await cluster.stop();
});

function seenBy(name: string): Record<string, string> {
  const { members } = cluster.node(name).cluster;
  return Object.fromEntries(members.map(({ node, state }) => [node.name, state]));
}

/** Node b changes its record at a time at which its renewal may be on either way to the register and back. */
async function changeAt(atMs: number, change: () => Promise<void>): Promise<void> {
  cluster.network.setFaults({ delayMs: [0, 120] });
  await cluster.clock.advance(atMs);
  const changed = change();
  void changed.catch(() => undefined);
  await cluster.clock.advance(2_000);
  await changed;
  cluster.network.setFaults({});
}

describe("a change of the own record while a renewal is under way", () => {
  const times = [...Array.from({ length: 16 }, (_, step) => 1_000 + step * 20), 2_050, 2_100];

  it("a node that drains stays draining", async () => {
    for (const atMs of times) {
      const { membership } = cluster.node("b").cluster;
      await changeAt(atMs, () => membership.drain());
      await cluster.clock.advance(3_000);
      expect(seenBy("a")).toEqual({ b: "draining" });
      await cluster.kill("b", { known: true });
      await cluster.start("b");
    }
  });

  it("a node that leaves is gone at once, and does not have to be declared down", async () => {
    for (const atMs of times) {
      const { membership } = cluster.node("b").cluster;
      await changeAt(atMs, () => membership.leave());
      expect(seenBy("a")).toEqual({});
      expect(membership.holdsPlace()).toBe(false);
      await cluster.kill("b");
      await cluster.start("b");
    }
  });
});
