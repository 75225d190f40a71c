import assert from "node:assert/strict";
import type { CaseInWorld, EngineWorld } from "./engine-world.js";
import { frameOf, joinAll, ObservedNode, WatchLog } from "./observed-node.js";
import { revisionOf } from "./register-cases.js";

/** Notes when a node lost its place by its own clock, and when another one heard of its end: the first must come first. */
async function untilDown(world: EngineWorld, lost: ObservedNode, other: ObservedNode): Promise<void> {
  await world.until(() => {
    const isDown = other.wasTold(lost.self, "down");
    // Of a process that is stopped nobody can know at this moment; it is asked when it goes on.
    const holds = isDown && lost.tested.holdsPlace();
    assert(holds !== true, "a node was declared down while it still held its place");
    return isDown;
  }, "a lost node to be down");
}

/** What is told of a process that ends without a word. */
export const killCases: readonly CaseInWorld[] = [
  {
    title: "faults: a node whose process ends is down, and its next life is up",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined && world.kill !== undefined);
      await world.kill("b");
      await world.until(() => a.wasTold(b.self, "down"), "a node that was killed to be down");
      assert.deepEqual(await a.members(), {});
      assert.equal(await a.send(b.self, frameOf("too late")), "unreachable");
      assert.equal(await a.holdsPlace(), true);
      const next = await ObservedNode.join(world, "b");
      await world.until(() => a.wasTold(next.self, "up"), "its next life to be up");
    },
  },
];

/** What is told of a process that is stopped for a while. */
export const pauseCases: readonly CaseInWorld[] = [
  {
    title: "faults: a node that is silent for a while is suspected, and up again when it is back",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined && world.pause !== undefined && world.resume !== undefined);
      await world.pause("b");
      await world.until(() => a.toldOf["b"] === "suspected", "a silent node to be suspected");
      await world.resume("b");
      await world.until(() => a.toldOf["b"] === "up", "it to be up again");
      assert.equal(await b.holdsPlace(), true);
      assert.deepEqual([a.wasTold(b.self, "down"), b.fencings], [false, []]);
    },
  },
  {
    title:
      "faults: a node that was stopped beyond its lease has no place from before the others know, and is told when it wakes",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined && world.pause !== undefined && world.resume !== undefined);
      await world.pause("b");
      await untilDown(world, b, a);
      await world.resume("b");
      await world.until(() => b.fencings.length > 0, "it to be told that it has lost its place");
      assert.equal(b.fencings.length, 1);
      assert.equal(await b.holdsPlace(), false);
      assert.equal(await b.send(a.self, frameOf("from beyond")), "unreachable");
      assert.deepEqual(a.textsFrom(b.self), []);
    },
  },
];

/** What is told of a node that is cut off. */
export const isolationCases: readonly CaseInWorld[] = [
  {
    title: "faults: a node that is cut off gives its place up before the others declare it down",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined && world.isolate !== undefined);
      await world.isolate("b");
      await untilDown(world, b, a);
      await world.until(() => b.fencings.length > 0, "it to be told that it has lost its place");
      assert.equal(await a.holdsPlace(), true);
    },
  },
  {
    title: "faults: a register that cannot be reached says so, and a watch begins anew when it can",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined && world.isolate !== undefined && world.heal !== undefined);
      const log = new WatchLog();
      b.register.watch("cases/", log);
      const first = revisionOf(await world.settle(a.register.put("cases/one", Buffer.from("1"), 0)));
      await world.until(() => log.changes.length === 1, "a change");
      await world.isolate("b");
      await assert.rejects(world.settle(b.register.get("cases/one")), { code: "unreachable" });
      revisionOf(await world.settle(a.register.put("cases/one", Buffer.from("2"), first)));
      await world.heal();
      await world.until(() => log.texts.at(-1) === "cases/one=2", "what was missed");
      assert(log.resets > 0, "what was known before may have been out of date, and nobody said so");
      assert.equal(await b.holdsPlace(), true);
    },
  },
];
