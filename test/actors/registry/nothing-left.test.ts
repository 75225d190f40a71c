import { expect, test } from "vitest";
import { wildcard } from "../../../actors/registry/key.js";
import { KINDS } from "../../../actors/registry/kind.js";
import { cellOf } from "../../../src/kernel/cell.js";
import { expectEmpty, stageRegistry, type RegistryStage } from "./stage.js";

/** Each thing that an actor can have in a registry. */
const things: readonly [string, (stage: RegistryStage, owner: ReturnType<RegistryStage["actor"]>) => unknown][] = [
  ...KINDS.map((kind): (typeof things)[number] => [
    `a ${kind}`,
    ({ registry }, owner) => registry.register(kind, ["k", 1], owner, kind === "counter" ? 1 : undefined),
  ]),
  ["a wildcard counter", ({ registry }, owner) => registry.register("resource_counter", ["k", wildcard], owner)],
  ["a wait", ({ registry }, owner) => registry.nbWait("name", "never", owner)],
  ["a follower", ({ registry }, owner) => registry.monitor("never", owner, "follow")],
  ["a subscription to a name", ({ registry }, owner) => registry.subscribe("never", owner)],
  ["a subscription to an event", ({ registry }, owner) => registry.events.subscribe("e", owner)],
  ["a single subscription", ({ registry }, owner) => registry.events.createSingle("e", owner)],
  ["a lock", ({ registry }, owner) => registry.locks.trySet("L", owner)],
  [
    "a place in a pool",
    ({ registry: { pools } }, owner) => {
      pools.create("pool");
      pools.addWorker("pool", "w");
      return pools.connect("pool", "w", owner);
    },
  ],
];

test.each(things)("case 429: of %s nothing is left when its actor has ended", async (_what, have) => {
  const stage = await stageRegistry();
  const owner = stage.actor();
  have(stage, owner);
  // The check itself must notice it.
  expect(() => expectEmpty(stage.system)).toThrow(/deeply equal/);
  await stage.kill(owner);
  expectEmpty(stage.system);
  await stage.end();
});

test("case 429: nothing is left of an actor that gives all up by itself, nor of its life being watched", async () => {
  const stage = await stageRegistry();
  const { registry, system } = stage;
  const owner = stage.actor();
  for (const kind of KINDS) {
    registry.register(kind, "k", owner, kind === "counter" ? 1 : undefined);
    expect(registry.unregister(kind, "k", owner)).toBe(1);
  }
  registry.cancel(registry.nbWait("name", "never", owner));
  registry.cancel(registry.monitor("never", owner, "follow"));
  registry.locks.trySet("L", owner);
  registry.locks.delete("L", owner);
  expectEmpty(system);
  expect(cellOf(owner).extras?.holdings).toBe(null);
  await stage.end();
});
