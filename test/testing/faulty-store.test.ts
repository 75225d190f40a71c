import { describe, expect, test } from "vitest";
import { memoryStore } from "../../src/store/memory-store.js";
import { FaultyStore } from "../../src/testing/faulty-store.js";
import { createVirtualClock } from "../../src/testing/virtual-clock.js";
import { frame, session, storeCases } from "../store/store-conformance.js";

describe("a faulty store without faults", () => {
  test.each(storeCases)("$title", async ({ run }) => {
    await run(new FaultyStore(memoryStore()));
  });
});

describe("a faulty store", () => {
  test("keeps a commit waiting for its delay, and reads behind it", async () => {
    const clock = createVirtualClock();
    const store = new FaultyStore(memoryStore(), { clock, random: { next: () => 0.5 }, delayMs: 100 });
    const told: string[] = [];
    void store.commit([session("a")]).then(() => told.push("commit"));
    void store.readSession("a").then((read) => told.push(`read ${read?.sid}`));
    await clock.advance(49);
    expect([told, store.status().pending.commits]).toEqual([[], 1]);
    await clock.advance(1);
    expect(told).toEqual(["commit", "read a"]);
  });

  test("fails the next commit and those behind it, and takes those that come after", async () => {
    const store = new FaultyStore(memoryStore());
    store.hold();
    const waiting = [store.commit([session("a")]), store.commit([frame("a", 1)])];
    store.failNext();
    store.release();
    const outcomes = await Promise.allSettled(waiting);
    expect(outcomes).toMatchObject([{ reason: { code: "disk_full" } }, { reason: { code: "disk_full" } }]);
    await store.commit([session("a")]);
    expect(await store.readSession("a")).toMatchObject({ frames: [] });
    expect(store.status().commits).toEqual({ kept: 1, failed: 2 });
  });

  test("fails commits and reads by chance", async () => {
    const store = new FaultyStore(memoryStore(), { random: { next: () => 0 }, failCommits: 0.1, failReads: 0.1 });
    await expect(store.commit([session("a")])).rejects.toMatchObject({ code: "disk_full" });
    await expect(store.readSession("a")).rejects.toMatchObject({ code: "store_failed" });
  });

  test("loses in a crash what was not told, from the first that was not kept, and leaves the rest to the next life", async () => {
    const disk = memoryStore();
    const chances: number[] = [];
    const store = new FaultyStore(disk, { random: { next: () => chances.shift() ?? 0.5 } });
    await store.commit([session("a")]);
    store.hold();
    const told: number[] = [];
    for (const seq of [1, 2, 3]) void store.commit([frame("a", seq)]).then(() => told.push(seq));
    chances.push(0.1, 0.9, 0.1);
    await store.crash({ keep: 0.5 });
    expect(await new FaultyStore(disk).readSession("a")).toMatchObject({ frames: [{ seq: 1 }] });
    expect(told).toEqual([]);
  });

  test("tears a commit in a crash when asked to", async () => {
    const disk = memoryStore();
    const store = new FaultyStore(disk, { random: { next: () => 0.9 } });
    await store.commit([session("a")]);
    store.hold();
    void store.commit([frame("a", 1), frame("a", 2)]);
    await store.crash({ keep: 0.5, tear: true });
    expect(await disk.readSession("a")).toMatchObject({ frames: [{ seq: 1 }] });
  });
});
