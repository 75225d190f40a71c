import type { QueueLimits } from "./commit-queue.js";
import type { DamageListener } from "./damage.js";
import { StoreError } from "./store-port.js";

/** Options of {@link embeddedStore}. */
export interface EmbeddedStoreOptions {
  /** The directory of the store, made if it is not there, with mode 0700. One process at a time has it open. */
  readonly path: string;
  /** What a resolved commit survives: the death of the process, or a loss of power. `process` by default. */
  readonly durability?: "process" | "disk";
  /** What to do when the file is damaged: keep what is good and move the damaged file aside, or refuse to open. `keep_good` by default. */
  readonly onDamaged?: "keep_good" | "refuse";
  /** Hears of damage; by default it becomes a warning of the process. */
  readonly onDamage?: DamageListener;
  /** Most bytes that wait to become safe, before commits are refused with `store_full`. 64 MiB by default. */
  readonly pendingBytes?: number;
  /** Most commits that wait to become safe, before more are refused with `store_full`. 65,536 by default. */
  readonly pendingCommits?: number;
  /** Most bytes in use before commits that add something are refused with `disk_full`. 8 GiB by default. */
  readonly maxBytes?: number;
  /** How long one transaction may take before the store counts as failed. 30,000 by default. */
  readonly stallMs?: number;
}

/** The options with all defaults. */
export interface EmbeddedSettings extends QueueLimits {
  readonly path: string;
  readonly durability: "process" | "disk";
  readonly onDamaged: "keep_good" | "refuse";
  readonly onDamage: DamageListener | undefined;
}

const MIB = 1024 * 1024;

/**
 * Fills in the defaults.
 *
 * @throws {StoreError} `bad_option`
 */
export function embeddedSettings(options: EmbeddedStoreOptions): EmbeddedSettings {
  const { path, durability = "process", onDamaged = "keep_good", onDamage } = options;
  if (typeof path !== "string" || path === "") throw badOption("path", "the path of a directory", path);
  if (!["process", "disk"].includes(durability)) throw badOption("durability", `"process" or "disk"`, durability);
  if (!["keep_good", "refuse"].includes(onDamaged)) throw badOption("onDamaged", `"keep_good" or "refuse"`, onDamaged);
  if (onDamage !== undefined && typeof onDamage !== "function") throw badOption("onDamage", "a function", onDamage);
  return {
    path: path.length > 1 ? path.replace(/[/\\]+$/, "") : path,
    durability,
    onDamaged,
    onDamage,
    pendingBytes: positive("pendingBytes", options.pendingBytes, 64 * MIB),
    pendingCommits: positive("pendingCommits", options.pendingCommits, 65_536),
    maxBytes: positive("maxBytes", options.maxBytes, 8 * 1024 * MIB),
    stallMs: positive("stallMs", options.stallMs, 30_000),
  };
}

function positive(name: string, value: number | undefined, byDefault: number): number {
  if (value === undefined) return byDefault;
  if (Number.isFinite(value) && value > 0) return value;
  throw badOption(name, "a number above 0", value);
}

function badOption(name: string, expected: string, got: unknown): StoreError {
  return new StoreError(
    "bad_option",
    `Expected the option ${name} to be ${expected}, got ${JSON.stringify(got) ?? typeof got}`,
  );
}
