import { afterEach, describe, expect, it } from "vitest";
import type { AnyRef } from "../../../src/index.js";
import { NodesStage } from "./stage.js";

let stage: NodesStage;

afterEach(async () => {
  await stage.stop();
});

/** Somebody who is present on a node. */
async function person(node: string, key: string): Promise<AnyRef> {
  const ref = await stage.listener(node);
  stage.presence(node).track("room:1", key, ref);
  await stage.settle();
  return ref;
}

describe("who is here", () => {
  it("is the same on all nodes, and for the clients of all", async () => {
    stage = await NodesStage.create(["a", "b"]);
    const ann = await stage.client("a", "ann");
    const bob = await stage.client("b", "bob");
    const eve = await person("b", "eve");
    for (const node of ["a", "b"]) expect(stage.keys(node)).toEqual(["ann", "bob", "eve"]);
    for (const { here } of [ann, bob]) expect([...here].sort()).toEqual(["ann", "bob", "eve"]);
    stage.system("b").exit(eve, "kill");
    await stage.settle();
    for (const { here } of [ann, bob]) expect([...here].sort()).toEqual(["ann", "bob"]);
    expect(stage.presence("a").get("room:1", "bob")).toEqual(stage.presence("b").get("room:1", "bob"));
  });

  it("is known to a node that comes later, and to a presence that is started later", async () => {
    stage = await NodesStage.create(["a", "b"]);
    await person("a", "ann");
    await person("b", "bob");
    await stage.start("c");
    expect(stage.keys("c")).toEqual(["ann", "bob"]);
    await stage.restartPresence("c");
    expect(stage.keys("c")).toEqual(["ann", "bob"]);
  });

  it("is without those of a presence that was stopped, and with those of the next", async () => {
    stage = await NodesStage.create(["a", "b"]);
    await person("a", "ann");
    await stage.restartPresence("a");
    expect(stage.keys("b")).toEqual([]);
    await person("a", "ann");
    expect(stage.keys("b")).toEqual(["ann"]);
  });

  it("is right again after a lost frame", async () => {
    stage = await NodesStage.create(["a", "b"]);
    const ann = await person("a", "ann");
    stage.cluster.network.setFaults({ dropRate: 1 });
    stage.system("a").exit(ann, "kill");
    await person("a", "eve");
    stage.cluster.network.setFaults({});
    await stage.settle(3_000);
    expect(stage.keys("b")).toEqual(["eve"]);
  });
});

describe("no ghost is left", () => {
  it("of a node that was killed, once it is down, and not before", async () => {
    stage = await NodesStage.create(["a", "b"]);
    await person("a", "ann");
    const bob = await stage.client("b", "bob");
    await stage.cluster.kill("a");
    await stage.settle(1_500);
    expect(stage.keys("b")).toEqual(["ann", "bob"]);
    await stage.settle(10_000);
    expect(stage.keys("b")).toEqual(["bob"]);
    expect([...bob.here]).toEqual(["bob"]);
    await stage.start("a");
    await person("a", "eve");
    expect(stage.keys("b")).toEqual(["bob", "eve"]);
  });

  it("of a node that slept for longer than its place was kept", async () => {
    stage = await NodesStage.create(["a", "b", "c"]);
    await person("a", "ann");
    stage.cluster.network.pause("a");
    await stage.settle(20_000);
    for (const node of ["b", "c"]) expect(stage.keys(node)).toEqual([]);
    stage.cluster.network.resume("a");
    await stage.settle(5_000);
    for (const node of ["b", "c"]) expect(stage.keys(node)).toEqual([]);
    // It knows that it has lost its place, and nothing of the others any more.
    expect(stage.keys("a")).toEqual(["ann"]);
  });

  it("of a short partition: all is as it was, and what changed meanwhile is known", async () => {
    stage = await NodesStage.create(["a", "b", "c"]);
    const ann = await person("a", "ann");
    stage.cluster.network.partition(["b", "c"], ["a"]);
    await stage.settle(1_500);
    stage.system("a").exit(ann, "kill");
    await person("a", "eve");
    await person("b", "bob");
    stage.cluster.network.heal();
    await stage.settle(4_000);
    for (const node of ["a", "b", "c"]) expect(stage.keys(node)).toEqual(["bob", "eve"]);
  });
});
