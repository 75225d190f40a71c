import { afterEach, describe, expect, it } from "vitest";
import type { ActorRef } from "../../../src/index.js";
import { type Listener, NodesStage } from "./stage.js";

let stage: NodesStage;

afterEach(async () => {
  await stage.stop();
});

async function device(node: string, id: string): Promise<ActorRef<Listener>> {
  const ref = await stage.listener(node);
  stage.router(node).login(id, ref);
  await stage.settle();
  return ref;
}

describe("a message to an id", () => {
  it("reaches all devices on all nodes, but for the one that is left out", async () => {
    stage = await NodesStage.create(["a", "b", "c"]);
    const devices = [
      await device("a", "ann"),
      await device("b", "ann"),
      await device("b", "ann"),
      await device("c", "bob"),
    ];
    const [first, second] = devices;
    if (first === undefined || second === undefined) throw new Error("there are four");
    expect(stage.router("a").count("ann")).toBe(3);
    expect(stage.router("a").send("ann", "one")).toBe(3);
    expect(stage.router("c").send("ann", "two")).toBe(3);
    stage.router("a").send("ann", "three", { except: first });
    await stage.settle();
    const heard: unknown[] = [];
    for (const ref of devices) heard.push([...(await stage.heard(ref))].sort());
    expect(heard).toEqual([['"one"', '"two"'], ['"one"', '"three"', '"two"'], ['"one"', '"three"', '"two"'], []]);
    expect(stage.router("a").counts()).toMatchObject({ delivered: 2, sentToNobody: 0 });
    expect(stage.router("b").counts()).toMatchObject({ delivered: 6, sentToNobody: 0 });
  });

  it("goes to nobody where the last device is gone, with its actor or its node", async () => {
    stage = await NodesStage.create(["a", "b", "c"]);
    const ref = await device("b", "ann");
    await device("c", "ann");
    stage.system("b").exit(ref, "kill");
    await stage.settle();
    expect(stage.router("a").send("ann", 1)).toBe(1);
    await stage.cluster.kill("c", { known: true });
    await stage.settle(1_000);
    expect(stage.router("a").send("ann", 1)).toBe(0);
    expect(stage.router("a").counts()).toMatchObject({ delivered: 0, sentToNobody: 1 });
  });

  it("is an error that names the field where it cannot be carried", async () => {
    stage = await NodesStage.create(["a", "b"]);
    await device("b", "ann");
    expect(() => stage.router("a").send("ann", { work: () => 1 })).toThrow(
      expect.objectContaining({ code: "cannot_carry", field: "$.message.work" }),
    );
  });
});
