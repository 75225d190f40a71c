import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GlobalNames, type NameOutcome } from "../../../src/cluster/names/global-names.js";
import { Actor, type ActorRef, type AnyRef } from "../../../src/index.js";
import { createTestCluster, type TestCluster } from "../../../src/testing/test-cluster.js";

class World extends Actor {
  #handled = 0;
  visit(): number {
    return ++this.#handled;
  }
}

let cluster: TestCluster;
let names: Map<string, GlobalNames>;

beforeEach(async () => {
  cluster = await createTestCluster({ nodes: ["a", "b", "c"] });
  names = new Map(["a", "b", "c"].map((name) => [name, new GlobalNames(cluster.node(name).cluster)]));
});

afterEach(async () => {
  await cluster.stop();
});

function namesOf(node: string): GlobalNames {
  const found = names.get(node);
  if (found === undefined) throw new RangeError(`no names on ${node}`);
  return found;
}

async function worldOn(node: string): Promise<ActorRef<World>> {
  return cluster.node(node).system.start(World);
}

async function done<Value>(pending: Promise<Value>): Promise<Value> {
  void pending.catch(() => undefined);
  await cluster.clock.settle();
  return pending;
}

async function registerOn(node: string, name = "world-1"): Promise<{ ref: ActorRef<World>; outcome: NameOutcome }> {
  const ref = await worldOn(node);
  return { ref, outcome: await done(namesOf(node).register(name, ref)) };
}

function tokenOf(outcome: NameOutcome): number {
  if (!outcome.ok) throw new Error("the name was not given");
  return outcome.token;
}

describe("who holds a name", () => {
  it("the first to register gets it, and every node finds the holder", async () => {
    const { outcome } = await registerOn("a");
    expect(outcome.ok).toBe(true);
    await cluster.clock.settle();
    const found = namesOf("b").whereis<World>("world-1");
    expect(String(found)).toMatch(/^<a\./);
    expect(await done(found?.call.visit() ?? Promise.reject(new Error("not found")))).toBe(1);
  });

  it("the second is told who holds it", async () => {
    const first = await registerOn("a");
    const second = await registerOn("b");
    expect(second.outcome).toMatchObject({ ok: false });
    expect(second.outcome.ok ? "" : String(second.outcome.holder)).toBe(`<a.${first.ref.id}>`);
  });

  it("of many at once one gets it", async () => {
    const tries = await Promise.all(["a", "b", "c"].map(async (node) => ({ node, ref: await worldOn(node) })));
    const outcomes = await done(Promise.all(tries.map(({ node, ref }) => namesOf(node).register("world-1", ref))));
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1);
  });

  it("it is free when the holder has ended, and the next token is higher", async () => {
    const first = await registerOn("a");
    await done(cluster.node("a").system.stopActor(first.ref));
    expect(namesOf("b").whereis("world-1")).toBeUndefined();
    const second = await registerOn("b");
    expect(tokenOf(second.outcome)).toBeGreaterThan(tokenOf(first.outcome));
  });

  it("it can be given back", async () => {
    const first = await registerOn("a");
    expect(await done(namesOf("a").unregister("world-1", first.ref))).toBe(true);
    expect(await done(namesOf("a").unregister("world-1", first.ref))).toBe(false);
    expect((await registerOn("b")).outcome.ok).toBe(true);
  });
});

describe("nodes that are lost", () => {
  it("the names of a node whose end is known are free at once", async () => {
    const first = await registerOn("a");
    await cluster.kill("a", { known: true });
    const second = await registerOn("b");
    expect(tokenOf(second.outcome)).toBeGreaterThan(tokenOf(first.outcome));
  });

  it("the name of a node that is gone is nobody's, also for a node that comes later", async () => {
    const first = await registerOn("a");
    // Nobody is there to sweep, and the record of that life of the node is replaced by the next.
    for (const name of ["a", "b", "c"]) await cluster.kill(name);
    await cluster.start("a");
    const { cluster: node } = await cluster.start("d");
    const late = new GlobalNames(node);
    await cluster.clock.settle();
    expect(late.whereis("world-1")).toBeUndefined();
    expect(await done(late.lookup("world-1"))).toBeUndefined();
    const outcome = await done(late.register("world-1", await worldOn("d")));
    expect(tokenOf(outcome)).toBeGreaterThan(tokenOf(first.outcome));
    expect(String(late.whereis("world-1"))).toMatch(/^<0\./);
  });

  it("a silent node keeps its names until its lease is over", async () => {
    await registerOn("a");
    cluster.network.pause("a");
    await cluster.clock.advance(2_500);
    expect((await registerOn("b")).outcome.ok).toBe(false);
    await cluster.clock.advance(2_500);
    expect((await registerOn("b")).outcome.ok).toBe(true);
    cluster.network.resume("a");
  });

  it("a holder that wakes too late handles no further message", async () => {
    const { ref } = await registerOn("a");
    cluster.network.pause("a");
    ref.cast.visit();
    await cluster.clock.advance(6_000);
    const second = await registerOn("b");
    expect(second.outcome.ok).toBe(true);
    cluster.network.resume("a");
    await cluster.clock.settle();
    expect(cluster.node("a").system.isAlive(ref)).toBe(false);
    expect(namesOf("a").holds("world-1", ref)).toBe(false);
  });

  it.each(["a message", "a DOWN", "a timer"])(
    "%s that waited in a holder's process when it was stopped is not handled",
    async (what) => {
      const handled: string[] = [];
      class Keeper extends Actor {
        watch(ref: AnyRef): void {
          this.monitor(ref);
          this.sendAfter(10, "a timer");
        }
        work(): void {
          handled.push("a message");
        }
        override handleDown(): void {
          handled.push("a DOWN");
        }
        override handleInfo(message: unknown): void {
          handled.push(String(message));
        }
      }
      const { system } = cluster.node("a");
      const [keeper, other] = [await system.start(Keeper), await worldOn("a")];
      expect(await done(namesOf("a").register("world-1", keeper))).toMatchObject({ ok: true });
      keeper.cast.watch(other);
      await cluster.clock.settle();
      cluster.network.pause("a");
      // It is the first thing that would run when the process goes on.
      if (what === "a message") keeper.cast.work();
      if (what === "a DOWN") system.exit(other, "kill");
      await cluster.clock.advance(6_000);
      cluster.network.resume("a");
      await cluster.clock.advance(100);
      expect(handled).toEqual([]);
      expect(system.exitReason(keeper)).toMatch(/fenced|killed/);
    },
  );

  it("a name whose confirmation comes after the node has lost its place is not given", async () => {
    const ref = await worldOn("a");
    cluster.network.setFaults({ delayMs: [50, 50] });
    const pending = namesOf("a").register("world-1", ref);
    void pending.catch(() => undefined);
    // There and back for the reading, and there for the write.
    await cluster.clock.advance(160);
    cluster.network.pause("a");
    await cluster.clock.advance(6_000);
    cluster.network.resume("a");
    cluster.network.setFaults({});
    await expect(done(pending)).rejects.toMatchObject({ code: "not_joined" });
    expect((await registerOn("b")).outcome.ok).toBe(true);
  });

  it("a node without the register gives no names", async () => {
    cluster.network.partition(["a", "b"], ["c"]);
    const ref = await worldOn("c");
    const refused = namesOf("c").register("world-1", ref);
    void refused.catch(() => undefined);
    await cluster.clock.advance(1_500);
    await expect(refused).rejects.toMatchObject({ code: "unreachable" });
  });
});
