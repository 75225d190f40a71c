import { expect, test } from "vitest";
import { GroupScope } from "../../../actors/registry/group-scope.js";
import { groupsOf } from "../../../actors/registry/local-groups.js";
import { registryOf } from "../../../actors/registry/local-registry.js";
import { Registry } from "../../../actors/registry/registry.js";
import type { ActorSystem } from "../../../src/index.js";
import { createTestSystem } from "../../../src/testing/index.js";
import { Doer } from "../../kernel/doer.js";
import { countWork } from "./count-work.js";

const SMALL = 10_000;
const LARGE = 100_000;

/** The work for each thing held, in a small case and in one ten times as large. */
async function workForEach(work: (system: ActorSystem, count: number) => Promise<number>): Promise<[number, number]> {
  const { system, stop } = await createTestSystem();
  await system.start(Registry, { name: "names" });
  await system.start(GroupScope, undefined);
  const each: [number, number] = [(await work(system, SMALL)) / SMALL, (await work(system, LARGE)) / LARGE];
  await stop();
  return each;
}

test("an actor in 100,000 groups, with as many entries, ends with work linear in them", async () => {
  const [small, large] = await workForEach(async (system, count) => {
    const [groups, registry] = [groupsOf(system), registryOf(system, "names")];
    const ref = system.spawn(Doer, undefined);
    await system.idle();
    for (let n = 0; n < count; n++) {
      groups.join(n, ref);
      registry.register("property", n, ref);
      registry.register("duplicate", "k", ref);
    }
    const work = countWork(() => system.exit(ref, "kill"));
    expect([groups.groups().length, registry.size()]).toEqual([0, 0]);
    return work;
  });
  expect(small).toBeGreaterThan(3);
  expect(large).toBeLessThan(small * 1.5);
});

test("a group, and a key, of 100,000 actors end with work linear in them", async () => {
  const [small, large] = await workForEach(async (system, count) => {
    const [groups, registry] = [groupsOf(system), registryOf(system, "names")];
    const refs = Array.from({ length: count }, () => system.spawn(Doer, undefined));
    await system.idle();
    for (const ref of refs) {
      groups.join("g", ref);
      registry.register("duplicate", "k", ref);
      registry.register("resource", ["r", 1], ref);
    }
    const work = countWork(() => {
      for (let n = 0; n < refs.length; n++) {
        const ref = refs[n];
        if (ref !== undefined) system.exit(ref, "kill");
      }
    });
    expect([groups.groups().length, registry.size()]).toEqual([0, 0]);
    return work;
  });
  expect(small).toBeGreaterThan(3);
  expect(large).toBeLessThan(small * 1.5);
});

test("an actor in 100,000 of the system's own groups ends with work linear in them", async () => {
  const [small, large] = await workForEach(async (system, count) => {
    const ref = system.spawn(Doer, undefined);
    await ref.call.do((me) => {
      for (let n = 0; n < count; n++) me.joinGroup(`g${n}`);
    });
    const work = countWork(() => system.exit(ref, "kill"));
    expect(system.kernel.groups.names()).toEqual([]);
    return work;
  });
  expect(small).toBeGreaterThan(1);
  expect(large).toBeLessThan(small * 1.5);
});
