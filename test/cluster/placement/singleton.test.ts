import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LeaseManager, type SentLease } from "../../../actors/index.js";
import { SharedRecords } from "../../../src/cluster/register/shared-records.js";
import { Actor, type ActorRef } from "../../../src/index.js";
import type { Singleton } from "../../../src/cluster/placement/singleton.js";
import { type PlacedNode, placeOf, PlacedCluster } from "./placed-cluster.js";

class Clerk extends Actor<{ readonly start: number }> {
  static startsWell = true;
  #n = 0;
  override init({ start }: { readonly start: number }): void {
    if (!Clerk.startsWell) throw new RangeError("the office is closed");
    this.#n = start;
  }
  next(): number {
    return ++this.#n;
  }
  crash(): void {
    throw new RangeError("lost the books");
  }
}

let cluster: PlacedCluster;
const all = ["a", "b", "c"];

beforeEach(async () => {
  Clerk.startsWell = true;
  cluster = await PlacedCluster.create(all);
});

afterEach(async () => {
  await cluster.stop();
});

async function declare(nodes: readonly PlacedNode[] = cluster.nodes): Promise<Singleton<Clerk>[]> {
  const declared = nodes.map(({ placement }) => placement.singleton("clerk", Clerk, { start: 10 }));
  await cluster.cluster.clock.advance(100);
  return declared;
}

/** Where the clerk is, as seen from a node. */
function placeSeenFrom(name: string): string {
  const ref = cluster.node(name).names.whereis("clerk");
  return ref === undefined ? "nowhere" : placeOf(ref, name);
}

function others(place: string): string[] {
  return cluster.nodes.map(({ name }) => name).filter((name) => name !== place);
}

describe("a singleton", () => {
  it("runs once, without anybody asking for it, and every node finds it by its name", async () => {
    await declare();
    expect(new Set(all.map(placeSeenFrom)).size).toBe(1);
    const numbers: number[] = [];
    for (const name of all) {
      const ref = cluster.node(name).names.whereis<Clerk>("clerk");
      numbers.push(await cluster.done(ref?.call.next() ?? Promise.resolve(0)));
    }
    expect(numbers).toEqual([11, 12, 13]);
  });

  it("stays where it is when a node comes", async () => {
    await declare();
    const place = placeSeenFrom("a");
    for (const name of ["d", "e", "f", "g"]) await declare([await cluster.start(name)]);
    await cluster.cluster.clock.advance(2_000);
    expect(placeSeenFrom("a")).toBe(place);
  });

  it("is started elsewhere at once when the end of its node is known", async () => {
    await declare();
    const place = placeSeenFrom("a");
    await cluster.kill(place, { known: true });
    await cluster.cluster.clock.advance(50);
    const [other = ""] = others(place);
    expect(others(place)).toContain(placeSeenFrom(other));
  });

  it("is started elsewhere when the lease of its node is over, not before", async () => {
    await declare();
    const place = placeSeenFrom("a");
    const [other = ""] = others(place);
    cluster.cluster.network.pause(place);
    await cluster.cluster.clock.advance(2_500);
    expect(placeSeenFrom(other)).toBe(place);
    await cluster.cluster.clock.advance(3_000);
    expect(others(place)).toContain(placeSeenFrom(other));
    cluster.cluster.network.resume(place);
  });

  it("is moved off a node that drains", async () => {
    const clerks = await declare();
    const place = placeSeenFrom("a");
    expect(await cluster.done(cluster.node(place).placement.drain())).toBe(0);
    const ref = await cluster.done(clerks[all.indexOf(place)]?.locate() ?? Promise.reject(new Error("not declared")));
    expect(others(place)).toContain(placeOf(ref, place));
    expect(await cluster.done(ref.call.next())).toBe(11);
  });

  it("that crashes is started again, each time after a longer wait", async () => {
    const [clerk] = await declare();
    if (clerk === undefined) throw new Error("not declared");
    const [waits, { clock }]: [number[], { clock: { now(): number } }] = [[], cluster.cluster];
    for (let crash = 0; crash < 5; crash++) {
      const ref = await cluster.done(clerk.locate());
      const from = clock.now();
      await expect(cluster.done(ref.call.crash())).rejects.toMatchObject({ code: "exit" });
      expect(await cluster.done(clerk.locate({ after: ref }))).not.toBe(ref);
      waits.push(clock.now() - from);
    }
    // After the first it may have been started on another node, which has nothing against it yet.
    const [, ...later] = waits;
    expect(later.map((wait, index) => wait >= 100 * 2 ** index)).toEqual([true, true, true, true]);
  });

  it("that does not start is reported, and tried again", async () => {
    Clerk.startsWell = false;
    await declare();
    expect(all.map(placeSeenFrom)).toEqual(["nowhere", "nowhere", "nowhere"]);
    const failed = cluster.nodes.flatMap(({ reports }) => reports.filter(({ type }) => type === "placed_start_failed"));
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(4);
    expect(failed[0]?.text).toContain("the office is closed");
    Clerk.startsWell = true;
    await cluster.cluster.clock.advance(1_000);
    expect(all).toContain(placeSeenFrom("a"));
  });

  it("is declared with one class, as often as one likes", async () => {
    await declare();
    await declare();
    class Other extends Clerk {}
    const { placement } = cluster.node("a");
    expect(() => placement.singleton("clerk", Other, { start: 1 })).toThrow(/declared with the class Clerk/);
    expect(() => placement.singleton("", Clerk, { start: 1 })).toThrow(/name of a singleton/);
  });

  it("one that starts when the others are far gone waits for nobody", async () => {
    await cluster.stop();
    cluster = await PlacedCluster.create(["a"]);
    await declare();
    expect(placeSeenFrom("a")).toBe("a");
  });
});

class Holder extends Actor {
  async take(manager: ActorRef<LeaseManager<string>>): Promise<unknown> {
    return manager.call.get({ holder: this.self() });
  }
}

describe("one lease manager for all nodes", () => {
  type Manager = LeaseManager<string>;

  async function declareLeases(resources: readonly string[], stored = false): Promise<void> {
    for (const { placement, cluster: node } of cluster.nodes) {
      const tokens = stored ? { tokens: { store: new SharedRecords(node), name: "leases" } } : {};
      placement.singleton<Manager>("leases", LeaseManager, { resources, ...tokens, leaseMs: 60_000 });
    }
    await cluster.cluster.clock.advance(100);
  }

  function managerSeenFrom(name: string): ActorRef<Manager> {
    const found = cluster.node(name).names.whereis<Manager>("leases");
    if (found === undefined) throw new Error(`node ${name} knows no lease manager`);
    return found;
  }

  async function leaseOn(name: string): Promise<{ holder: ActorRef<Holder>; lease: SentLease<string> }> {
    const holder = await cluster.node(name).system.start(Holder);
    const answer = await cluster.done(holder.call.take(managerSeenFrom(name)));
    if (typeof answer !== "object" || answer === null || Reflect.get(answer, "ok") !== true)
      throw new Error(`got no lease on ${name}: ${JSON.stringify(answer)}`);
    return { holder, lease: Reflect.get(answer, "lease") as SentLease<string> };
  }

  function place(): string {
    return placeOf(managerSeenFrom("a"), "a");
  }

  it("lends to holders on every node, and what crosses is data", async () => {
    await declareLeases(["x", "y", "z"]);
    const [far = ""] = others(place());
    const { lease } = await leaseOn(far);
    expect(lease).toEqual({
      resource: expect.any(String),
      token: expect.any(Number),
      index: expect.any(Number),
      expiresInMs: 60_000,
    });
    const manager = managerSeenFrom(far);
    expect(await cluster.done(manager.call.check(lease))).toBe(true);
    expect(await cluster.done(manager.call.return(lease))).toEqual({ ok: true });
    expect(await cluster.done(manager.call.check(lease.token))).toBe(false);
  });

  it.each([{ known: true }, { known: false }])(
    "gets back what a killed node held (its end is known: $known)",
    async ({ known }) => {
      await declareLeases(["x", "y", "z"]);
      const at = place();
      const [far = "", other = ""] = others(at);
      await leaseOn(far);
      await leaseOn(far);
      await leaseOn(other);
      const manager = managerSeenFrom(at);
      expect((await cluster.done(manager.call.stats())).held).toBe(3);
      await cluster.kill(far, { known });
      await cluster.cluster.clock.advance(known ? 50 : 2_500);
      const stats = await cluster.done(manager.call.stats());
      expect([stats.held, stats.totals.holderDied]).toEqual([1, 2]);
    },
  );

  it("gets back what an actor on another node held when that ends", async () => {
    await declareLeases(["x"]);
    const [far = ""] = others(place());
    const { holder } = await leaseOn(far);
    await cluster.done(cluster.node(far).system.stopActor(holder));
    await cluster.cluster.clock.advance(50);
    const [other = ""] = others(far);
    expect((await leaseOn(other)).lease.resource).toBe("x");
  });

  it.each([{ stored: false }, { stored: true }])(
    "grants tokens that rise over moves of the manager (stored: $stored)",
    async ({ stored }) => {
      const own = cluster.nodes.map(({ system }) => system.start(LeaseManager<string>, { resources: ["own"] }));
      await cluster.done(Promise.all(own));
      await declareLeases(["x", "y", "z"], stored);
      const tokens: number[] = [];
      const places: string[] = [];
      for (let move = 0; move < 2; move++) {
        const at = place();
        const [far = ""] = others(at);
        for (const name of [at, far]) tokens.push((await leaseOn(name)).lease.token);
        places.push(at);
        await cluster.cluster.clock.advance(1);
        if (move === 0) await cluster.done(cluster.node(at).placement.drain());
        else await cluster.kill(at, { known: true });
        await cluster.cluster.clock.advance(200);
      }
      const left = cluster.nodes.map(({ name }) => name).filter((name) => !places.includes(name));
      const [last = ""] = left;
      tokens.push((await leaseOn(last)).lease.token);
      expect(new Set(places).size).toBe(2);
      expect(tokens).toEqual(tokens.toSorted((one, other) => one - other));
      expect(new Set(tokens).size).toBe(tokens.length);
    },
  );
});
