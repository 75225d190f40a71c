import { mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { open } from "lmdb";
import { expect, test, vi } from "vitest";
import { embeddedStore } from "../../src/store/embedded-store.js";
import { openLmdb } from "../../src/store/lmdb.js";
import { sealJson } from "../../src/store/record.js";
import { formatKey } from "../../src/store/record-key.js";
import { entry, frame, session } from "./store-conformance.js";
import { opened, temporaryPath } from "./temporary-store.js";

test("a store is found again as it was left, with all that was trimmed and deleted gone", async () => {
  const path = await temporaryPath();
  const first = await opened(path, { durability: "disk" });
  await first.store.commit(["a", "b", "c"].map(session));
  for (const sid of ["a", "b", "c"]) {
    await first.store.commit(Array.from({ length: 200 }, (_, index) => frame(sid, index + 1)));
  }
  await first.store.commit(Array.from({ length: 200 }, (_, index) => entry("t", index + 1)));
  await first.store.claim("a", 0, "node 1");
  await first.store.commit([
    { type: "trim_frames", sid: "a", through: 150 },
    { type: "delete_session", sid: "b" },
    { type: "trim_log", topic: "t", through: 190 },
  ]);
  // Closed before the garbage could be removed: the next process does it.
  await first.store.close();
  const { store, damage } = await opened(path);
  expect(store.status()).toMatchObject({ sessions: 2, logs: 1, state: "open", durability: "process" });
  const a = await store.readSession("a");
  expect(a).toMatchObject({ trimmed: 150, owner: { name: "node 1", version: 1 }, missing: [] });
  expect(a?.corrupt === false && a.frames.map(({ seq }) => seq)).toEqual(Array.from({ length: 50 }, (_, i) => i + 151));
  expect(await store.readLog("t", 1, 100)).toMatchObject({ trimmed: 190, last: 200, next: 201 });
  await store.commit([frame("a", 201), frame("c", 201), entry("t", 201)]);
  // A part of the garbage goes with each transaction.
  for (let time = 0; time < 5; time++) await store.commit([]);
  await store.close();
  expect(damage).toEqual([]);
  const engine = await openLmdb({ path, flush: false });
  const left = engine.keys(Buffer.from([1]), Buffer.from([255]), 10_000).length;
  await engine.close();
  // The format; three records each of a and c; their 51 and 201 frames; the log's state and 11 entries.
  expect(left).toBe(1 + 6 + 51 + 201 + 1 + 11);
});

test("files and directories that a store makes are readable by their owner alone", async () => {
  const path = join(await temporaryPath(), "deep");
  await opened(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  for (const file of await readdir(path)) expect((await stat(join(path, file))).mode & 0o777).toBe(0o600);
});

test("a path that is open already is refused, and the first store is not disturbed", async () => {
  const path = await temporaryPath();
  const { store } = await opened(path);
  await expect(embeddedStore({ path })).rejects.toMatchObject({ name: "StoreError", code: "in_use" });
  await store.commit([session("a")]);
});

test("a store of a newer format is refused, and left as it is", async () => {
  const path = await temporaryPath();
  await (await opened(path)).store.close();
  const engine = await openLmdb({ path, flush: false });
  await engine.write([{ key: formatKey, value: sealJson(formatKey, { store: "holdfast", format: 2 }) }]);
  await engine.close();
  const refusal = expect.objectContaining({ code: "newer_format", message: expect.stringContaining("format 2") });
  await expect(embeddedStore({ path })).rejects.toEqual(refusal);
  await expect(embeddedStore({ path })).rejects.toEqual(refusal);
});

test.each(["plain", "named"])("somebody else's LMDB file is refused (%s), and left as it is", async (kind) => {
  const path = await temporaryPath();
  await mkdir(path);
  const db = open({ path, overlappingSync: false });
  const target = kind === "named" ? db.openDB({ name: "theirs" }) : db;
  await target.put("key", "value");
  await db.close();
  await expect(embeddedStore({ path })).rejects.toMatchObject({ code: "not_a_store" });
  const again = open({ path, overlappingSync: false });
  expect((kind === "named" ? again.openDB({ name: "theirs" }) : again).get("key")).toBe("value");
  await again.close();
});

test("a path that cannot be a directory is refused with the system's error as cause", async () => {
  const path = await temporaryPath();
  await writeFile(path, "a file");
  await expect(embeddedStore({ path })).rejects.toMatchObject({ code: "cannot_open", cause: { code: "EEXIST" } });
});

test.each([
  [{ path: "" }, "path"],
  [{ path: "/tmp/x", durability: "memory" }, "durability"],
  [{ path: "/tmp/x", onDamaged: "ignore" }, "onDamaged"],
  [{ path: "/tmp/x", onDamage: 1 }, "onDamage"],
  [{ path: "/tmp/x", pendingBytes: 0 }, "pendingBytes"],
  [{ path: "/tmp/x", pendingCommits: -1 }, "pendingCommits"],
  [{ path: "/tmp/x", maxBytes: Number.NaN }, "maxBytes"],
  [{ path: "/tmp/x", stallMs: "1" }, "stallMs"],
])("the option that is wrong in %j is named", async (options, name) => {
  const untyped: unknown = options;
  await expect(embeddedStore(untyped as Parameters<typeof embeddedStore>[0])).rejects.toMatchObject({
    code: "bad_option",
    message: expect.stringContaining(`option ${name} `),
  });
});

test("a missing engine is named with what to install, and the path is free again", async () => {
  const path = await temporaryPath();
  vi.doMock("lmdb", () => {
    throw new Error("no binary for this platform");
  });
  await expect(embeddedStore({ path })).rejects.toMatchObject({
    code: "engine_missing",
    message: expect.stringContaining("npm install lmdb"),
  });
  vi.doUnmock("lmdb");
  vi.resetModules();
  await opened(path);
});
