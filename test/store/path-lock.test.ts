import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { judge, type LockHolder, PathLock } from "../../src/store/path-lock.js";
import { createVirtualClock } from "../../src/testing/virtual-clock.js";
import { temporaryPath } from "./temporary-store.js";

const own: LockHolder = { pid: 7, scope: "host pid:[1]", began: "100", id: "own" };
const processes = { alive: (pid: number) => pid < 10, began: (pid: number) => (pid === 9 ? "" : "200") };
const nobody = (): void => undefined;

async function directory(): Promise<string> {
  const path = await temporaryPath();
  await mkdir(path);
  return path;
}

test.each([
  ["this process itself", { ...own, id: "other" }, "held"],
  ["an earlier process with this one's pid", { ...own, began: "50" }, "stale"],
  ["a live process", { ...own, pid: 8, began: "200" }, "held"],
  ["a live process of which nobody can tell when it began", { ...own, pid: 9, began: "1" }, "held"],
  ["a dead process whose pid another has now", { ...own, pid: 8, began: "150" }, "stale"],
  ["a dead process", { ...own, pid: 11 }, "stale"],
  ["a process of another machine or container", { ...own, pid: 11, scope: "other pid:[2]" }, "watch"],
  ["nobody that can be read", undefined, "watch"],
])("a lock of %s is judged", (_name, holder, verdict) => {
  expect(judge(holder, own, processes)).toBe(verdict);
});

test("a lock is refused while this process has it, and free when it is released", async () => {
  const path = await directory();
  const lock = await PathLock.take(path, nobody);
  await expect(PathLock.take(path, nobody)).rejects.toMatchObject({
    code: "in_use",
    message: expect.stringContaining(`process ${process.pid}`),
  });
  expect((await stat(join(path, "lock"))).mode & 0o777).toBe(0o600);
  await lock.release();
  await lock.release();
  expect(await readdir(path)).toEqual([]);
  await (await PathLock.take(path, nobody)).release();
});

test("a lock of another live process is refused, and taken over at once when that was killed", async () => {
  const path = await directory();
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000); console.log('up')"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const mine = await PathLock.take(path, nobody);
  const holder: LockHolder = JSON.parse(await readFile(join(path, "lock"), "utf8"));
  await mine.release();
  await writeFile(join(path, "lock"), JSON.stringify({ ...holder, pid: child.pid, began: "" }));
  await expect(PathLock.take(path, nobody)).rejects.toMatchObject({ code: "in_use" });
  child.kill("SIGKILL");
  await once(child, "close");
  const lock = await PathLock.take(path, nobody);
  expect(await readdir(path)).toEqual(["lock"]);
  await lock.release();
});

test.runIf(process.platform === "linux")(
  "a lock of a process that has ended is taken over, though its parent has not asked how",
  async () => {
    const path = await directory();
    // A shell that becomes a program which never asks for the ends of its children.
    const parent = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [line] = await once(parent.stdout, "data");
    const pid = Number(String(line));
    while (!(await readFile(`/proc/${pid}/stat`, "utf8")).includes(") Z ")) {
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
    const mine = await PathLock.take(path, nobody);
    const holder: LockHolder = JSON.parse(await readFile(join(path, "lock"), "utf8"));
    await mine.release();
    const began = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ")[19];
    await writeFile(join(path, "lock"), JSON.stringify({ ...holder, pid, began }));
    await (await PathLock.take(path, nobody)).release();
  },
);

test.each([true, false])("a lock of another machine is watched: whether it shows life (%s) decides", async (alive) => {
  const path = await directory();
  const file = join(path, "lock");
  await writeFile(file, JSON.stringify({ ...own, scope: "far away" }));
  const clock = createVirtualClock();
  let watching: () => void = nobody;
  const watched = new Promise<void>((resolve) => {
    watching = resolve;
  });
  const signalling = Object.assign(Object.create(clock), {
    setTimer: (delayMs: number, fire: () => void) => {
      watching();
      return clock.setTimer(delayMs, fire);
    },
  });
  const taking = PathLock.take(path, nobody, signalling).catch((error: unknown) => error);
  await watched;
  if (alive) await utimes(file, 1, 2);
  await clock.advance(3_000);
  const taken = await taking;
  if (taken instanceof PathLock) await taken.release();
  const refusal = expect.objectContaining({ code: "in_use", message: expect.stringContaining("far") });
  expect(taken).toEqual(alive ? refusal : expect.any(PathLock));
});

test("of many that find the same stale lock, one has it", async () => {
  const path = await directory();
  await writeFile(
    join(path, "lock"),
    JSON.stringify({ ...own, scope: (await scopeHere(path)).scope, pid: 2 ** 22 + 1 }),
  );
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => PathLock.take(path, nobody)));
  const locks = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  expect(locks).toHaveLength(1);
  await locks[0]?.release();
  expect(await readdir(path)).toEqual([]);
});

test("a guard that a killed process left is cleared away", async () => {
  const path = await directory();
  await writeFile(join(path, "lock"), JSON.stringify({ ...(await scopeHere(path)), pid: 2 ** 22 + 1 }));
  const guard = join(path, "lock.guard");
  await writeFile(guard, "");
  await expect(PathLock.take(path, nobody)).rejects.toMatchObject({ code: "in_use" });
  await utimes(guard, 1, 1);
  await (await PathLock.take(path, nobody)).release();
  expect(await readdir(path)).toEqual([]);
});

async function scopeHere(path: string): Promise<LockHolder> {
  const lock = await PathLock.take(path, nobody).catch(() => undefined);
  if (lock === undefined) throw new Error("Expected a free path");
  const holder: LockHolder = JSON.parse(await readFile(join(path, "lock"), "utf8"));
  await lock.release();
  return holder;
}
