import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ClusterGroups, type GroupChange } from "../../../src/cluster/groups/cluster-groups.js";
import { Actor, type ActorRef } from "../../../src/index.js";
import { createTestCluster, type TestCluster } from "../../../src/testing/test-cluster.js";

class Listener extends Actor {
  readonly #heard: unknown[] = [];
  heard(): unknown[] {
    return [...this.#heard];
  }
  override handleInfo(message: unknown): void {
    this.#heard.push(message);
  }
}

let cluster: TestCluster;
const groups = new Map<string, ClusterGroups>();

beforeEach(async () => {
  cluster = await createTestCluster({ nodes: ["a", "b", "c"] });
  groups.clear();
  for (const name of ["a", "b", "c"]) groups.set(name, new ClusterGroups(cluster.node(name).cluster));
  await cluster.clock.settle();
});

afterEach(async () => {
  await cluster.stop();
});

function groupsOf(node: string): ClusterGroups {
  const found = groups.get(node);
  if (found === undefined) throw new RangeError(`no groups on ${node}`);
  return found;
}

async function listenerOn(node: string, ...joined: string[]): Promise<ActorRef<Listener>> {
  const ref = await cluster.node(node).system.start(Listener);
  for (const group of joined) groupsOf(node).join(group, ref);
  await cluster.clock.settle();
  return ref;
}

function seenFrom(node: string, group = "chat"): string[] {
  return groupsOf(node)
    .members(group)
    .map((ref) => /<(\w+)\./.exec(String(ref))?.[1] ?? "?");
}

describe("members", () => {
  it("a member is seen by every node, one entry per join", async () => {
    const ref = await listenerOn("a", "chat", "chat");
    await listenerOn("b", "chat");
    expect(seenFrom("c").sort()).toEqual(["a", "a", "b"]);
    expect(groupsOf("a").localMembers("chat")).toEqual([ref, ref]);
    expect(groupsOf("c").names()).toEqual(["chat"]);
  });

  it("one leave takes back one join", async () => {
    const ref = await listenerOn("a", "chat", "chat");
    expect(groupsOf("a").leave("chat", ref)).toBe(true);
    await cluster.clock.settle();
    expect(seenFrom("b")).toEqual(["a"]);
    groupsOf("a").leave("chat", ref);
    expect(groupsOf("a").leave("chat", ref)).toBe(false);
    await cluster.clock.settle();
    expect(seenFrom("b")).toEqual([]);
    expect(groupsOf("b").names()).toEqual([]);
  });

  it("the end of an actor leaves all its groups everywhere", async () => {
    const ref = await listenerOn("a", "chat", "chat", "news");
    cluster.node("a").system.exit(ref, "kill");
    await cluster.clock.settle();
    expect([...seenFrom("b"), ...seenFrom("b", "news")]).toEqual([]);
  });

  it("a node that comes later is told all", async () => {
    await listenerOn("a", "chat");
    const { cluster: node } = await cluster.start("d");
    const late = new ClusterGroups(node);
    await cluster.clock.settle();
    expect(late.members("chat")).toHaveLength(1);
    await listenerOn("a", "chat");
    await cluster.clock.settle();
    expect(late.members("chat")).toHaveLength(2);
  });

  it("a node that drains is told all, and is heard, also by one that comes later", async () => {
    await listenerOn("b", "chat");
    await cluster.node("b").cluster.membership.drain();
    await cluster.clock.settle();
    const { cluster: node } = await cluster.start("d");
    const late = new ClusterGroups(node);
    await cluster.clock.settle();
    expect(late.members("chat")).toHaveLength(1);
    cluster.network.partition(["a", "c", "d"], ["b"]);
    await cluster.clock.advance(1_600);
    await listenerOn("a", "chat");
    cluster.network.heal();
    await cluster.clock.advance(1_000);
    expect(seenFrom("b").sort()).toEqual(["0", "a"]);
  });

  it("an actor of another node cannot be joined here", async () => {
    await listenerOn("a", "chat");
    const [remote] = groupsOf("b").members("chat");
    if (remote === undefined) throw new Error("no member was seen");
    expect(() => groupsOf("b").join("chat", remote)).toThrow(/of this node/);
  });
});

describe("messages", () => {
  it("every member gets a message once, on every node", async () => {
    const refs = [await listenerOn("a", "chat", "chat"), await listenerOn("b", "chat"), await listenerOn("b", "chat")];
    expect(groupsOf("c").send("chat", { text: "hello" })).toBe(2);
    await cluster.clock.settle();
    for (const ref of refs) {
      const heard = ref.call.heard();
      await cluster.clock.settle();
      expect(await heard).toEqual([{ text: "hello" }]);
    }
  });

  it("a message to a group without members goes nowhere", () => {
    expect(groupsOf("a").send("nobody", 1)).toBe(0);
  });
});

describe("nodes that are lost", () => {
  it("the members of a node that is down are gone, and whoever watches is told once", async () => {
    await listenerOn("a", "chat");
    const changes: GroupChange["change"][] = [];
    groupsOf("b").watch("chat", ({ change }) => void changes.push(change));
    await cluster.kill("a");
    await cluster.clock.advance(6_000);
    expect(seenFrom("b")).toEqual([]);
    expect(changes).toEqual(["left"]);
  });

  it("what changed during a short partition is known after it", async () => {
    const gone = await listenerOn("a", "chat");
    cluster.network.partition(["b", "c"], ["a"]);
    await listenerOn("a", "chat", "news");
    groupsOf("a").leave("chat", gone);
    await cluster.clock.advance(1_800);
    cluster.network.heal();
    await cluster.clock.advance(3_000);
    expect(seenFrom("b")).toEqual(["a"]);
    expect(seenFrom("b", "news")).toEqual(["a"]);
  });

  it("what changed while a node was stopped for a short time is known when it goes on", async () => {
    cluster.network.pause("b");
    await cluster.clock.advance(2_000);
    const ref = await cluster.node("a").system.start(Listener);
    groupsOf("a").join("chat", ref);
    await cluster.clock.advance(500);
    cluster.network.resume("b");
    await cluster.clock.advance(1_000);
    expect(cluster.node("b").cluster.holdsPlace).toBe(true);
    expect(seenFrom("b")).toEqual(["a"]);
  });

  it("a lost frame is noticed, and the copy is right again", async () => {
    await listenerOn("a", "chat");
    cluster.network.setFaults({ dropRate: 1 });
    await listenerOn("a", "chat");
    cluster.network.setFaults({});
    await listenerOn("a", "chat");
    await cluster.clock.settle();
    expect(seenFrom("b")).toHaveLength(3);
  });

  it("a watcher that is taken off hears nothing", async () => {
    const changes: string[] = [];
    const takeOff = groupsOf("b").watch("chat", ({ change }) => void changes.push(change));
    await listenerOn("a", "chat");
    takeOff();
    await listenerOn("a", "chat");
    expect(changes).toEqual(["joined"]);
  });
});
