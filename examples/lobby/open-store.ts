import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { currentCore } from "holdfast/cluster";
import { embeddedStore, embeddedStoreFolder, type Store, StoreError, type StoreFolder } from "holdfast/store";
import { UsageError } from "./options.js";

/**
 * Opens the store in a directory: on one of several cores the folder in which each has one, so that another core can take over what a dead one had.
 *
 * @throws {UsageError} that says what to do when another server has it open
 */
export async function openStore(path: string): Promise<Store | StoreFolder> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    if (currentCore() === undefined) return await embeddedStore({ path });
    return await embeddedStoreFolder({ path: join(path, "cores") });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== "in_use") throw error;
    const text = `another server has the store ${path} open: give this one a name or a directory of its own, with --name or --store, or --no-store.`;
    throw new UsageError(text, { cause: error });
  }
}
