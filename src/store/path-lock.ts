import { randomUUID } from "node:crypto";
import { open, readFile, readlink, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { type Clock, type ClockTimer, realClock } from "../kernel/clock.js";
import { storeClock } from "./clock.js";
import { StoreError } from "./store-port.js";

/** Who holds a lock, as its file has it. */
export interface LockHolder {
  readonly pid: number;
  /** The machine and its table of processes: a pid means something only there. */
  readonly scope: string;
  /** When the process began, in the system's own measure; empty where that cannot be told. A pid is given again, this is not. */
  readonly began: string;
  /** Of this one taking. */
  readonly id: string;
}

/** What a lock file says of its holder. */
export type Verdict = "held" | "stale" | "watch";

const FILE = "lock";
const BEAT_MS = 1_000;
/** How long a lock whose holder cannot be asked is watched for a sign of life. */
const WATCH_MS = 3_000;
/** A guard that is older was left by a process that was killed. */
const GUARD_MS = 10_000;
const ATTEMPTS = 5;

/**
 * Tells whether the holder of a lock is alive.
 *
 * `watch`: it is, or was, on another machine or in another container, where its pid says nothing: only the file's time can tell.
 */
export function judge(holder: LockHolder | undefined, own: LockHolder, processes: Processes): Verdict {
  if (holder === undefined || holder.scope !== own.scope) return "watch";
  // The same pid in another life of a container, which gives pid 1 to each.
  if (holder.pid === own.pid) return holder.began === own.began ? "held" : "stale";
  if (!processes.alive(holder.pid)) return "stale";
  const began = processes.began(holder.pid);
  return began !== "" && holder.began !== "" && began !== holder.began ? "stale" : "held";
}

/** What {@link judge} asks the system. */
export interface Processes {
  alive(pid: number): boolean;
  /** When it began; empty if that cannot be told. */
  began(pid: number): string;
}

/** The lock of a directory: one process at a time has it, and one that was killed does not keep it. */
export class PathLock {
  readonly #file: string;
  readonly #text: string;
  readonly #lost: () => void;
  #timer: ClockTimer | undefined;

  private constructor(file: string, text: string, lost: () => void) {
    this.#file = file;
    this.#text = text;
    this.#lost = lost;
    this.#beat();
  }

  /**
   * Takes the lock of a directory, from a holder that is dead too.
   *
   * `lost` is called when another has taken it from us, which happens to a process that slept for long. `clock` measures the watching.
   *
   * @throws {StoreError} `in_use` if its holder is alive
   */
  static async take(directory: string, lost: () => void, clock: Clock = realClock): Promise<PathLock> {
    const file = join(directory, FILE);
    const own = await ownHolder();
    const text = JSON.stringify(own);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await create(file, text)) return new PathLock(file, text, lost);
      const found = await readIfThere(file);
      if (found === undefined) continue;
      const holder = parseHolder(found);
      const { began, ended } = holder === undefined ? UNKNOWN : await lifeOf(holder.pid);
      const verdict = judge(holder, own, { alive: (pid) => !ended && isAlive(pid), began: () => began });
      if (verdict === "held" || (verdict === "watch" && (await beats(file, clock)))) throw inUse(directory, holder);
      if (await takeOver({ file, found, text, directory })) return new PathLock(file, text, lost);
    }
    throw inUse(directory, undefined);
  }

  /** Gives the lock back. */
  async release(): Promise<void> {
    if (this.#timer === undefined) return;
    storeClock.clearTimer(this.#timer);
    this.#timer = undefined;
    if ((await readIfThere(this.#file)) === this.#text) await rm(this.#file, { force: true });
  }

  #beat(): void {
    this.#timer = storeClock.setTimer(BEAT_MS, () => void this.#signOfLife());
  }

  // For those who cannot ask for our pid.
  async #signOfLife(): Promise<void> {
    try {
      const ours = (await readIfThere(this.#file)) === this.#text;
      if (this.#timer === undefined) return;
      if (!ours) {
        this.#timer = undefined;
        this.#lost();
        return;
      }
      const now = storeClock.wallTime() / 1_000;
      await utimes(this.#file, now, now);
    } catch (error) {
      if (this.#timer === undefined) return;
      process.emitWarning(`The lock ${this.#file} cannot be kept fresh: ${String(error)}`);
    }
    this.#beat();
  }
}

async function create(file: string, text: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o600);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

interface TakeOver {
  readonly file: string;
  /** What the stale lock says. */
  readonly found: string;
  /** What the new one will say. */
  readonly text: string;
  readonly directory: string;
}

/**
 * Puts a new lock in the place of a stale one; false if it is no longer there.
 *
 * Of those that find the same stale lock one may do so: it has the guard, a second lock for this moment alone. Outside of it no lock but
 * one's own is ever removed, so nobody loses one that was just taken.
 */
async function takeOver({ file, found, text, directory }: TakeOver): Promise<boolean> {
  const guard = `${file}.guard`;
  if (!(await create(guard, text))) {
    // Who has it will have the lock in a moment, unless it was killed in just this moment.
    const age = storeClock.wallTime() - (await timeOf(guard));
    if (age < GUARD_MS) throw inUse(directory, undefined);
    await rm(guard, { force: true });
    return false;
  }
  try {
    if ((await readIfThere(file)) !== found) return false;
    const fresh = `${file}.${randomUUID()}`;
    await create(fresh, text);
    await rename(fresh, file);
    return true;
  } finally {
    await rm(guard, { force: true });
  }
}

async function beats(file: string, clock: Clock): Promise<boolean> {
  const before = await timeOf(file);
  await new Promise<void>((resolve) => void clock.setTimer(WATCH_MS, resolve));
  return (await timeOf(file)) !== before;
}

async function timeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return 0;
    throw error;
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function ownHolder(): Promise<LockHolder> {
  return { pid: process.pid, scope: await ownScope(), began: (await lifeOf(process.pid)).began, id: randomUUID() };
}

async function ownScope(): Promise<string> {
  try {
    return `${hostname()} ${await readlink("/proc/self/ns/pid")}`;
  } catch {
    // No Linux: there one machine has one table of processes.
    return hostname();
  }
}

interface Life {
  readonly began: string;
  /** Whether it runs no more, though its parent has not asked yet how it ended: one whose parent was killed may be so for seconds. */
  readonly ended: boolean;
}

const UNKNOWN: Life = { began: "", ended: false };

async function lifeOf(pid: number): Promise<Life> {
  try {
    // The name of the program is in brackets and may hold anything; its state comes after it, and the 20th field is the start time.
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const [state = "", ...rest] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { began: rest[18] ?? "", ended: state === "Z" || state === "X" };
  } catch {
    // No Linux, or no such process: then it cannot be told.
    return UNKNOWN;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and somebody else's.
    return codeOf(error) === "EPERM";
  }
}

function parseHolder(text: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isHolder(value) ? value : undefined;
  } catch {
    // Not written to its end: its writer died, or is at it.
    return undefined;
  }
}

function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== "object" || value === null) return false;
  const { pid, scope, began } = value as Partial<Record<string, unknown>>;
  return typeof pid === "number" && typeof scope === "string" && typeof began === "string";
}

function inUse(directory: string, holder: LockHolder | undefined): StoreError {
  const who = holder === undefined ? "another process" : `process ${holder.pid} on ${holder.scope.split(" ")[0] ?? ""}`;
  return new StoreError(
    "in_use",
    `Expected the store ${directory} to be free, ${who} has it open: close that one first, or give this one a path of its own`,
  );
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
