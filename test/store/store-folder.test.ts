import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { embeddedStore } from "../../src/store/embedded-store.js";
import { embeddedStoreFolder } from "../../src/store/embedded-store-folder.js";
import { memoryStoreFolders } from "../../src/store/memory-store-folders.js";
import type { StoreFolder } from "../../src/store/store-folder.js";
import type { Store } from "../../src/store/store-port.js";
import { entry, frame, session } from "./store-conformance.js";
import { temporaryPath } from "./temporary-store.js";

/** A place in which nodes have folders. */
interface Place {
  /** The folder as a node sees it. */
  at(name: string): Promise<StoreFolder>;
  /** The node is gone, without having said so. */
  die(folder: StoreFolder): Promise<void>;
}

async function inMemory(): Promise<Place> {
  const folders = memoryStoreFolders();
  return { at: async (name) => folders.at(name), die: async () => undefined };
}

async function inFiles(): Promise<Place> {
  const path = await temporaryPath();
  return {
    async at(name) {
      const folder = await embeddedStoreFolder({ path, name });
      onTestFinished(() => folder.close());
      return folder;
    },
    // A lock is free when its process is dead: this one is not.
    die: (folder) => folder.close(),
  };
}

async function sidsOf(store: Store): Promise<string[]> {
  const sids: string[] = [];
  for await (const { sid } of store.sessions()) sids.push(sid);
  return sids.sort();
}

describe.each([
  ["a folder in memory", inMemory],
  ["a folder of embedded stores", inFiles],
])("%s", (_name, make) => {
  test("has a store for each node, under its name", async () => {
    const place = await make();
    const a = await place.at("a");
    const b = await place.at("b");
    await a.own.commit([session("s1"), frame("s1", 1)]);
    await b.own.commit([session("s2")]);
    expect([a.ownName, b.ownName]).toEqual(["a", "b"]);
    expect(await a.list()).toEqual(["a", "b"]);
    expect(await b.list()).toEqual(["a", "b"]);
    expect([await sidsOf(a.own), await sidsOf(b.own)]).toEqual([["s1"], ["s2"]]);
  });

  test("lets a node have the store of one that is dead, as it was left", async () => {
    const place = await make();
    const a = await place.at("a");
    const b = await place.at("b");
    await a.own.commit([session("s1"), frame("s1", 1), entry("room:1", 1)]);
    await place.die(a);
    const store = await b.open("a");
    expect(await store.readSession("s1")).toMatchObject({ sid: "s1", frames: [{ seq: 1 }] });
    expect(await store.readLog("room:1", 1, 10)).toMatchObject({ last: 1 });
    await store.commit([{ type: "delete_session", sid: "s1" }]);
    await store.close();
    await expect(store.commit([session("s1")])).rejects.toMatchObject({ code: "closed" });
    const again = await b.open("a");
    expect(await sidsOf(again)).toEqual([]);
    await again.close();
  });

  test("deletes a store that nobody has open, and says no while somebody has", async () => {
    const place = await make();
    const a = await place.at("a");
    const b = await place.at("b");
    await place.die(a);
    const store = await b.open("a");
    await expect(b.remove("a")).rejects.toMatchObject({ code: "in_use" });
    await store.close();
    await b.remove("a");
    await b.remove("a");
    expect(await b.list()).toEqual(["b"]);
    await expect(b.open("a")).rejects.toMatchObject({ code: "not_a_store" });
    expect(await b.list()).toEqual(["b"]);
  });

  test("gives a node another store while its own is being taken over, and its own again afterwards", async () => {
    const place = await make();
    const a = await place.at("a");
    const b = await place.at("b");
    await a.own.commit([session("s1")]);
    await place.die(a);
    const store = await b.open("a");
    const second = await place.at("a");
    expect(second.ownName).toBe("a.2");
    expect(await sidsOf(second.own)).toEqual([]);
    await second.own.commit([session("s2")]);
    await place.die(second);
    await store.close();
    const third = await place.at("a");
    expect(third.ownName).toBe("a");
    expect(await sidsOf(third.own)).toEqual(["s1"]);
    expect(await third.list()).toEqual(["a", "a.2", "b"]);
    const left = await third.open("a.2");
    expect(await sidsOf(left)).toEqual(["s2"]);
    await left.close();
  });

  test("does not open a node's own store twice", async () => {
    const a = await (await make()).at("a");
    await expect(a.open("a")).rejects.toMatchObject({ code: "in_use" });
    await expect(a.remove("a")).rejects.toMatchObject({ code: "in_use" });
    await a.own.commit([session("s1")]);
  });

  test.each(["", ".", "..", "../a", "a/b", "/a", "a\\b", ".a", "a b", "ä", "a\n", "x".repeat(65), "lock", "data.mdb"])(
    "refuses the name %j",
    async (name) => {
      const place = await make();
      const a = await place.at("a");
      await expect(place.at(name)).rejects.toMatchObject({ code: "bad_option" });
      await expect(a.open(name)).rejects.toMatchObject({ code: "bad_option" });
      await expect(a.remove(name)).rejects.toMatchObject({ code: "bad_option" });
    },
  );

  test("closes the node's own store", async () => {
    const a = await (await make()).at("core-1.2");
    await a.close();
    await expect(a.own.commit([session("s1")])).rejects.toMatchObject({ code: "closed" });
    expect(a.own.status().state).toBe("closed");
  });
});

test("in memory, whoever opens a store takes it away from a node that still writes", async () => {
  const folders = memoryStoreFolders();
  const a = folders.at("a");
  await a.own.commit([session("s1")]);
  const store = await folders.at("b").open("a");
  await expect(a.own.commit([session("s2")])).rejects.toMatchObject({ code: "store_failed" });
  await expect(a.own.readSession("s1")).rejects.toMatchObject({ code: "store_failed" });
  expect(a.own.status().state).toBe("failed");
  // One that died half way is followed by another.
  const third = await folders.at("c").open("a");
  await expect(store.commit([])).rejects.toMatchObject({ code: "store_failed" });
  expect(await sidsOf(third)).toEqual(["s1"]);
});

test("a directory with one store becomes a folder, and its store main", async () => {
  const path = await temporaryPath();
  const old = await embeddedStore({ path });
  await old.commit([session("s1")]);
  await expect(embeddedStoreFolder({ path })).rejects.toMatchObject({ code: "in_use" });
  await old.close();
  // Several processes may begin at a time.
  const folders = await Promise.all(["core-1", "core-2"].map((name) => embeddedStoreFolder({ path, name })));
  for (const folder of folders) expect(await folder.list()).toContain("main");
  for (const folder of folders) await folder.close();
  const folder = await embeddedStoreFolder({ path });
  expect(folder.ownName).toBe("main");
  expect(await sidsOf(folder.own)).toEqual(["s1"]);
  await folder.close();
  expect((await readdir(path)).sort()).toEqual(["core-1", "core-2", "main"]);
  expect((await stat(join(path, "main"))).mode & 0o777).toBe(0o700);
});

test("a directory that was used as one store again is moved beside the first", async () => {
  const path = await temporaryPath();
  await (await embeddedStoreFolder({ path })).close();
  const old = await embeddedStore({ path });
  await old.commit([session("s1")]);
  await old.close();
  const folder = await embeddedStoreFolder({ path });
  onTestFinished(() => folder.close());
  expect([folder.ownName, await folder.list()]).toEqual(["main", ["main", "main.2"]]);
  const moved = await folder.open("main.2");
  expect(await sidsOf(moved)).toEqual(["s1"]);
  await moved.close();
});

test("what is no store is not listed, and what was half deleted goes with the next opening", async () => {
  const path = await temporaryPath();
  await mkdir(join(path, ".removed-1"), { recursive: true });
  await mkdir(join(path, "main.damaged-2026-01-01T00-00-00-000Z"));
  await mkdir(join(path, "empty"));
  await writeFile(join(path, ".removed-1", "data.mdb"), "");
  await writeFile(join(path, "main.damaged-2026-01-01T00-00-00-000Z", "data.mdb"), "");
  await writeFile(join(path, "note.txt"), "");
  const folder = await embeddedStoreFolder({ path });
  onTestFinished(() => folder.close());
  expect(await folder.list()).toEqual(["main"]);
  expect((await readdir(path)).sort()).toEqual(["empty", "main", "main.damaged-2026-01-01T00-00-00-000Z", "note.txt"]);
});

test("the store of a killed process is free, that of a living one is not", async () => {
  const path = await temporaryPath();
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const mine = await embeddedStoreFolder({ path, name: "core-1" });
  const text = await readFile(join(path, "core-1", "lock"), "utf8");
  await mine.close();
  const holder: object = JSON.parse(text);
  await writeFile(join(path, "core-1", "lock"), JSON.stringify({ ...holder, pid: child.pid, began: "" }));
  const other = await embeddedStoreFolder({ path, name: "core-2" });
  onTestFinished(() => other.close());
  await expect(other.open("core-1")).rejects.toMatchObject({ code: "in_use" });
  await expect(other.remove("core-1")).rejects.toMatchObject({ code: "in_use" });
  child.kill("SIGKILL");
  await once(child, "close");
  await (await other.open("core-1")).close();
});
