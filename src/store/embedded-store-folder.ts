import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type EmbeddedStoreOptions, embeddedSettings } from "./embedded-options.js";
import { embeddedStore } from "./embedded-store.js";
import { FIRST_NAME, hasStore, moveIn } from "./move-in.js";
import { PathLock } from "./path-lock.js";
import { processName } from "./process-name.js";
import type { StoreFolder } from "./store-folder.js";
import { checkStoreName, isStoreName, namesFrom } from "./store-name.js";
import { type Store, StoreError } from "./store-port.js";

/** Options of {@link embeddedStoreFolder}; all but `name` are those of each of its stores. */
export interface EmbeddedStoreFolderOptions extends EmbeddedStoreOptions {
  /** The directory of the folder, made if it is not there, with mode 0700. Each of its stores is a directory in it. */
  readonly path: string;
  /** The name of this process's store: letters, digits, `-` and `.`. On a core its name, such as `core-1`; `main` in a process of its own. */
  readonly name?: string;
}

/** Names that are tried while others have the earlier ones. */
const TRIES = 64;
/** How a store begins to be called that is being deleted; no store may have such a name. */
const REMOVED = ".removed-";

/**
 * Opens a folder of stores of this machine, and in it the store of this process: that of its name, or `<name>.2` and so on while a living process has
 * that one, as one does that takes over what this one left in an earlier life.
 *
 * A directory in which there is one store, as {@link embeddedStore} makes it, becomes a folder: its store is then called `main`.
 *
 * @throws {StoreError} as a rejection; the codes "of opening", and `in_use` while a living process has the directory open as one store
 */
export async function embeddedStoreFolder({
  name: wanted = processName() ?? FIRST_NAME,
  ...options
}: EmbeddedStoreFolderOptions): Promise<StoreFolder> {
  const name = checkStoreName(wanted);
  const { path } = embeddedSettings(options);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await moveIn(path);
    await sweep(path);
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError("cannot_open", `Expected to make the folder ${path}, got: ${String(cause)}`, { cause });
  }
  let tries = 0;
  for (const ownName of namesFrom(name)) {
    try {
      const own = await embeddedStore({ ...options, path: join(path, ownName) });
      return new EmbeddedStoreFolder({ ...options, path }, own, ownName);
    } catch (error) {
      if (++tries >= TRIES || !(error instanceof StoreError) || error.code !== "in_use") throw error;
    }
  }
  throw new StoreError("in_use", `Expected a store of the folder ${path} to be free`);
}

class EmbeddedStoreFolder implements StoreFolder {
  readonly own: Store;
  readonly ownName: string;
  readonly #options: EmbeddedStoreOptions;

  constructor(options: EmbeddedStoreOptions, own: Store, ownName: string) {
    this.#options = options;
    this.own = own;
    this.ownName = ownName;
  }

  async list(): Promise<readonly string[]> {
    const { path } = this.#options;
    const names: string[] = [];
    for (const entry of await readdir(path, { withFileTypes: true })) {
      if (entry.isDirectory() && isStoreName(entry.name) && (await hasStore(join(path, entry.name)))) {
        names.push(entry.name);
      }
    }
    return names.sort();
  }

  async open(name: string): Promise<Store> {
    const path = join(this.#options.path, checkStoreName(name));
    // Else it would be made.
    if (!(await hasStore(path))) throw noStore(path);
    try {
      return await embeddedStore({ ...this.#options, path });
    } catch (error) {
      if (isMissing(error)) throw noStore(path);
      throw error;
    }
  }

  async remove(name: string): Promise<void> {
    const path = join(this.#options.path, checkStoreName(name));
    const aside = join(this.#options.path, `${REMOVED}${randomUUID()}`);
    let lock: PathLock;
    try {
      lock = await PathLock.take(path, () => undefined);
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    try {
      // In one step: half a store would be taken for a damaged one.
      await rename(path, aside);
    } finally {
      await lock.release();
    }
    await rm(aside, { recursive: true, force: true, maxRetries: 3 });
  }

  close(): Promise<void> {
    return this.own.close();
  }
}

/** Deletes what was being deleted when a process was killed. */
async function sweep(path: string): Promise<void> {
  for (const entry of await readdir(path)) {
    if (entry.startsWith(REMOVED)) await rm(join(path, entry), { recursive: true, force: true, maxRetries: 3 });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

function noStore(path: string): StoreError {
  return new StoreError(
    "not_a_store",
    `Expected a store in ${path}, there is none: the folder's list says which there are`,
  );
}
