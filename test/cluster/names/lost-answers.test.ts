import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GlobalNames, type NameOutcome } from "../../../src/cluster/names/global-names.js";
import { Actor } from "../../../src/index.js";
import { createTestCluster, type TestCluster } from "../../../src/testing/test-cluster.js";

class World extends Actor {
  visit(): string {
    return "welcome";
  }
}

let cluster: TestCluster;
let names: Map<string, GlobalNames>;

beforeEach(async () => {
  cluster = await createTestCluster({ nodes: ["a", "b"] });
  names = new Map(["a", "b"].map((name) => [name, new GlobalNames(cluster.node(name).cluster)]));
});

afterEach(async () => {
  await cluster.stop();
});

function namesOf(node: string): GlobalNames {
  const found = names.get(node);
  if (found === undefined) throw new RangeError(`no names on ${node}`);
  return found;
}

async function done<Value>(pending: Promise<Value>): Promise<Value> {
  void pending.catch(() => undefined);
  await cluster.clock.advance(500);
  return pending;
}

/** What node b asks of the register from now on is done, but b does not hear of it. */
async function loseAnswerTo<Value>(ask: () => Promise<Value>): Promise<Value> {
  cluster.network.setFaults({ delayMs: [50, 50] });
  const asked = ask();
  void asked.catch(() => undefined);
  // There and back for the reading, there for the write.
  await cluster.clock.advance(160);
  cluster.network.partition(["a"], ["b"]);
  await cluster.clock.advance(1_100);
  cluster.network.setFaults({});
  cluster.network.heal();
  await cluster.clock.advance(100);
  return asked;
}

describe("a registration whose answer was lost", () => {
  it("is found by asking again, and holds from then on", async () => {
    const ref = await cluster.node("b").system.start(World);
    await expect(loseAnswerTo(() => namesOf("b").register("world", ref))).rejects.toMatchObject({
      code: "unreachable",
    });
    const again = await done(namesOf("b").register("world", ref));
    expect(again.ok).toBe(true);
    expect(namesOf("b").holds("world", ref)).toBe(true);
    expect(namesOf("a").holderOf("world")?.token).toBe(again.ok ? again.token : 0);
  });

  it("is over with its actor all the same", async () => {
    const ref = await cluster.node("b").system.start(World);
    await expect(loseAnswerTo(() => namesOf("b").register("world", ref))).rejects.toMatchObject({
      code: "unreachable",
    });
    await done(cluster.node("b").system.stopActor(ref));
    const other = await cluster.node("a").system.start(World);
    const outcome: NameOutcome = await done(namesOf("a").register("world", other));
    expect(outcome.ok).toBe(true);
  });
});

describe("a name whose holder ends while the register cannot be reached", () => {
  it("is free when it can be reached again", async () => {
    const ref = await cluster.node("b").system.start(World);
    await done(namesOf("b").register("world", ref));
    cluster.network.partition(["a"], ["b"]);
    await done(cluster.node("b").system.stopActor(ref));
    await cluster.clock.advance(1_100);
    cluster.network.heal();
    await cluster.clock.advance(500);
    expect(cluster.node("b").cluster.holdsPlace).toBe(true);
    const other = await cluster.node("a").system.start(World);
    expect((await done(namesOf("a").register("world", other))).ok).toBe(true);
  });
});
