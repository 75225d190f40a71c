import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ActorRef } from "../../../src/index.js";
import { placeOf, PlacedCluster, World } from "./placed-cluster.js";

let cluster: PlacedCluster;
const all = ["a", "b", "c"];

beforeEach(async () => {
  cluster = await PlacedCluster.create(all, { maxMoves: 2 });
});

afterEach(async () => {
  await cluster.stop();
});

function idOf(name: string): string {
  const [id = ""] = cluster.idsOf(name, 1);
  return id;
}

describe("an entity", () => {
  it("runs on the node where it belongs, and every node finds it there", async () => {
    for (const home of all) {
      const id = idOf(home);
      for (const from of all) expect(placeOf(await cluster.locate(from, id), from), `${id} from ${from}`).toBe(home);
    }
    expect(cluster.nodes.map(({ worlds }) => worlds.here)).toEqual([1, 1, 1]);
  });

  it("is one for many who ask at once from everywhere", async () => {
    const asked = all.flatMap((from) => Array.from({ length: 10 }, () => cluster.node(from).worlds.locate("w1")));
    const refs = await cluster.done(Promise.all(asked));
    const visits = await cluster.done(Promise.all(refs.map((ref) => ref.call.visit())));
    expect(visits.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 30 }, (_, index) => index + 1));
  });

  it("is given its id, its token and what the options say", async () => {
    const other = cluster.node("a").placement.entities("garden", { actorClass: World, args: { greeting: "welcome" } });
    const ref = await cluster.done(other.locate("roses"));
    expect(await cluster.done(ref.call.greet())).toBe("welcome from roses");
    expect(cluster.node("a").names.holderOf("entity/garden/roses")?.token).toBe(await cluster.done(ref.call.token()));
    expect(other.whereis("roses")).toBe(ref);
    expect(other.whereis("tulips")).toBeUndefined();
  });

  it("is started again by the next locate when it has ended, with a higher token", async () => {
    const id = idOf("b");
    const first = await cluster.locate("a", id);
    const token = await cluster.done(first.call.token());
    await cluster.done(first.call.leave());
    await cluster.cluster.clock.advance(50);
    const second = await cluster.locate("a", id);
    expect(second).not.toBe(first);
    expect(await cluster.done(second.call.token())).toBeGreaterThan(token);
    expect(await cluster.done(second.call.visit())).toBe(1);
  });

  it("that does not start says why, from every node", async () => {
    for (const from of all) {
      const failed = cluster.locate(from, "broken-1");
      await expect(failed).rejects.toMatchObject({
        code: "start_failed",
        message: expect.stringContaining("no such world"),
      });
    }
    expect(cluster.node("a").names.whereis("entity/world/broken-1")).toBeUndefined();
  });

  it("has the messages of its class, but hands off to its host alone", async () => {
    const ref: ActorRef<World> = await cluster.locate("a", idOf("a"));
    expect(Reflect.has(ref.call, "visit")).toBe(true);
    expect(Reflect.has(ref.call, "handOff")).toBe(false);
    expect(String(cluster.node("a").system.info(ref)?.behaviour)).toBe("World");
  });
});

describe("limits", () => {
  it("a node that runs as many as it may starts no more", async () => {
    await cluster.stop();
    cluster = await PlacedCluster.create(["a", "b"], { maxEntities: 2 });
    const [one = "", two = "", three = ""] = cluster.idsOf("a", 3);
    await cluster.locate("b", one);
    await cluster.locate("b", two);
    await expect(cluster.locate("b", three)).rejects.toMatchObject({ code: "full" });
    expect(placeOf(await cluster.locate("a", idOf("b")), "a")).toBe("b");
  });

  it("only so many locates wait", async () => {
    await cluster.stop();
    cluster = await PlacedCluster.create(["a", "b"], { maxWaiting: 2 });
    cluster.cluster.network.pause("b");
    const [one = "", two = "", three = ""] = cluster.idsOf("b", 3);
    const waiting = [one, two].map((id) => cluster.node("a").worlds.locate(id, { timeoutMs: 30_000 }));
    await expect(cluster.locate("a", three)).rejects.toMatchObject({ code: "busy" });
    expect((await cluster.done(Promise.all(waiting))).map((ref) => placeOf(ref, "a"))).toEqual(["a", "a"]);
  });

  it("a locate that nobody can serve ends in its time", async () => {
    const id = idOf("b");
    cluster.cluster.network.pause("b");
    const from = cluster.cluster.clock.now();
    await expect(cluster.locate("a", id, 400)).rejects.toMatchObject({
      code: "timeout",
      message: expect.stringContaining(id),
    });
    expect(cluster.cluster.clock.now() - from).toBeLessThan(600);
  });

  it.each([
    { maxEntities: 0 },
    { maxMoves: 1.5 },
    { maxWaiting: -1 },
    { locateTimeoutMs: 0 },
    { moveTimeoutMs: Number.POSITIVE_INFINITY },
  ])("options that cannot be used are refused: %o", (limits) => {
    expect(() => cluster.node("a").placement.entities("x", { actorClass: World, ...limits })).toThrow(
      /Expected (max|locate|move)/,
    );
  });

  it("a type is declared with one class, as often as one likes", () => {
    const { placement, worlds } = cluster.node("a");
    expect(placement.entities("world", { actorClass: World }).type).toBe(worlds.type);
    class Other extends World {}
    expect(() => placement.entities("world", { actorClass: Other })).toThrow(/declared with the class World/);
    expect(() => placement.entities("a/b", { actorClass: World })).toThrow(/without "\/"/);
  });

  it("an id is text", async () => {
    await expect(cluster.node("a").worlds.locate("")).rejects.toMatchObject({ code: "bad_argument" });
    await expect(cluster.node("a").worlds.locate("w1", { timeoutMs: -1 })).rejects.toMatchObject({
      code: "bad_argument",
    });
  });
});
