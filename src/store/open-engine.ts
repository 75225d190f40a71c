import { stat } from "node:fs/promises";
import type { DamageLog } from "./damage.js";
import type { EmbeddedSettings } from "./embedded-options.js";
import type { Engine } from "./engine.js";
import { openLmdb } from "./lmdb.js";
import { checkFile, type FileFindings } from "./lmdb-file.js";
import { sealJson, unseal } from "./record.js";
import { allKeys, formatKey, keyParts } from "./record-key.js";
import { rescue } from "./rescue.js";
import { dataFile, makePrivateFiles } from "./store-files.js";
import { StoreError } from "./store-port.js";

/** The format of the records that this version writes, and the newest that it reads. */
const FORMAT = 1;

const PEEK = 64;

/**
 * Opens the engine of a store whose lock is held: looks at the file first, rescues it if need be, checks whose it is and in which format.
 *
 * @throws {StoreError} `damaged`, `newer_format`, `not_a_store`, `cannot_open`, `engine_missing`
 */
export async function openEngine(settings: EmbeddedSettings, wallTimeMs: number, damage: DamageLog): Promise<Engine> {
  const { path, durability } = settings;
  const repair = async (problems: readonly string[]): Promise<void> => {
    if (settings.onDamaged === "keep_good") return rescue(path, wallTimeMs, problems, damage);
    throw new StoreError(
      "damaged",
      `Expected a whole file, ${dataFile(path)} is damaged: ${problems.join("; ")}. Open it with onDamaged: "keep_good" to keep what is good`,
    );
  };
  const findings = await findingsOf(path);
  if (findings.verdict === "damaged") await repair(findings.problems);
  await makePrivateFiles(path);
  const flush = durability === "disk";
  let engine: Engine;
  try {
    engine = await openLmdb({ path, flush });
  } catch (error) {
    if (!isLmdbError(error)) throw cannotOpen(path, error);
    await repair([error instanceof Error ? error.message : String(error)]);
    await makePrivateFiles(path);
    engine = await openLmdb({ path, flush });
  }
  try {
    await checkFormat(engine, path, damage);
    return engine;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

async function findingsOf(path: string): Promise<FileFindings> {
  const file = dataFile(path);
  try {
    if ((await stat(file)).size === 0) return { verdict: "empty", problems: [] };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return { verdict: "empty", problems: [] };
    throw cannotOpen(path, error);
  }
  return checkFile(file);
}

async function checkFormat(engine: Engine, path: string, damage: DamageLog): Promise<void> {
  const value = engine.get(formatKey);
  const content = value && unseal(formatKey, value);
  if (value !== undefined && content === undefined) damage.record(formatKey, "does not fit its checksum");
  const format = content === undefined ? undefined : formatOf(content);
  if (format === FORMAT) return;
  if (format !== undefined && format > FORMAT) {
    throw new StoreError(
      "newer_format",
      `Expected a store in format ${FORMAT} or older, ${path} has format ${format}: a later version of holdfast wrote it. Use that one, or another path`,
    );
  }
  if (!isOurs(engine)) {
    throw new StoreError(
      "not_a_store",
      `Expected ${path} to be empty or a store, its file holds something else: give the store a directory of its own`,
    );
  }
  await engine.write([{ key: formatKey, value: sealJson(formatKey, { store: "holdfast", format: FORMAT }) }]);
}

/** Whether the file is empty, or one of its first records is good. */
function isOurs(engine: Engine): boolean {
  const snapshot = engine.snapshot();
  try {
    const records = snapshot.page(Buffer.from([0]), allKeys.end, PEEK);
    const isGood = records.some(({ key, value }) => keyParts(key) !== undefined && unseal(key, value) !== undefined);
    return records.length === 0 || isGood;
  } finally {
    snapshot.release();
  }
}

function formatOf(content: Buffer): number | undefined {
  const value: unknown = JSON.parse(content.toString("utf8"));
  const format: unknown = typeof value === "object" && value !== null && "format" in value ? value.format : undefined;
  return typeof format === "number" ? format : undefined;
}

// LMDB's codes are below -30,700; what the system says has codes above 0.
function isLmdbError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "number" && error.code < 0;
}

function cannotOpen(path: string, cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  return new StoreError("cannot_open", `Expected to open the store ${path}, got: ${text}`, { cause });
}
