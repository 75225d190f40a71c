import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { embeddedStore } from "../../src/store/embedded-store.js";
import type { Store } from "../../src/store/store-port.js";
import { type Compiled, compile } from "./compiled.js";
import { textOf } from "./crash-changes.js";
import { temporaryPath } from "./temporary-store.js";

const ROUNDS = 6;

let programs: Compiled;
beforeAll(async () => {
  programs = await compile(["crash-program"]);
});
afterAll(() => programs.remove());

/** Runs the program until it has told a number of commits, kills it, and gives the last commit that it told. */
async function killedAfter(path: string, durability: string, first: number, commits: number): Promise<number> {
  const child: ChildProcess = spawn(
    process.execPath,
    [programs.script("crash-program"), path, durability, String(first)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  let told = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    told += text;
    if (told.split("\n").length > commits) child.kill("SIGKILL");
  });
  await once(child, "close");
  expect(child.signalCode).toBe("SIGKILL");
  // They are told in the order in which they were kept.
  return Number(told.split("\n").at(-2));
}

/** Checks that all parts of the store are there up to one and the same commit, and gives its number. */
async function lastWhole(store: Store): Promise<number> {
  const value = await store.readRecord("last");
  const last = new Float64Array(new Uint8Array(value ?? []).buffer)[0] ?? 0;
  for (const sid of ["a", "b"]) {
    const session = await store.readSession(sid);
    if (session?.corrupt !== false) throw new Error(`Expected session ${sid} to be whole`);
    expect(session.missing).toEqual([]);
    const numbers = Array.from({ length: last - session.trimmed }, (_, index) => session.trimmed + 1 + index);
    expect(session.frames.map(({ seq }) => seq)).toEqual(numbers);
    expect(session.frames.every(({ seq, frame }) => frame === textOf(seq))).toBe(true);
    if (sid === "a") expect(session.head.rx).toBe(last);
  }
  const log = await store.readLog("t", 1, 100_000);
  expect([log?.last, log?.missing, log?.entries.length]).toEqual([last, [], last - (log?.trimmed ?? 0)]);
  expect(log?.entries.every(({ offset, frame, at }) => frame === textOf(offset) && at === offset)).toBe(true);
  return last;
}

describe.each(["process", "disk"] as const)(
  "a process that is killed in the middle of commits, durability %s",
  (durability) => {
    test("loses none whose promise resolved, and leaves none in part, again and again", async () => {
      const path = await temporaryPath();
      let first = 1;
      for (let round = 0; round < ROUNDS; round++) {
        const told = await killedAfter(path, durability, first, 20 + round * 37);
        const damage: unknown[] = [];
        const store = await embeddedStore({ path, onDamage: (report) => damage.push(report) });
        const last = await lastWhole(store);
        expect(damage).toEqual([]);
        expect(last).toBeGreaterThanOrEqual(told);
        expect(told).toBeGreaterThanOrEqual(first + 19);
        await store.close();
        first = last + 1;
      }
      for (const [file, mode] of [
        ["", 0o700],
        ["data.mdb", 0o600],
        ["lock.mdb", 0o600],
      ] as const) {
        expect((await stat(join(path, file))).mode & 0o777).toBe(mode);
      }
    });
  },
);
