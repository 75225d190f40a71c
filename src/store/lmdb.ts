import { statfs } from "node:fs/promises";
import { constants } from "node:os";
import type { Database, RootDatabase, Transaction } from "lmdb";
import { type Engine, EngineError, type EngineRecord, type EngineSnapshot, type EngineWrite } from "./engine.js";
import { StoreError } from "./store-port.js";

/** How an LMDB environment is opened. */
export interface LmdbOptions {
  /** The directory, which exists. */
  readonly path: string;
  /** Whether each transaction is flushed to the disk before it resolves. */
  readonly flush: boolean;
}

// LMDB's own codes (lmdb.h): no room in the map, and too many changed pages in one transaction.
const MDB_MAP_FULL = -30792;
const MDB_TXN_FULL = -30788;
const { EIO, ENOSPC, EDQUOT, EFBIG } = constants.errno;
const noRoom = new Set<unknown>([MDB_MAP_FULL, MDB_TXN_FULL, ENOSPC, EDQUOT, EFBIG]);

const FULL_BELOW_BYTES = 16 * 1024 * 1024;

// Address space alone: where the map need not grow, no old map is left behind. Windows would make a file of this size.
const MAP_BYTES = process.platform === "win32" ? 1024 * 1024 : 1024 * 1024 * 1024;

/**
 * Opens an LMDB environment with the package `lmdb`, which is loaded only now.
 *
 * @throws {StoreError} `engine_missing` if the package or its binary cannot be loaded
 * @throws {Error} LMDB's own, if it cannot open the files
 */
export async function openLmdb({ path, flush }: LmdbOptions): Promise<Engine> {
  const { open } = await loadLmdb();
  const db = open<Uint8Array, Uint8Array>({
    path,
    noSubdir: false,
    encoding: "binary",
    keyEncoding: "binary",
    maxDbs: 1,
    mapSize: MAP_BYTES,
    noSync: !flush,
    // A commit is one thing: written, flushed if asked for, then told. The overlapping form has a state in between, and a third meta page.
    overlappingSync: false,
    // The store gathers a turn's commits itself. This would open a second batch around each, whose failure nobody can catch.
    eventTurnBatching: false,
  });
  return new LmdbEngine(db, path, flush);
}

async function loadLmdb() {
  try {
    return await import("lmdb");
  } catch (cause) {
    throw new StoreError(
      "engine_missing",
      `Expected the package lmdb, which embeddedStore() keeps its data with, got: ${String(cause)}. Install it with "npm install lmdb", or use memoryStore()`,
      { cause },
    );
  }
}

class LmdbEngine implements Engine {
  readonly #db: RootDatabase<Uint8Array, Uint8Array>;
  readonly #path: string;
  readonly #flush: boolean;

  constructor(db: RootDatabase<Uint8Array, Uint8Array>, path: string, flush: boolean) {
    this.#db = db;
    this.#path = path;
    this.#flush = flush;
  }

  async write(writes: readonly EngineWrite[]): Promise<void> {
    if (writes.length === 0) return;
    const db = this.#db;
    try {
      // What is enqueued inside batch() is one transaction; it is carried out in a thread of its own.
      await db.batch(() => {
        for (const { key, value } of writes) void (value === undefined ? db.remove(key) : db.put(key, value));
      });
    } catch (thrown) {
      const cause = await causeOf(thrown);
      const kind = (await this.#isFull(codeOf(cause))) ? "full" : "failed";
      throw new EngineError(kind, cause instanceof Error ? cause.message : String(cause), { cause });
    }
  }

  // LMDB calls it EIO when the disk takes a part of a write. A write that failed has changed nothing; after a flush that failed, nobody
  // knows what is on the disk, and it must not be built upon.
  async #isFull(code: unknown): Promise<boolean> {
    if (code !== EIO) return noRoom.has(code);
    if (!this.#flush) return true;
    const { bavail, bsize } = await statfs(this.#path);
    return bavail * bsize < FULL_BELOW_BYTES;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#db.getBinary(key);
  }

  keys(start: Uint8Array, end: Uint8Array, limit: number): Uint8Array[] {
    return [...this.#db.getKeys({ start, end, limit })];
  }

  snapshot(): EngineSnapshot {
    return new LmdbSnapshot(this.#db, this.#db.useReadTransaction());
  }

  get usedBytes(): number {
    const stats = this.#db.getStats();
    const count = (name: string): number => {
      const value: unknown = Reflect.get(stats, name);
      return typeof value === "number" ? value : 0;
    };
    const pages = count("treeBranchPageCount") + count("treeLeafPageCount") + count("overflowPages");
    return pages * count("pageSize");
  }

  async sync(): Promise<void> {
    // The package has it, its types do not. Without it a clean stop promises no more than each commit did.
    const sync: unknown = Reflect.get(this.#db, "sync");
    if (typeof sync !== "function") return;
    await new Promise<void>((resolve, reject) => {
      Reflect.apply(sync, this.#db, [
        (error: unknown): void => {
          if (error instanceof Error) reject(error);
          else resolve();
        },
      ]);
    });
  }

  async close(): Promise<void> {
    await this.#db.close();
  }
}

class LmdbSnapshot implements EngineSnapshot {
  readonly #db: Database<Uint8Array, Uint8Array>;
  readonly #transaction: Transaction;

  constructor(db: Database<Uint8Array, Uint8Array>, transaction: Transaction) {
    this.#db = db;
    this.#transaction = transaction;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    // get(), not getBinary(): by its types the latter takes no transaction. With binary encoding they are the same.
    return this.#db.get(key, { transaction: this.#transaction });
  }

  page(start: Uint8Array, end: Uint8Array, limit: number): EngineRecord[] {
    return [...this.#db.getRange({ start, end, limit, transaction: this.#transaction })];
  }

  last(start: Uint8Array, end: Uint8Array): Uint8Array | undefined {
    // Backwards, so the range begins at its end; no record has a range's end as its key.
    const [key] = this.#db.getKeys({ start: end, end: start, reverse: true, limit: 1, transaction: this.#transaction });
    return key;
  }

  release(): void {
    this.#transaction.done();
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

// The rejection says only that there is a cause, as a promise of its own, which rejects in the same turn.
async function causeOf(thrown: unknown): Promise<unknown> {
  if (!(thrown instanceof Error) || !("commitError" in thrown)) return thrown;
  try {
    await thrown.commitError;
    return thrown;
  } catch (cause) {
    return cause;
  }
}
