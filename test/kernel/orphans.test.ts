import { expect, test } from "vitest";
import { Actor, adoptsOrphans, type ActorRef } from "../../src/index.js";
import { createTestSystem } from "../../src/testing/index.js";

class Starter extends Actor {
  spawnOne(): ActorRef<Starter> {
    return this.spawn(Starter);
  }
}

class Guardian extends Starter {
  static readonly [adoptsOrphans] = true;
}

test("an actor that outlives its starter belongs to the system itself", async () => {
  const { system, stop } = await createTestSystem();
  const starter = system.spawn(Starter);
  const child = await starter.call.spawnOne();
  expect(system.children(starter)).toEqual([child]);
  system.exit(starter, "kill");
  await system.exited(starter);
  expect(system.children()).toEqual([child]);
  expect(system.info(child)?.parent).toBeUndefined();
  await stop();
});

test("the nearest ancestor that asks for orphans takes them in, and those of its own go to the next", async () => {
  const { system, stop } = await createTestSystem();
  const outer = system.spawn(Guardian);
  const inner = await outer.call.spawnOne();
  const middle = await inner.call.spawnOne();
  const leaf = await middle.call.spawnOne();
  system.exit(middle, "kill");
  await system.exited(middle);
  expect([...system.children(outer)].sort()).toEqual([inner, leaf].sort());
  system.exit(inner, "kill");
  await system.exited(inner);
  expect(system.children(outer)).toEqual([leaf]);
  system.exit(outer, "kill");
  await system.exited(outer);
  expect(system.children()).toEqual([leaf]);
  await stop();
});
