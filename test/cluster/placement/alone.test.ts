import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clusterOf } from "../../../src/cluster/index.js";
import { createTestSystem, type TestSystem } from "../../../src/testing/index.js";
import { World } from "./placed-cluster.js";

let test: TestSystem;

beforeEach(async () => {
  test = await createTestSystem();
});

afterEach(async () => {
  await test.stop();
});

describe("a system without a cluster", () => {
  it("runs all its entities itself", async () => {
    const worlds = clusterOf(test.system).entities("world", { actorClass: World, args: { greeting: "alone" } });
    const ref = await worlds.locate("meadow");
    expect(await worlds.locate("meadow")).toBe(ref);
    expect(await ref.call.greet()).toBe("alone from meadow");
    await test.system.stopActor(ref);
    expect(await worlds.locate("meadow")).not.toBe(ref);
    expect(worlds.here).toBe(1);
  });

  it("runs its singletons", async () => {
    class Clock extends World {}
    const args = { id: "clock", token: 0, args: { greeting: "tick" }, handedOver: undefined };
    const clock = clusterOf(test.system).singleton("clock", Clock, args);
    const ref = await clock.locate();
    expect(clusterOf(test.system).names.whereis("clock")).toBe(ref);
    expect(clock.whereis()).toBe(ref);
    expect(await ref.call.greet()).toBe("tick from clock");
  });

  it("starts the host of a type again when somebody kills it", async () => {
    const worlds = clusterOf(test.system).entities("world", { actorClass: World });
    const ref = await worlds.locate("meadow");
    const host = test.system.children().find((child) => test.system.info(child)?.behaviour === "EntityHost");
    if (host === undefined) throw new Error("there is no host");
    test.system.exit(host, "kill");
    expect(test.system.isAlive(ref)).toBe(false);
    const again = worlds.locate("meadow");
    await test.clock.advance(100);
    expect(await (await again).call.visit()).toBe(1);
  });

  it("stops its entities in order with itself", async () => {
    const said: string[] = [];
    class Polite extends World {
      override terminate(reason: unknown): void {
        said.push(String(reason));
      }
    }
    const worlds = clusterOf(test.system).entities("polite", { actorClass: Polite });
    await worlds.locate("one");
    await worlds.locate("two");
    await test.system.stop();
    expect(said).toEqual(["shutdown", "shutdown"]);
    const late = worlds.locate("three", { timeoutMs: 100 });
    void late.catch(() => undefined);
    await test.clock.advance(1_000);
    await expect(late).rejects.toMatchObject({ code: "timeout" });
  });
});
