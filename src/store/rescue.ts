import { copyFile, link, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { DamageLog } from "./damage.js";
import type { Engine, EngineWrite } from "./engine.js";
import { openLmdb } from "./lmdb.js";
import { type RecordVisitor, visitGoodPages } from "./lmdb-file.js";
import { unseal } from "./record.js";
import { Kind, keyParts } from "./record-key.js";
import { dataFile, lockFile } from "./store-files.js";

/**
 * Makes a fresh file with the good records of a damaged one, which is moved beside the store.
 *
 * A crash on the way loses nothing: until the last step the damaged file is in its place, and the next start begins again.
 */
export async function rescue(
  path: string,
  wallTimeMs: number,
  problems: readonly string[],
  damage: DamageLog,
): Promise<void> {
  const place = join(path, "rescue");
  await rm(place, { recursive: true, force: true });
  await mkdir(place, { mode: 0o700 });
  const engine = await openLmdb({ path: place, flush: false });
  const good = new GoodRecords(engine);
  try {
    await visitGoodPages(dataFile(path), good);
    await engine.sync();
  } finally {
    await engine.close();
  }
  const aside = `${path}.damaged-${new Date(wallTimeMs).toISOString().replaceAll(/[:.]/g, "-")}`;
  await mkdir(aside, { recursive: true, mode: 0o700 });
  await linkOrCopy(dataFile(path), dataFile(aside));
  await rename(dataFile(place), dataFile(path));
  await rm(lockFile(path), { force: true });
  await rm(place, { recursive: true, force: true });
  damage.file(path, aside, good.count, problems);
}

/** Writes the records whose checksum fits into another engine. */
class GoodRecords implements RecordVisitor {
  count = 0;
  readonly #engine: Engine;
  #writes = new Map<string, EngineWrite>();
  #mayBeOld = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  visit(key: Buffer, value: Buffer, current: boolean): void {
    const parts = keyParts(key);
    if (parts === undefined || unseal(key, value) === undefined) return;
    // It fits its checksum, and may have been replaced since: a session must not go back to what it was.
    if (!current && !isWrittenOnce(parts.kind)) return;
    const name = key.toString("latin1");
    if (this.#writes.has(name) || (this.#mayBeOld && this.#engine.get(key) !== undefined)) return;
    this.#writes.set(name, { key: Buffer.from(key), value: Buffer.from(value) });
  }

  async pause(): Promise<void> {
    const writes = [...this.#writes.values()];
    this.#writes = new Map();
    await this.#engine.write(writes);
    this.count += writes.length;
  }

  async beforeLost(): Promise<void> {
    await this.pause();
    this.#mayBeOld = true;
  }
}

/** Whether a record of this kind is never replaced by another one under its key. */
function isWrittenOnce(kind: number): boolean {
  return kind === Kind.format || kind === Kind.sessionFrame || kind === Kind.logEntry;
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    // A file system without hard links: it costs the time of a copy.
    await copyFile(from, to);
  }
}
