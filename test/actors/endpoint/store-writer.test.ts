import { expect, test } from "vitest";
import { type Keepable, StoreWriter } from "../../../actors/endpoint/store-writer.js";
import { memoryStore } from "../../../src/store/memory-store.js";
import { memoryStoreFolders } from "../../../src/store/memory-store-folders.js";
import type { StoreChange } from "../../../src/store/store-port.js";
import { createVirtualClock, FaultyStore } from "../../../src/testing/index.js";

const head = { epoch: 1, rx: 0, tx: 0 };

/** Something that wants to be kept, and writes down what it is told. */
class Thing implements Keepable {
  ended = false;
  readonly sid: string;
  readonly told: string[] = [];
  readonly #change: StoreChange;

  constructor(sid: string, change: StoreChange = { type: "put_session", sid, head, meta: new Uint8Array(1) }) {
    this.sid = sid;
    this.#change = change;
  }

  take(changes: StoreChange[]): void {
    this.told.push("taken");
    changes.push(this.ended ? { type: "delete_session", sid: this.sid } : this.#change);
  }
  kept(): void {
    this.told.push("kept");
  }
  waiting(): void {
    this.told.push("waiting");
  }
  refused(): void {
    this.told.push("refused");
  }
}

function setup() {
  const clock = createVirtualClock();
  const disk = memoryStore();
  const store = new FaultyStore(disk, { clock });
  const reports: string[] = [];
  const writer = new StoreWriter({ store, clock, report: (_level, type) => void reports.push(type) });
  return { clock, disk, store, writer, reports };
}

test("all of a turn is one commit, and what comes while it is under way is the next", async () => {
  const { clock, disk, store, writer } = setup();
  const [one, two, three] = [new Thing("1"), new Thing("2"), new Thing("3")];
  store.hold();
  writer.add(one);
  writer.add(two);
  await clock.settle();
  writer.add(three);
  await clock.settle();
  expect([one.told, two.told, three.told]).toEqual([["taken"], ["taken"], []]);
  store.release();
  await clock.settle();
  expect([one.told, three.told]).toEqual([
    ["taken", "kept"],
    ["taken", "kept"],
  ]);
  expect(disk.status()).toMatchObject({ sessions: 3, commits: { kept: 2 } });
});

test("a full disk is tried again every second, each is told to wait, and what ended meanwhile is deleted first", async () => {
  const { clock, disk, store, writer, reports } = setup();
  const [stays, ends] = [new Thing("1"), new Thing("2")];
  writer.add(stays);
  writer.add(ends);
  store.failNext();
  await clock.settle();
  expect(stays.told).toEqual(["taken", "waiting"]);
  expect(writer.trouble).toMatchObject({ code: "disk_full" });
  store.failNext();
  await clock.advance(1_000);
  ends.ended = true;
  await clock.advance(1_000);
  expect(stays.told).toEqual(["taken", "waiting", "waiting", "kept"]);
  expect(ends.told).toEqual(["taken", "waiting", "waiting", "taken"]);
  expect(writer.trouble).toBeUndefined();
  expect(reports).toEqual(["store_failed", "store_recovered"]);
  expect(disk.status().sessions).toBe(1);
});

test("one that does not fit what is stored does not harm the others", async () => {
  const { clock, disk, writer, reports } = setup();
  const things = [new Thing("1"), new Thing("2", { type: "put_head", sid: "nobody", head }), new Thing("3")];
  for (const thing of things) writer.add(thing);
  await clock.settle();
  expect(things.map(({ told }) => told.at(-1))).toEqual(["kept", "refused", "kept"]);
  expect(reports).toEqual(["store_refused"]);
  expect(disk.status().sessions).toBe(2);
  let safe = false;
  writer.whenSafe(() => {
    safe = true;
  });
  await clock.settle();
  expect(safe).toBe(true);
});

test("what is left at the end is still handed over; what came later is not", async () => {
  const { clock, disk, writer } = setup();
  writer.add(new Thing("1"));
  writer.stop();
  writer.add(new Thing("2"));
  await clock.advance(10_000);
  expect(disk.status().sessions).toBe(1);
});

test("who waits to begin anew is told when the store was taken over meanwhile", async () => {
  const clock = createVirtualClock();
  const folders = memoryStoreFolders();
  const { own: store } = folders.at("a");
  const writer = new StoreWriter({ store, clock, report: () => undefined });
  writer.add(new Thing("1"));
  await folders.at("b").open("a");
  await Promise.all([
    expect(writer.abandon()).rejects.toMatchObject({ name: "StoreError", code: "store_failed" }),
    clock.advance(10_000),
  ]);
});

test("who waits to begin anew waits on while the store fails and is open", async () => {
  const { clock, store, writer } = setup();
  let isSafe = false;
  store.failNext("store_failed");
  const waiting = writer.abandon().then(() => {
    isSafe = true;
  });
  writer.add(new Thing("1"));
  await clock.settle();
  expect([isSafe, writer.trouble?.code]).toEqual([false, "store_failed"]);
  await clock.advance(1_000);
  expect(isSafe).toBe(true);
  await waiting;
});
