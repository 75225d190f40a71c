import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { TestCluster } from "../../../src/testing/test-cluster.js";
import { createTestCluster } from "../../../src/testing/test-cluster.js";

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await createTestCluster({ nodes: ["a", "b", "c"] });
});

afterEach(async () => {
  await cluster.stop();
});

function seenBy(name: string): Record<string, string> {
  const { members } = cluster.node(name).cluster;
  return Object.fromEntries(members.map(({ node, state }) => [node.name, state]));
}

describe("joining and leaving", () => {
  it("every node sees the others as up", () => {
    expect(seenBy("a")).toEqual({ b: "up", c: "up" });
    expect(seenBy("c")).toEqual({ a: "up", b: "up" });
  });

  it("nobody is suspected or fenced while all is well", async () => {
    await cluster.clock.advance(60_000);
    expect(seenBy("b")).toEqual({ a: "up", c: "up" });
    expect(cluster.node("b").cluster.holdsPlace).toBe(true);
  });

  it("a node that leaves is gone for the others at once", async () => {
    const { membership } = cluster.node("c").cluster;
    await membership.leave();
    await cluster.clock.settle();
    expect(seenBy("a")).toEqual({ b: "up" });
  });

  it("a draining node is known as such", async () => {
    await cluster.node("c").cluster.membership.drain();
    await cluster.clock.settle();
    expect(seenBy("a")).toEqual({ b: "up", c: "draining" });
  });
});

describe("nodes that are lost", () => {
  it("one whose end its parent has seen is down at once", async () => {
    await cluster.kill("c", { known: true });
    expect(seenBy("a")).toEqual({ b: "up" });
  });

  it("one that vanishes is suspected within two seconds, and down when its lease is over", async () => {
    await cluster.kill("c");
    await cluster.clock.advance(2_000);
    expect(seenBy("a")).toEqual({ b: "up", c: "suspected" });
    await cluster.clock.advance(3_000);
    expect(seenBy("a")).toEqual({ b: "up" });
    expect(seenBy("b")).toEqual({ a: "up" });
  });

  it("one that comes back in time is up again, and has lost nothing", async () => {
    cluster.network.pause("c");
    await cluster.clock.advance(2_000);
    expect(seenBy("a")["c"]).toBe("suspected");
    cluster.network.resume("c");
    await cluster.clock.advance(1_000);
    expect(seenBy("a")["c"]).toBe("up");
    expect(cluster.node("c").cluster.holdsPlace).toBe(true);
  });

  it("one that was stopped for longer than its lease knows so before it does anything else", async () => {
    cluster.network.pause("c");
    await cluster.clock.advance(3_001);
    expect(cluster.node("c").cluster.holdsPlace).toBe(false);
    await cluster.clock.advance(3_000);
    expect(seenBy("a")).toEqual({ b: "up" });
    cluster.network.resume("c");
    await cluster.clock.settle();
    expect(cluster.node("c").reports.map(({ type }) => type)).toContain("node_fenced");
  });

  it("a new life of a node is the end of the old one", async () => {
    const before = cluster.node("a").cluster.members.find(({ node }) => node.name === "c")?.node;
    await cluster.kill("c");
    await cluster.start("c");
    const after = cluster.node("a").cluster.members.find(({ node }) => node.name === "c")?.node;
    expect(before?.incarnation).not.toBe(after?.incarnation);
    expect(seenBy("a")).toEqual({ b: "up", c: "up" });
  });
});

describe("partitions", () => {
  it("a node without the register gives its place up, and the others go on", async () => {
    cluster.network.partition(["a", "b"], ["c"]);
    await cluster.clock.advance(6_000);
    expect(cluster.node("c").cluster.holdsPlace).toBe(false);
    expect(seenBy("a")).toEqual({ b: "up" });
    expect(cluster.node("a").cluster.holdsPlace).toBe(true);
  });

  it("a short partition ends nobody", async () => {
    cluster.network.partition(["a", "b"], ["c"]);
    await cluster.clock.advance(1_900);
    cluster.network.heal();
    await cluster.clock.advance(3_000);
    expect(seenBy("a")).toEqual({ b: "up", c: "up" });
    expect(seenBy("c")).toEqual({ a: "up", b: "up" });
  });

  it("a node stops by its own clock before anybody declares it down", async () => {
    cluster.network.partition(["a", "b"], ["c"]);
    let stoppedAt = Number.POSITIVE_INFINITY;
    let downAt = Number.POSITIVE_INFINITY;
    for (let at = 0; at < 8_000; at += 10) {
      await cluster.clock.advance(10);
      if (!cluster.node("c").cluster.holdsPlace) stoppedAt = Math.min(stoppedAt, at);
      if (seenBy("a")["c"] === undefined) downAt = Math.min(downAt, at);
    }
    expect(stoppedAt).toBeLessThan(downAt);
    expect(downAt).toBeLessThan(5_000);
  });
});
