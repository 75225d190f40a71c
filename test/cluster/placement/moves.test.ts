import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Actor } from "../../../src/index.js";
import { cellOf } from "../../../src/kernel/cell.js";
import type { EntityArgs } from "../../../src/cluster/placement/entity-options.js";
import { placeOf, PlacedCluster } from "./placed-cluster.js";

let cluster: PlacedCluster;

beforeEach(async () => {
  cluster = await PlacedCluster.create(["a", "b", "c"], { maxMoves: 2 });
});

afterEach(async () => {
  await cluster.stop();
});

const ids = Array.from({ length: 24 }, (_, index) => `w${index}`);

/** Where each world runs, as its node says; fails when one runs twice. */
function places(): Map<string, string> {
  const found = new Map<string, string>();
  for (const id of ids) {
    const [node] = cluster.nodes;
    const ref = node?.worlds.whereis(id);
    if (ref !== undefined && node !== undefined) found.set(id, placeOf(ref, node.name));
  }
  return found;
}

async function visitAll(): Promise<void> {
  for (const [index, id] of ids.entries()) await cluster.visit(["a", "b", "c"][index % 3] ?? "a", id);
}

function homes(): Map<string, string> {
  return new Map(ids.map((id) => [id, cluster.home(id)]));
}

describe("a node that comes", () => {
  it("gets what belongs to it, with its state, and nothing else moves", async () => {
    await visitAll();
    const before = places();
    await cluster.start("d");
    await cluster.cluster.clock.advance(1_000);
    expect(places()).toEqual(homes());
    const moved = ids.filter((id) => before.get(id) !== places().get(id));
    expect(moved.length).toBeGreaterThan(0);
    expect(moved.every((id) => places().get(id) === "d")).toBe(true);
    for (const id of ids) expect(await cluster.visit("a", id), id).toBe(2);
  });

  it("gets no more than so many at a time", async () => {
    await visitAll();
    cluster.cluster.network.setFaults({ delayMs: [5, 5] });
    const starting = cluster.start("d");
    await cluster.done(starting);
    let most = 0;
    for (let step = 0; step < 200; step++) {
      await cluster.cluster.clock.advance(5);
      for (const { system } of cluster.nodes) {
        for (const child of system.children()) {
          const status = cellOf(child).actor?.formatStatus();
          if (typeof status === "object" && status !== null)
            most = Math.max(most, Number(Reflect.get(status, "moving")));
        }
      }
    }
    expect(most).toBe(2);
    expect(places()).toEqual(homes());
  });

  it("is the next life of a node: it gets back what was its own", async () => {
    await visitAll();
    await cluster.kill("b", { known: true });
    for (const id of ids) await cluster.visit("a", id);
    expect([...places().values()].includes("b")).toBe(false);
    await cluster.start("b");
    await cluster.cluster.clock.advance(1_000);
    expect(places()).toEqual(homes());
  });
});

describe("a node that drains", () => {
  it("has nothing left when it is done, and starts nothing", async () => {
    await visitAll();
    const { placement, cluster: node, worlds } = cluster.node("b");
    const [another = ""] = cluster.idsOf("b", 30).filter((id) => !ids.includes(id));
    await cluster.done(node.membership.drain());
    expect(await cluster.done(placement.drain())).toBe(0);
    expect(worlds.here).toBe(0);
    for (const id of ids) expect(await cluster.visit("b", id), id).toBe(2);
    expect(placeOf(await cluster.locate("b", another), "b")).not.toBe("b");
    expect(worlds.here).toBe(0);
  });

  it("keeps what nobody takes, and says how much that is", async () => {
    await cluster.stop();
    cluster = await PlacedCluster.create(["a"]);
    await cluster.locate("a", "w1");
    expect(await cluster.done(cluster.node("a").placement.drain())).toBe(1);
    await expect(cluster.locate("a", "w2", 300)).rejects.toMatchObject({ code: "timeout" });
  });

  it("waits no longer than it was told to for a node that takes nothing", async () => {
    await cluster.stop();
    cluster = await PlacedCluster.create(["a", "b"], { maxEntities: 1 });
    const [one = ""] = cluster.idsOf("a", 1);
    const [other = ""] = cluster.idsOf("b", 1);
    await cluster.locate("a", one);
    await cluster.locate("a", other);
    expect(await cluster.done(cluster.node("a").placement.drain(2_500))).toBe(1);
    expect(await cluster.visit("b", one)).toBe(1);
  });
});

describe("a move that is refused", () => {
  it("is tried again, without anything else happening", async () => {
    await cluster.stop();
    cluster = await PlacedCluster.create(["a", "b"], { maxEntities: 2 });
    const [one = "", two = ""] = cluster.idsOf("a", 2);
    const [other = ""] = cluster.idsOf("b", 1);
    await cluster.visit("a", one);
    await cluster.visit("a", two);
    const last = await cluster.locate("a", other);
    const draining = cluster.node("a").placement.drain(20_000);
    await cluster.cluster.clock.advance(3_000);
    expect(cluster.node("a").worlds.here).toBe(1);
    last.cast.leave();
    expect(await cluster.done(draining)).toBe(0);
    expect([await cluster.visit("b", one), await cluster.visit("b", two)]).toEqual([2, 2]);
  });
});

describe("a node that is lost", () => {
  it("what it ran is started elsewhere at once when its end is known", async () => {
    await visitAll();
    const lost = ids.filter((id) => cluster.home(id) === "c");
    await cluster.kill("c", { known: true });
    const from = cluster.cluster.clock.now();
    for (const id of lost) expect(await cluster.visit("a", id)).toBe(1);
    expect(cluster.cluster.clock.now() - from).toBeLessThan(500);
    expect([...places().values()].includes("c")).toBe(false);
  });

  it("what it ran is started elsewhere when its lease is over, and locates wait for that", async () => {
    await visitAll();
    const lost = ids.filter((id) => cluster.home(id) === "c");
    await cluster.kill("c");
    await cluster.cluster.clock.advance(2_200);
    const refs = await cluster.done(Promise.all(lost.map((id) => cluster.node("a").worlds.locate(id))));
    expect(refs.every((ref) => placeOf(ref, "a") !== "c")).toBe(true);
    expect(refs.every((ref) => placeOf(ref, "a") !== "")).toBe(true);
  });

  it("one that was only silent for a while keeps what it ran", async () => {
    await visitAll();
    const kept = ids.filter((id) => cluster.home(id) === "c");
    cluster.cluster.network.partition(["a", "b"], ["c"]);
    await cluster.cluster.clock.advance(2_000);
    cluster.cluster.network.heal();
    await cluster.cluster.clock.advance(2_000);
    for (const id of kept) expect(await cluster.visit("a", id), id).toBe(2);
    expect(places()).toEqual(homes());
  });

  it("what began elsewhere while a node was silent goes home when that is back", async () => {
    const [id = ""] = cluster.idsOf("c", 1);
    cluster.cluster.network.partition(["a", "b"], ["c"]);
    await cluster.cluster.clock.advance(2_000);
    expect(await cluster.visit("a", id)).toBe(1);
    cluster.cluster.network.heal();
    await cluster.cluster.clock.advance(3_000);
    expect(placeOf(await cluster.locate("a", id), "a")).toBe("c");
    expect(await cluster.visit("a", id)).toBe(2);
  });

  it("whose process slept past its lease has nothing left of what it ran", async () => {
    await visitAll();
    const { system, worlds } = cluster.node("c");
    const [id = ""] = ids.filter((found) => cluster.home(found) === "c");
    const old = worlds.whereis(id);
    cluster.cluster.network.pause("c");
    await cluster.cluster.clock.advance(6_000);
    const next = await cluster.locate("a", id);
    cluster.cluster.network.resume("c");
    await cluster.cluster.clock.settle();
    expect(worlds.here).toBe(0);
    expect(old !== undefined && system.isAlive(old)).toBe(false);
    await expect(cluster.locate("c", id)).rejects.toMatchObject({ code: "not_joined" });
    expect(await cluster.done(next.call.visit())).toBe(1);
  });
});

describe("what an entity hands over", () => {
  class Stubborn extends Actor<EntityArgs> {
    #state: unknown = "nothing";
    override init({ handedOver }: EntityArgs): void {
      this.#state = handedOver ?? this.#state;
    }
    keep(state: unknown): void {
      this.#state = state;
    }
    state(): unknown {
      return this.#state;
    }
    handOff(): unknown {
      if (this.#state === "throw") throw new RangeError("not now");
      if (this.#state === "function") return () => 1;
      if (this.#state === "hang") return new Promise(() => undefined);
      return new Map([["state", this.#state]]);
    }
  }

  /** What becomes of a state when its entity moves off node a. */
  async function stateAfterMove(state: string): Promise<unknown> {
    const options = { actorClass: Stubborn, moveTimeoutMs: 500 };
    const [onA] = ["a", "b", "c"].map((name) => cluster.node(name).placement.entities("stubborn", options));
    await cluster.cluster.clock.settle();
    if (onA === undefined) throw new Error("there is no node a");
    let id = "";
    for (let k = 0; id === ""; k++) {
      const ref = await cluster.done(onA.locate(`s${k}`));
      if (placeOf(ref, "a") !== "a") continue;
      id = `s${k}`;
      await cluster.done(ref.call.keep(state));
    }
    await cluster.done(cluster.node("a").placement.drain());
    const ref = await cluster.done(onA.locate(id));
    expect(placeOf(ref, "a")).not.toBe("a");
    return cluster.done(ref.call.state());
  }

  it("arrives as it was", async () => {
    expect(await stateAfterMove("kept")).toEqual(new Map([["state", "kept"]]));
  });

  it.each(["throw", "function", "hang"])("that fails (%s) keeps it from nothing but its state", async (how) => {
    expect(await stateAfterMove(how)).toBe("nothing");
    const reports = cluster.node("a").reports.map(({ type }) => type);
    expect(reports).toContain(how === "throw" ? "crash" : "entity_state_lost");
  });
});

describe("messages on the way", () => {
  it("what was sent before the stop is handled, what comes later is not lost in silence", async () => {
    const [id = ""] = cluster.idsOf("a", 1);
    const ref = await cluster.locate("a", id);
    for (let k = 0; k < 50; k++) ref.cast.visit();
    const draining = cluster.node("a").placement.drain();
    for (let k = 0; k < 50; k++) ref.cast.visit();
    await cluster.done(draining);
    const { deadLetters } = cluster.node("a").system;
    const before = deadLetters.total;
    ref.cast.visit();
    await expect(cluster.done(ref.call.visit())).rejects.toMatchObject({ code: "noproc" });
    expect(deadLetters.total).toBe(before + 1);
    expect(await cluster.visit("b", id)).toBe(101);
  });

  it("a locate that comes in the midst of a move gets the next life, with its state", async () => {
    cluster.cluster.network.setFaults({ delayMs: [20, 20] });
    const [id = ""] = cluster.idsOf("a", 1);
    await cluster.visit("a", id);
    const old = ["a", "b", "c"].map((name) => cluster.node(name).worlds.whereis(id));
    const draining = cluster.node("a").placement.drain();
    for (let step = 0; step < 30 && cluster.node("a").worlds.whereis(id) !== undefined; step++) {
      await cluster.cluster.clock.advance(5);
    }
    const asked = ["a", "b", "c"].map((name, index) => {
      const after = old[index];
      return cluster.node(name).worlds.locate(id, after === undefined ? {} : { after });
    });
    const refs = await cluster.done(Promise.all(asked));
    await cluster.done(draining);
    expect(refs.map((ref, index) => placeOf(ref, ["a", "b", "c"][index] ?? "")).includes("a")).toBe(false);
    expect(await cluster.done(refs[2]?.call.visit() ?? Promise.resolve(0))).toBe(2);
  });

  it("a locate after a life that goes on ends in its time", async () => {
    const [id = ""] = cluster.idsOf("b", 1);
    const after = await cluster.locate("a", id);
    const asked = cluster.done(cluster.node("a").worlds.locate(id, { after, timeoutMs: 300 }));
    await expect(asked).rejects.toMatchObject({ code: "timeout" });
  });
});
