import { afterEach, describe, expect, it } from "vitest";
import { type Cluster, clusterOf } from "../../src/cluster/index.js";
import { soloEngine } from "../../src/cluster/solo.js";
import { Actor, type ActorSystem, createSystem } from "../../src/index.js";

class World extends Actor {
  visit(): string {
    return "here";
  }
}

class Inside extends Actor<{ readonly seen: Cluster[] }> {
  override init({ seen }: { readonly seen: Cluster[] }): void {
    seen.push(clusterOf(this.system));
  }
}

const systems: ActorSystem[] = [];
afterEach(async () => {
  for (const system of systems.splice(0)) await system.stop();
});

async function started(...args: Parameters<typeof createSystem>): Promise<ActorSystem> {
  const system = await createSystem(...args);
  systems.push(system);
  return system;
}

describe("a system without a cluster", () => {
  it("is a cluster of one", async () => {
    const cluster = clusterOf(await started({ name: "shop" }));
    expect(cluster).toMatchObject({ engineName: "solo", role: "alone", self: { name: "shop" } });
    expect(cluster.members()).toEqual([]);
    await cluster.drain();
  });

  it("has the same cluster each time", async () => {
    const system = await started();
    expect(clusterOf(system)).toBe(clusterOf(system));
  });

  it("gives names with rising tokens, and frees them when their holders end", async () => {
    const system = await started();
    const { names } = clusterOf(system);
    const [one, two] = [await system.start(World), await system.start(World)];
    const first = await names.register("world", one);
    expect(await names.register("world", two)).toEqual({ ok: false, holder: one });
    expect(await names.whereis<World>("world")?.call.visit()).toBe("here");
    await system.stopActor(one);
    const second = await names.register("world", two);
    expect(first.ok && second.ok && second.token > first.token).toBe(true);
  });
});

describe("a system that joins through an engine", () => {
  it("has joined before its root starts", async () => {
    const seen: Cluster[] = [];
    const cluster = { engine: soloEngine, name: "a" };
    const system = await started({ root: Inside, rootArgs: { seen }, cluster });
    expect(seen).toEqual([clusterOf(system)]);
    expect(clusterOf(system)).toMatchObject({ engineName: "solo", role: "node", self: { name: "a" } });
  });

  it("leaves when it stops, and when its root does not start", async () => {
    let left = 0;
    const engine = {
      name: "counting",
      join: async (...args: Parameters<typeof soloEngine.join>) => {
        const membership = await soloEngine.join(...args);
        return Object.assign(membership, { leave: async () => void left++ });
      },
    };
    const system = await createSystem({ cluster: { engine } });
    await system.stop();
    await Promise.resolve();
    expect(left).toBe(1);
    class Refuses extends Actor {
      override init() {
        return { stop: "no" };
      }
    }
    await expect(createSystem({ root: Refuses, cluster: { engine } })).rejects.toMatchObject({ code: "init_failed" });
    expect(left).toBe(2);
  });
});

describe("options that cannot be used", () => {
  it.each([
    [{ cores: 0 }, "Expected cluster.cores to be an integer from 1 to 256, got 0"],
    [{ cores: 2.5 }, "Expected cluster.cores to be an integer from 1 to 256, got 2.5"],
    [{ cores: 2, leaseMs: 10 }, "Expected cluster.leaseMs to be a number from 1000, got 10"],
    [{ cores: 2, main: "" }, 'Expected cluster.main to be the path of a module, got ""'],
    [{ cores: 2, restart: { maxAttempts: 0 } }, "Expected cluster.maxAttempts to be a number from 1, got 0"],
  ])("%j is refused", async (cluster, text) => {
    await expect(createSystem({ cluster })).rejects.toThrow(text);
  });

  it("a cluster without cores and engine is refused", async () => {
    await expect(createSystem({ cluster: Object({}) })).rejects.toThrow(
      "Expected cluster to be { cores } or { engine, name }",
    );
  });
});
