import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { storeClock } from "./clock.js";
import { PathLock } from "./path-lock.js";
import { dataFile, lockFile } from "./store-files.js";
import { namesFrom } from "./store-name.js";
import { StoreError } from "./store-port.js";

/** What a store is called that was there before the folder. */
export const FIRST_NAME = "main";

/** Several processes may begin together, and one of them moves: the others look again. */
const LOOKS = 20;
const LOOK_MS = 50;

/**
 * Makes a directory with one store in it a folder of stores: its store becomes `main` of the folder, or `main.2` when there is one, and so on.
 *
 * It moves one file, in one step: a crash on the way leaves it where it was, or where it is to be.
 *
 * @throws {StoreError} `in_use` while a living process has that store open
 */
export async function moveIn(path: string): Promise<void> {
  for (let look = 1; await hasStore(path); look++) {
    let lock: PathLock;
    try {
      lock = await PathLock.take(path, () => undefined);
    } catch (error) {
      if (look >= LOOKS || !(error instanceof StoreError) || error.code !== "in_use") throw error;
      await new Promise<void>((resolve) => void storeClock.setTimer(LOOK_MS, resolve));
      continue;
    }
    try {
      if (await hasStore(path)) await move(path);
    } finally {
      await lock.release();
    }
  }
}

/** Whether a directory has the file of a store in it. */
export async function hasStore(path: string): Promise<boolean> {
  try {
    return (await stat(dataFile(path))).isFile();
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR"))
      return false;
    throw error;
  }
}

async function move(path: string): Promise<void> {
  for (const name of namesFrom(FIRST_NAME)) {
    const place = join(path, name);
    await mkdir(place, { recursive: true, mode: 0o700 });
    if (await hasStore(place)) continue;
    // One that begins to make a store there must not have its file replaced.
    const lock = await PathLock.take(place, () => undefined);
    try {
      if (await hasStore(place)) continue;
      await rename(dataFile(path), dataFile(place));
    } finally {
      await lock.release();
    }
    // What else lay there has a meaning only beside it.
    await rm(lockFile(path), { force: true });
    await rm(join(path, "rescue"), { recursive: true, force: true });
    return;
  }
}
