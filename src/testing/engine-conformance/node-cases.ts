import assert from "node:assert/strict";
import type { CaseInWorld } from "./engine-world.js";
import { frameOf, joinAll, ObservedNode, WatchLog } from "./observed-node.js";
import { revisionOf } from "./register-cases.js";

const MANY = 500;

/** What one node alone is told by every engine. */
export const lonelyCases: readonly CaseInWorld[] = [
  {
    title: "node: it has its place when it has joined, and is not among its own members",
    async run(world) {
      const a = await ObservedNode.join(world, "a");
      assert.equal(a.self.name, "a");
      assert.notEqual(a.self.incarnation, "");
      assert.equal(await a.holdsPlace(), true);
      assert.deepEqual(await a.members(), {});
      assert.equal(await a.send({ name: "nobody", incarnation: "n-1" }, frameOf("x")), "unreachable");
    },
  },
];

/** What several nodes are told, and say to each other. */
export const nodeCases: readonly CaseInWorld[] = [
  {
    title: "members: every node sees the others as up",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined);
      assert.deepEqual([await a.members(), await b.members()], [{ b: "up" }, { a: "up" }]);
      assert(a.wasTold(b.self, "up"));
    },
  },
  {
    title: "members: a node that drains is seen as such, and takes part still",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined);
      await world.settle(b.tested.drain());
      await world.until(() => a.toldOf["b"] === "draining", "a draining node to be seen");
      assert.equal(await b.holdsPlace(), true);
      assert.equal(await a.send(b.self, frameOf("still there")), "sent");
      await world.until(() => b.textsFrom(a.self).length === 1, "a frame to a draining node");
    },
  },
  {
    title: "members: a node that leaves is down, and has no place any more",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined);
      await world.settle(b.tested.leave());
      await world.until(() => a.wasTold(b.self, "down"), "a node that left to be down");
      assert.deepEqual(await a.members(), {});
      assert.equal(await b.holdsPlace(), false);
      assert.equal(await b.send(a.self, frameOf("from beyond")), "unreachable");
      const isRefused = async (): Promise<boolean> => (await a.send(b.self, frameOf("too late"))) === "unreachable";
      await a.untilSo(isRefused, a, "a frame to be refused");
      assert.deepEqual(b.fencings, []);
    },
  },
  {
    title: "members: the next life of a node is another one, and what is for the earlier does not reach it",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined);
      await world.settle(b.tested.leave());
      const next = await ObservedNode.join(world, "b");
      assert.notEqual(next.self.incarnation, b.self.incarnation);
      await world.until(() => a.wasTold(next.self, "up") && a.wasTold(b.self, "down"), "the next life to be seen");
      await a.send(b.self, frameOf("for the earlier life"));
      assert.equal(await a.send(next.self, frameOf("for this life")), "sent");
      await world.until(() => next.textsFrom(a.self).length > 0, "a frame for the next life");
      assert.deepEqual(next.textsFrom(a.self), ["for this life"]);
      assert.equal(b.frames.length, 0);
    },
  },
  {
    title: "frames: they come in the order in which one node sent them, as they were, with its name",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined);
      const sent: string[] = [];
      const outcomes: Promise<unknown>[] = [];
      for (let number = 0; number < MANY; number++) {
        const text = `${number} ${"x".repeat(number % 50)}`;
        outcomes.push(a.send(b.self, frameOf(text)).then((outcome) => void (outcome === "sent" && sent.push(text))));
        outcomes.push(b.send(a.self, frameOf(`back ${number}`)));
      }
      await Promise.all(outcomes);
      await world.until(() => b.textsFrom(a.self).length === sent.length, "all frames that were taken");
      assert.deepEqual(b.textsFrom(a.self), sent);
      await world.until(() => a.textsFrom(b.self).at(-1) === `back ${MANY - 1}`, "the frames of the other way");
    },
  },
  {
    title: "frames: a large one comes whole, or is refused",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined);
      const text = "large ".repeat(300_000);
      assert.equal(await a.send(b.self, frameOf(text)), "sent");
      await world.until(() => b.frames.length > 0, "a large frame");
      assert.equal(b.textsFrom(a.self)[0] === text, true);
    },
  },
  {
    title: "frames: they reach the node that they are for, and no other",
    async run(world) {
      const [a, b, c] = await joinAll(world, "a", "b", "c");
      assert(a !== undefined && b !== undefined && c !== undefined);
      await a.send(b.self, frameOf("for b"));
      await a.send(c.self, frameOf("for c"));
      await world.until(() => b.frames.length + c.frames.length === 2, "both frames");
      assert.deepEqual([b.textsFrom(a.self), c.textsFrom(a.self)], [["for b"], ["for c"]]);
    },
  },
  {
    title: "time: a node feels its beat again and again",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined);
      await world.until(() => a.beats > 2 && b.beats > 2, "three beats");
      assert.deepEqual([await a.members(), await b.members()], [{ b: "up" }, { a: "up" }]);
    },
  },
  {
    title: "register: all nodes share it, and of two that expect the same one writes",
    async run(world) {
      const [a, b] = await joinAll(world, "a", "b");
      assert(a !== undefined && b !== undefined);
      const log = new WatchLog();
      b.register.watch("cases/", log);
      const revision = revisionOf(await world.settle(a.register.put("cases/one", Buffer.from("1"), 0)));
      await world.until(() => log.changes.length === 1, "a change that another node made");
      assert.equal((await world.settle(b.register.get("cases/one")))?.revision, revision);
      const both = [a, b].map(({ register, self }) => register.put("cases/one", Buffer.from(self.name), revision));
      const outcomes = await world.settle(Promise.all(both));
      assert.equal(outcomes.filter(({ ok }) => ok).length, 1);
      await world.until(() => log.changes.length === 2, "the change of whoever was first");
    },
  },
];
