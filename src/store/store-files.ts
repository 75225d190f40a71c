import { open } from "node:fs/promises";
import { join } from "node:path";

/** The file with the records of a store. */
export function dataFile(path: string): string {
  return join(path, "data.mdb");
}

/** The file by which LMDB's readers and writers know of each other. */
export function lockFile(path: string): string {
  return join(path, "lock.mdb");
}

/** Makes the files of a store, readable by its owner alone; those that are there become so. */
export async function makePrivateFiles(path: string): Promise<void> {
  for (const file of [dataFile(path), lockFile(path)]) {
    const handle = await open(file, "a", 0o600);
    try {
      await handle.chmod(0o600);
    } finally {
      await handle.close();
    }
  }
}
