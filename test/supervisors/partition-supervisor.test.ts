import { Actor, type ActorRef } from "holdfast";
import {
  child,
  type PartitionOptions,
  partitionCount,
  partitioned,
  partitionNamed,
  partitionOf,
  PartitionSupervisor,
  Supervisor,
} from "holdfast/supervisors";
import { createTestSystem, type TestSystem } from "holdfast/testing";
import { describe, expect, test } from "vitest";

/** A partition that knows what it was given. */
class Shard extends Actor<unknown> {
  #given: unknown;

  override init(given: unknown): void {
    this.#given = given;
  }

  given(): unknown {
    return this.#given;
  }

  boom(): void {
    throw new Error("boom");
  }
}

class Picky extends Actor<{ readonly size: number }> {
  static failing = false;

  override init(): undefined | { stop: unknown } {
    return Picky.failing ? { stop: "not now" } : undefined;
  }
}

interface Scene extends TestSystem {
  readonly shards: ActorRef<PartitionSupervisor<Shard>>;
}

async function scene(options: Partial<PartitionOptions<Shard>> = {}): Promise<Scene> {
  const testSystem = await createTestSystem();
  const args = { ...partitioned(Shard), ...options };
  const shards = await testSystem.system.start(PartitionSupervisor<Shard>, args, { name: "shards" });
  return { ...testSystem, shards };
}

const KEYS = [0, 1, 2, 3, 4, 5, 6, 7];

describe("partition supervisor", () => {
  test("without options it has 8 partitions, children with the ids 0 to 7", async () => {
    const { shards, stop } = await scene();
    expect(partitionCount(shards)).toBe(8);
    expect((await shards.call.whichChildren()).map(({ id }) => id).reverse()).toEqual(KEYS);
    await stop();
  });

  test("case 119: withArguments gives each partition its number", async () => {
    const testSystem = await createTestSystem();
    const options = partitioned(Shard, {
      partitions: 3,
      args: ["given"],
      withArguments: (given: string[], partition) => [...given, partition],
    });
    const shards = await testSystem.system.start(PartitionSupervisor<Shard>, options);
    const given = await Promise.all([0, 1, 2].map((key) => partitionOf(shards, key).call.given()));
    expect(given).toEqual([
      ["given", 0],
      ["given", 1],
      ["given", 2],
    ]);
    await testSystem.stop();
  });

  test("case 121: it is resized, and keys resolve to as many partitions as are in use", async () => {
    const { shards, system, stop } = await scene({ partitions: 8 });
    for (const size of [8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 3, 8, 0, 5, 2, 7, 1, 6, 4]) {
      expect(await shards.call.resize(size)).toMatchObject({ ok: true });
      expect(partitionCount(shards)).toBe(size);
      expect(await shards.call.countChildren()).toEqual({ specs: 8, active: size, supervisors: 0, workers: 8 });
      if (size === 0) continue;
      const refs = new Set(KEYS.map((key) => partitionOf(shards, key)));
      expect([refs.size, [...refs].every((ref) => system.isAlive(ref))]).toEqual([size, true]);
    }
    await stop();
  });

  test("case 122: a resize answers the size before; with none a lookup fails; more than at first is refused", async () => {
    const { shards, stop } = await scene({ partitions: 8 });
    expect(await shards.call.resize(0)).toEqual({ ok: true, previous: 8 });
    expect(() => partitionOf(shards, "key")).toThrow("has zero partitions");
    expect(await shards.call.resize(8)).toEqual({ ok: true, previous: 0 });
    for (const size of [9, -1, 1.5]) {
      expect(await shards.call.resize(size)).toEqual({
        ok: false,
        reason: "out_of_range",
        expected: `The number of partitions must be between 0 and 8, got ${size}`,
      });
    }
    await stop();
  });

  test("case 124: without such a supervisor there is noproc", async () => {
    const { shards, system, stop } = await scene();
    expect(() => partitionNamed(system, "unknown", 1)).toThrow('there is no partition supervisor "unknown"');
    expect(partitionNamed<Shard>(system, "shards", 1)).toBe(partitionOf(shards, 1));
    await system.stopActor(shards);
    const noproc = expect.objectContaining({ name: "PartitionError", code: "noproc" });
    expect(() => partitionCount(shards)).toThrow(noproc);
    expect(() => partitionOf(shards, 1)).toThrow(noproc);
    expect(() => partitionNamed(system, "shards", 1)).toThrow(noproc);
    await expect(system.stopActor(shards)).rejects.toMatchObject({ code: "noproc" });
    await stop();
  });

  test("a partition that is restarted is found by its new ref", async () => {
    const { shards, system, clock, stop } = await scene();
    const before = partitionOf(shards, 3);
    before.cast.boom();
    await clock.settle();
    const after = partitionOf(shards, 3);
    expect([after === before, system.isAlive(after)]).toEqual([false, true]);
    expect(partitionOf(shards, 11)).toBe(after);
    await stop();
  });

  test("more restarts than it allows end it, as any supervisor", async () => {
    const { shards, system, clock, stop } = await scene({ intensity: 0 });
    partitionOf(shards, 0).cast.boom();
    await clock.settle();
    expect(system.exitReason(shards)).toBe("shutdown");
    await stop();
  });

  test("a partition that does not start again ends the resize, and those before it are in use", async () => {
    const { system, stop } = await createTestSystem();
    const options = partitioned(Picky, { partitions: 3, args: { size: 1 } });
    const picky = await system.start(PartitionSupervisor<Picky>, options);
    await picky.call.resize(1);
    Picky.failing = true;
    expect(await picky.call.resize(3)).toEqual({ ok: false, reason: "start_failed", partition: 1, error: "not now" });
    Picky.failing = false;
    expect(partitionCount(picky)).toBe(1);
    expect(await picky.call.resize(3)).toEqual({ ok: true, previous: 1 });
    await stop();
  });

  test("it is a child like any other, and a supervisor", async () => {
    class Root extends Supervisor {
      override init() {
        return {
          children: [
            child(PartitionSupervisor<Shard>, {
              id: "shards",
              name: "shards",
              args: partitioned(Shard, { partitions: 2, args: "same" }),
            }),
          ],
        };
      }
    }
    const { system, stop } = await createTestSystem({ root: Root });
    expect(await partitionNamed<Shard>(system, "shards", "key").call.given()).toBe("same");
    expect(await system.whereis<Supervisor>("shards")?.call.countChildren()).toMatchObject({ workers: 2 });
    await stop();
  });

  test("options that cannot be used fail the start", async () => {
    const { system, stop } = await createTestSystem();
    const start = (options: object): Promise<unknown> =>
      system.start(PartitionSupervisor<Shard>, { ...partitioned(Shard), ...options });
    await expect(start({ partitions: 0 })).rejects.toMatchObject({ reason: { start_spec: "invalid_child_spec" } });
    await expect(start({ autoShutdown: "any_significant" })).rejects.toMatchObject({
      reason: { start_spec: "bad_combination" },
    });
    await expect(start({ strategy: "round_robin" })).rejects.toMatchObject({
      reason: { supervisor_data: "invalid_strategy" },
    });
    await stop();
  });

  test("what would change the partitions themselves is no message, and arguments are checked", async () => {
    const { shards, stop } = await scene();
    // @ts-expect-error -- withheld
    expect(shards.call.terminateChild).toBeUndefined();
    expect(shards.cast).not.toHaveProperty("startChild");
    // @ts-expect-error -- a picky one needs a size
    partitioned(Picky, { partitions: 2 });
    // @ts-expect-error -- and it is a number
    partitioned(Picky, { withArguments: () => ({ size: "big" }) });
    partitioned(Picky, { withArguments: (_, partition) => ({ size: partition }) });
    await stop();
  });
});
