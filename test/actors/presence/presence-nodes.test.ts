import { expect, test } from "vitest";
import { presenceOf } from "../../../actors/presence/local-presence.js";
import { Presence } from "../../../actors/presence/presence.js";
import type { PresenceData, ReplicaId } from "../../../actors/presence/presence-data.js";
import type { PresenceRecord } from "../../../actors/presence/presence-record.js";
import type { ActorRef, AnyRef } from "../../../src/index.js";
import { createTestSystem, type TestSystem } from "../../../src/testing/index.js";
import { Doer } from "../../kernel/doer.js";

/** One node: a system of its own with a presence. */
class Node {
  readonly name: string;
  readonly test: TestSystem;
  /** Those whom its changes reach. */
  readonly reaches = new Set<Node>();
  presence: ActorRef<Presence> | undefined;

  constructor(name: string, test: TestSystem) {
    this.name = name;
    this.test = test;
  }

  static async start(name: string): Promise<Node> {
    const node = new Node(name, await createTestSystem());
    const publish = (changes: PresenceData<PresenceRecord>): void => {
      for (const other of node.reaches) other.told(changes);
    };
    node.presence = await node.test.system.start(Presence, { peers: { node: name, publish } });
    return node;
  }

  get ref(): ActorRef<Presence> {
    if (this.presence === undefined) throw new Error(`${this.name} is not started`);
    return this.presence;
  }

  told(data: PresenceData<PresenceRecord>): void {
    this.ref.cast.merge(JSON.parse(JSON.stringify(data)) as PresenceData<PresenceRecord>);
  }

  actor(): AnyRef {
    return this.test.system.spawn(Doer, undefined);
  }

  track(key: string): AnyRef {
    const actor = this.actor();
    presenceOf(this.test.system).track("room:1", key, actor, { node: this.name });
    return actor;
  }

  /** Who is there, as this node has it. */
  get keys(): string[] {
    return Object.keys(presenceOf(this.test.system).list("room:1")).sort();
  }

  id(): Promise<ReplicaId> {
    return this.ref.call.extract().then(({ self }) => self);
  }
}

async function settle(...nodes: readonly Node[]): Promise<void> {
  for (let round = 0; round < 3; round++) for (const { test: each } of nodes) await each.clock.advance(50);
}

/** Lets two nodes find each other: each hears of the other's life, and asks for what it lacks. */
async function meet(one: Node, other: Node): Promise<void> {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.reaches.add(to);
    const { contexts } = await to.ref.call.extract();
    const { self, data } = await from.ref.call.extract(contexts);
    to.told(data);
    await to.ref.call.replicaUp(self);
  }
  await settle(one, other);
}

function part(one: Node, other: Node): void {
  one.reaches.delete(other);
  other.reaches.delete(one);
}

async function three(): Promise<readonly [Node, Node, Node]> {
  const nodes = [await Node.start("a"), await Node.start("b"), await Node.start("c")] as const;
  const [a, b, c] = nodes;
  await meet(a, b);
  await meet(b, c);
  await meet(a, c);
  return nodes;
}

async function stop(...nodes: readonly Node[]): Promise<void> {
  for (const node of nodes) await node.test.stop();
}

test("what is tracked on one node is visible on all, and gone on all when its actor ends", async () => {
  const nodes = await three();
  const [a, b, c] = nodes;
  const ada = a.track("ada");
  b.track("bob");
  await settle(...nodes);
  for (const node of nodes) expect(node.keys).toEqual(["ada", "bob"]);
  expect(presenceOf(c.test.system).get("room:1", "ada")?.metas).toEqual(
    presenceOf(a.test.system).get("room:1", "ada")?.metas,
  );
  a.test.system.exit(ada, "kill");
  await settle(...nodes);
  for (const node of nodes) expect(node.keys).toEqual(["bob"]);
  await stop(...nodes);
});

test("a node that comes later learns who is there", async () => {
  const [a, b] = [await Node.start("a"), await Node.start("b")];
  a.track("ada");
  b.track("bob");
  await settle(a, b);
  await meet(a, b);
  expect([a.keys, b.keys]).toEqual([
    ["ada", "bob"],
    ["ada", "bob"],
  ]);
  await stop(a, b);
});

test("who is on a node that does not answer is hidden, and visible again when it does", async () => {
  const [a, b, c] = await three();
  a.track("ada");
  await settle(a, b, c);
  const id = await a.id();
  await b.ref.call.replicaDown(id);
  expect([b.keys, c.keys]).toEqual([[], ["ada"]]);
  expect(await b.ref.call.replicaUp(id)).toBe(true);
  expect(b.keys).toEqual(["ada"]);
  await stop(a, b, c);
});

test("no ghost is left of a node that is gone, also when another tells of it later", async () => {
  const [a, b, c] = await three();
  const id = await a.id();
  a.track("ada");
  await settle(a, b, c);
  await a.test.stop();
  part(a, b);
  part(a, c);
  await b.ref.call.replicaGone(id);
  expect(b.keys).toEqual([]);
  // c has not noticed, and tells all that it knows.
  const { data } = await c.ref.call.extract();
  expect(data.some((each) => each.name === "a" && !each.gone)).toBe(true);
  b.told(data);
  await settle(b, c);
  expect(b.keys).toEqual([]);
  // b's news reach c.
  c.told((await b.ref.call.extract()).data);
  await settle(b, c);
  expect([b.keys, c.keys]).toEqual([[], []]);
  await stop(b, c);
});

test("a node that is started again replaces its former life at once", async () => {
  const [a, b] = [await Node.start("a"), await Node.start("b")];
  await meet(a, b);
  a.track("ada");
  await settle(a, b);
  expect(b.keys).toEqual(["ada"]);
  await a.test.stop();
  const again = await Node.start("a");
  // Virtual clocks all begin at the same time; a machine's goes on.
  await again.test.system.stopActor(again.ref);
  again.presence = await again.test.system.start(Presence, { peers: { node: "a", publish: (data) => b.told(data) } });
  again.track("eve");
  await meet(again, b);
  expect(b.keys).toEqual(["eve"]);
  await stop(again, b);
});

test("a node that others held for gone although it lives is back with all its people", async () => {
  const [a, b] = [await Node.start("a"), await Node.start("b")];
  await meet(a, b);
  a.track("ada");
  await settle(a, b);
  const before = await a.id();
  part(a, b);
  await b.ref.call.replicaGone(before);
  a.track("eve");
  await settle(a, b);
  expect([a.keys, b.keys]).toEqual([["ada", "eve"], []]);
  // The first that a hears of it is b's view of the world.
  await meet(a, b);
  await meet(a, b);
  expect((await a.id()).incarnation).toBeGreaterThan(before.incarnation);
  expect([a.keys, b.keys]).toEqual([
    ["ada", "eve"],
    ["ada", "eve"],
  ]);
  await stop(a, b);
});
