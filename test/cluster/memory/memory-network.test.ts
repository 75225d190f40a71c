import { expect, it } from "vitest";
import { clusterOf } from "../../../src/cluster/index.js";
import { Actor } from "../../../src/index.js";
import { createTestCluster } from "../../../src/testing/index.js";

class Member extends Actor {}

it("of two nodes one can be muted: the other hears nothing of it, and is heard", async () => {
  const { clock, network, node, stop } = bound(await createTestCluster({ nodes: ["a", "b"] }));
  const [a, b] = [node("a"), node("b")];
  network.mute("a", "b");
  clusterOf(a.system).groups.join("chat", a.system.spawn(Member));
  clusterOf(b.system).groups.join("chat", b.system.spawn(Member));
  await clock.advance(5_000);
  expect([a, b].map(({ system }) => clusterOf(system).groups.members("chat").length)).toEqual([2, 1]);
  expect([a, b].map(({ cluster }) => cluster.members.map(({ state }) => state))).toEqual([["up"], ["suspected"]]);
  network.heal();
  await clock.advance(5_000);
  expect([a, b].map(({ system }) => clusterOf(system).groups.members("chat").length)).toEqual([2, 2]);
  await stop();
});

it("shows what the register holds, whatever a node knows of it", async () => {
  const { clock, network, node, stop } = bound(await createTestCluster({ nodes: ["a"] }));
  const { system } = node("a");
  const registering = clusterOf(system).names.register("world", system.spawn(Member));
  await clock.settle();
  const outcome = await registering;
  expect(outcome.ok && outcome.token).toBe(network.entry("names/world")?.revision);
  expect(network.entry("names/other")).toBeUndefined();
  await stop();
});

it("lets an actor that is guarded do nothing once its node has lost its place, and no other than that", async () => {
  const { clock, network, node, stop } = bound(await createTestCluster({ nodes: ["a", "b"] }));
  const { system, cluster } = node("a");
  const [guarded, free] = [system.spawn(Counter), system.spawn(Counter)];
  cluster.guard(guarded);
  // A name that it gives up takes nothing from it.
  const registering = clusterOf(system).names.register("world", guarded);
  await clock.settle();
  await registering;
  await clusterOf(system).names.unregister("world", guarded);
  network.pause("a");
  for (const ref of [guarded, free]) ref.cast.count();
  await clock.advance(6_000);
  network.resume("a");
  await clock.settle();
  expect([system.exitReason(guarded), Counter.counted]).toEqual(["fenced", 1]);
  system.exit(free, "kill");
  await stop();
});

class Counter extends Actor {
  static counted = 0;
  count(): void {
    Counter.counted++;
  }
}

function bound(cluster: Awaited<ReturnType<typeof createTestCluster>>) {
  const { clock, network } = cluster;
  return { clock, network, node: (name: string) => cluster.node(name), stop: () => cluster.stop() };
}
