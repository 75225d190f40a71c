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

  test("loses in a crash nothing that was told, and in a loss of power the latest of what was not flushed", async () => {
    const disk = memoryStore();
    await disk.commit([session("a"), frame("a", 1), { type: "trim_frames", sid: "a", through: 1 }]);
    await disk.commit([{ type: "append_log", topic: "t", epoch: 3, offset: 5, frame: "x", at: 1 }]);
    await disk.commit([
      { type: "trim_log", topic: "t", through: 5 },
      { type: "put_record", key: "k", value: new Uint8Array([1]) },
    ]);
    const chances: number[] = [];
    const random = { next: () => chances.shift() ?? 0.5 };
    const life = () => new FaultyStore(disk, { random, flush: 0.3 });
    const first = life();
    for (const seq of [2, 3]) await first.commit([frame("a", seq)]);
    expect(await first.readSession("a")).toMatchObject({ trimmed: 1, frames: [{ seq: 2 }, { seq: 3 }] });
    expect(await first.readLog("t", 1, 9)).toMatchObject({ epoch: 3, trimmed: 5, last: 5, entries: [] });
    expect(await first.readRecord("k")).toEqual(new Uint8Array([1]));
    expect(await disk.readSession("a")).toMatchObject({ frames: [] });
    await first.crash();
    expect(await disk.readSession("a")).toMatchObject({ frames: [{ seq: 2 }, { seq: 3 }] });

    const second = life();
    // The second of them flushes the first two.
    chances.push(0.9, 0.9, 0.9, 0.2, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9);
    for (const seq of [4, 5, 6, 7]) await second.commit([frame("a", seq)]);
    chances.splice(0, Infinity, 0.1, 0.9);
    await second.crash({ power: true, keep: 0.5 });
    const left = await disk.readSession("a");
    const seqs = left?.corrupt === false ? left.frames.map(({ seq }) => seq) : [];
    expect(seqs.slice(0, 4)).toEqual([2, 3, 4, 5]);
    expect(seqs).toEqual([2, 3, 4, 5, 6].slice(0, seqs.length));
    expect(seqs).not.toContain(7);
    await expect(life().commit([frame("a", 7)])).resolves.toBeUndefined();
  });
});
