import { expect, test } from "vitest";
import { CommitQueue, type EncodedCommit } from "../../src/store/commit-queue.js";
import { type Engine, EngineError, type EngineWrite } from "../../src/store/engine.js";
import { Undo } from "../../src/store/ledger.js";
import { createVirtualClock } from "../../src/testing/virtual-clock.js";

const limits = { pendingBytes: 1_000, pendingCommits: 100, maxBytes: 10_000, stallMs: 5_000 };

/** An engine whose transactions end when the test says so. */
class SlowEngine implements Engine {
  readonly groups: string[][] = [];
  usedBytes = 0;
  garbage: Uint8Array[] = [];
  #end: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #begun: (() => void) | undefined;

  write(writes: readonly EngineWrite[]): Promise<void> {
    this.groups.push(
      writes.map(({ key, value }) => `${value === undefined ? "-" : "+"}${Buffer.from(key).toString()}`),
    );
    this.#begun?.();
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject };
    });
  }

  /** Resolves when a transaction has begun. */
  async begun(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#begun = resolve;
    });
  }

  keep(): void {
    this.#end?.resolve();
  }

  fail(error: Error): void {
    this.#end?.reject(error);
  }

  keys(_start: Uint8Array, _end: Uint8Array, limit: number): Uint8Array[] {
    return this.garbage.splice(0, limit);
  }

  get(): undefined {
    return undefined;
  }

  snapshot(): never {
    throw new Error("Not in these tests");
  }

  async sync(): Promise<void> {}

  async close(): Promise<void> {}
}

function commit(name: string, bytes = 10): EncodedCommit {
  return { writes: [{ key: Buffer.from(name), value: Buffer.from("v") }], bytes, garbage: [], undo: new Undo() };
}

function queueOf(engine: Engine, takeBack: (undo: Undo) => void = () => undefined) {
  const clock = createVirtualClock();
  return { clock, queue: new CommitQueue(engine, limits, clock, takeBack) };
}

test("commits of one turn are one transaction, and those that come while it is written are the next", async () => {
  const engine = new SlowEngine();
  const { queue } = queueOf(engine);
  const first = [queue.add(commit("a")), queue.add(commit("b"))];
  await engine.begun();
  const second = [queue.add(commit("c")), queue.add(commit("d"))];
  engine.keep();
  await Promise.all(first);
  expect(queue.status.pending.commits).toBe(2);
  await engine.begun();
  engine.keep();
  await Promise.all(second);
  expect(engine.groups).toEqual([
    ["+a", "+b"],
    ["+c", "+d"],
  ]);
  expect(queue.status).toMatchObject({ kept: 4, failed: 0, groups: 2, pending: { commits: 0, bytes: 0 } });
});

test("a transaction holds no more than some hundred writes, and never a part of a commit", async () => {
  const engine = new SlowEngine();
  const { queue } = queueOf(engine);
  const writes = Array.from({ length: 300 }, (_, index) => ({ key: Buffer.from(`k${index}`), value: undefined }));
  const all = [1, 2, 3].map(() => queue.add({ writes, bytes: 10, garbage: [], undo: new Undo() }));
  for (let group = 0; group < 3; group++) {
    await engine.begun();
    engine.keep();
  }
  await Promise.all(all);
  expect(engine.groups.map(({ length }) => length)).toEqual([300, 300, 300]);
});

test("a failed transaction takes back all that waits, the newest first, and refuses it in order", async () => {
  const engine = new SlowEngine();
  const takenBack: Undo[] = [];
  const { queue } = queueOf(engine, (undo) => takenBack.push(undo));
  const commits = ["a", "b", "c"].map((name) => commit(name));
  const refused: string[] = [];
  const note = (name: string) => (error: unknown) => refused.push(`${name} ${String(error)}`);
  const early = commits.slice(0, 2).map((each, index) => queue.add(each).catch(note(`${index}`)));
  await engine.begun();
  const late = commits.slice(2).map((each) => queue.add(each).catch(note("2")));
  engine.fail(new EngineError("full", "No space left on device"));
  await Promise.all([...early, ...late]);
  expect(takenBack.filter((undo) => commits.some((each) => each.undo === undo))).toEqual(
    commits.toReversed().map(({ undo }) => undo),
  );
  expect(refused.map((text) => text.slice(0, 13))).toEqual(["0 StoreError:", "1 StoreError:", "2 StoreError:"]);
  expect(refused[0]).toContain("No space left on device");
  expect(queue.broken).toBe(false);
  const next = queue.add(commit("d"));
  await engine.begun();
  engine.keep();
  await next;
});

test("an engine that fails for good, and one that takes too long, end the queue", async () => {
  for (const end of ["fail", "stall"]) {
    const engine = new SlowEngine();
    const { queue, clock } = queueOf(engine);
    const lost = queue.add(commit("a")).catch((error: unknown) => error);
    await engine.begun();
    if (end === "fail") engine.fail(new Error("I/O error"));
    else await clock.advance(limits.stallMs);
    expect(await lost).toMatchObject({ code: "store_failed" });
    expect(queue.broken).toBe(true);
    expect(() => queue.checkRoom(false)).toThrow(expect.objectContaining({ code: "store_failed" }));
    await queue.close();
  }
});

test("what waits is bounded in bytes and number, and what is in use in bytes", async () => {
  const engine = new SlowEngine();
  const { queue } = queueOf(engine);
  queue.checkRoom(true);
  void queue.add(commit("a", 1_000));
  expect(() => queue.checkRoom(true)).toThrow(expect.objectContaining({ code: "store_full" }));
  expect(queue.status.pending).toEqual({ commits: 1, bytes: 1_000 });
  await engine.begun();
  engine.usedBytes = 10_000;
  engine.keep();
  await queue.settled();
  expect(() => queue.checkRoom(true)).toThrow(expect.objectContaining({ code: "disk_full" }));
  queue.checkRoom(false);
  for (let index = 0; index < 100; index++) void queue.add(commit(`${index}`, 0));
  expect(() => queue.checkRoom(false)).toThrow(expect.objectContaining({ code: "store_full" }));
});

test("garbage goes with later transactions, a bounded part with each", async () => {
  const engine = new SlowEngine();
  const { queue } = queueOf(engine);
  engine.garbage = Array.from({ length: 400 }, () => Buffer.from("g"));
  const range = { start: Buffer.from("g"), end: Buffer.from("h") };
  const made = queue.add({ ...commit("a"), garbage: [range] });
  await engine.begun();
  expect(engine.groups).toEqual([["+a"]]);
  engine.keep();
  await made;
  await engine.begun();
  engine.keep();
  await engine.begun();
  engine.keep();
  await queue.close();
  expect(engine.groups.map(({ length }) => length)).toEqual([1, 256, 144]);
});

test("garbage that there is no room to remove does not fail the commit it went with, and less is tried the next time", async () => {
  const engine = new SlowEngine();
  const { queue } = queueOf(engine);
  const garbage = (): void => {
    engine.garbage = Array.from({ length: 1_000 }, () => Buffer.from("g"));
  };
  garbage();
  queue.sweep({ start: Buffer.from("g"), end: Buffer.from("h") });
  const first = queue.add(commit("a"));
  await engine.begun();
  engine.fail(new EngineError("full", "no room"));
  await engine.begun();
  engine.keep();
  await first;
  garbage();
  const second = queue.add(commit("b"));
  await engine.begun();
  engine.keep();
  await second;
  expect(engine.groups.map(({ length }) => length)).toEqual([257, 1, 65]);
});

test("settled waits for what was added before and never fails", async () => {
  const engine = new SlowEngine();
  const { queue } = queueOf(engine);
  await queue.settled();
  const lost = queue.add(commit("a")).catch(() => "refused");
  const settled = queue.settled();
  await engine.begun();
  engine.fail(new EngineError("full", "no room"));
  await settled;
  expect(await lost).toBe("refused");
  expect(queue.status).toMatchObject({ kept: 0, failed: 1 });
});

test("a queue that is closed keeps what waits and takes nothing more", async () => {
  const engine = new SlowEngine();
  const { queue } = queueOf(engine);
  const made = queue.add(commit("a"));
  const closed = queue.close();
  expect(() => queue.checkRoom(false)).toThrow(expect.objectContaining({ code: "closed" }));
  await engine.begun();
  engine.keep();
  await Promise.all([made, closed]);
});
