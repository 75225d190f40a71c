import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Compiled, compile } from "./compiled.js";
import { frame, head, session } from "./store-conformance.js";
import { opened, temporaryPath } from "./temporary-store.js";

let programs: Compiled;
beforeAll(async () => {
  programs = await compile(["full-program"]);
});
afterAll(() => programs.remove());

test("a disk without room is a coded error, loses nothing that was promised, and leaves the store readable", async () => {
  const path = await temporaryPath();
  // A limit on the size of files, in blocks: what a full disk is to the program that writes.
  const script = `ulimit -f 4000; exec "$0" "$@"`;
  const args = ["-c", script, process.execPath, programs.script("full-program"), path];
  const { stdout } = await promisify(execFile)("/bin/sh", args);
  const told: { kept: number; code: string; frames: number; state: string } = JSON.parse(stdout);
  expect(told).toMatchObject({ code: "disk_full", state: "open", frames: told.kept });
  expect(told.kept).toBeGreaterThan(20);
  const { store, damage } = await opened(path);
  const read = await store.readSession("a");
  expect(read).toMatchObject({ corrupt: false, missing: [] });
  expect(read?.corrupt === false && read.frames.length).toBe(told.kept);
  expect(damage).toEqual([]);
  await store.commit([frame("a", told.kept + 1)]);
});

test("a store that has reached maxBytes refuses what adds, takes what removes, and then takes again", async () => {
  const { store } = await opened(await temporaryPath(), { maxBytes: 300_000 });
  await store.commit([session("a")]);
  let seq = 0;
  await expect(async () => {
    for (;;) await store.commit([frame("a", ++seq, "x".repeat(20_000))]);
  }).rejects.toMatchObject({ code: "disk_full" });
  expect(seq).toBeGreaterThan(10);
  await store.commit([{ type: "put_head", sid: "a", head: { ...head, rx: 5 } }]);
  await store.commit([{ type: "trim_frames", sid: "a", through: seq }]);
  await store.commit([]);
  await store.commit([frame("a", seq + 1)]);
  expect(await store.readSession("a")).toMatchObject({ head: { rx: 5 }, frames: [{ seq: seq + 1 }] });
});
