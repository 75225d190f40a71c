import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type Compiled, compile } from "../../store/compiled.js";

/** A line that a process of the program has written. */
export interface Said {
  readonly what: string;
  /** Which process. */
  readonly by: number;
  readonly [more: string]: unknown;
}

/** Far above what anything takes on a machine that is busy with other things. */
const PATIENCE_MS = 90_000;

/** Compiles a program with all that its processes load. */
export async function compileCores(program = "cores-program"): Promise<Compiled> {
  const loaded = ["core-main", "keep-globals"].map((name) => `../../../src/cluster/cores/${name}`);
  const programs = await compile([program, ...loaded], "test/cluster/cores");
  // The inspector tells the package's version.
  const manifest = fileURLToPath(new URL("../../../package.json", import.meta.url));
  await copyFile(manifest, programs.script("../../../package").replace(/js$/, "json"));
  return programs;
}

/** The program as a host with its cores, each in a process of its own. */
export class CoresProgram {
  readonly said: Said[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  readonly #waiting = new Set<() => void>();
  #text = "";
  #hasEnded = false;
  errors = "";

  /** All that the program makes lies in the folder. It ends with the test that begins it, unless `isOneTests` is false. */
  constructor(script: string, folder: string, options: object, isOneTests = true) {
    const child = spawn(process.execPath, [script, JSON.stringify(options)], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, TMPDIR: folder, XDG_RUNTIME_DIR: folder },
    });
    this.#child = child;
    // After its last words.
    this.#ended = once(child, "close").then(() => {
      this.#hasEnded = true;
      for (const wake of this.#waiting) wake();
    });
    child.stdout.on("data", (chunk) => this.#read(String(chunk)));
    child.stderr.on("data", (chunk) => (this.errors += String(chunk)));
    if (isOneTests) onTestFinished(() => this.kill());
  }

  /** Ends all of its processes. */
  kill(): void {
    // Those that are stopped would not see the end of their host.
    for (const pid of [this.pid, ...this.cores()]) endProcess(pid, "SIGKILL");
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The port that all cores share. */
  get port(): number {
    return Number(this.said.find(({ what, port }) => what === "ready" && typeof port === "number")?.["port"]);
  }

  /** The processes of the cores that have been ready so far. */
  cores(): number[] {
    return this.said.flatMap(({ what, role, by }) => (what === "ready" && role === "core" ? [by] : []));
  }

  /** The process that runs a core now. */
  core(node: string): number {
    const said = this.said.findLast((line) => line.what === "ready" && line["node"] === node);
    if (said === undefined) throw new Error(`${node} was not ready: ${this.#all()}`);
    return said.by;
  }

  /** Waits until the host and so many cores are ready, and each core has met the others. */
  async ready(cores: number): Promise<void> {
    await this.until((line) => line.what === "asked");
    for (let core = 1; core <= cores; core++) {
      const node = `core-${core}`;
      await this.until((line) => line.what === "ready" && line["node"] === node);
      await this.count(cores - 1, (line) => line.what === "meets" && line.by === this.core(node));
    }
  }

  /** Waits for a line; those that were written before count as well, from `after` on. */
  async until(wanted: (line: Said) => boolean, after = 0): Promise<Said> {
    const [found] = await this.count(1, wanted, after);
    if (found === undefined) throw new Error("nothing was found");
    return found;
  }

  async count(number: number, wanted: (line: Said) => boolean, after = 0): Promise<Said[]> {
    for (const end = Date.now() + PATIENCE_MS; ; ) {
      const found = this.said.slice(after).filter(wanted);
      if (found.length >= number) return found;
      const left = end - Date.now();
      if (left <= 0 || this.#hasEnded)
        throw new Error(`Expected ${number} lines with ${String(wanted)}, got ${this.#all()}`);
      await this.#nextLine(left);
    }
  }

  /** Waits for the end of the host's process, and gives its exit code. */
  async ended(): Promise<unknown> {
    await this.#ended;
    return this.#child.exitCode;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  #nextLine(patienceMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, patienceMs);
      this.#waiting.add(wake);
    });
  }

  #read(chunk: string): void {
    this.#text += chunk;
    const lines = this.#text.split("\n");
    this.#text = lines.pop() ?? "";
    for (const line of lines) this.said.push(JSON.parse(line) as Said);
    for (const wake of this.#waiting) wake();
  }

  #all(): string {
    return `${this.said.map((line) => JSON.stringify(line)).join("\n")}\n${this.errors}`;
  }
}

/** Sends a signal to a process of the program, if it still runs. */
export function endProcess(pid: number, signal: NodeJS.Signals): void {
  if (isRunning(pid)) process.kill(pid, signal);
}

/** Whether a process runs. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Waits until a process has ended. */
export async function gone(pid: number): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; isRunning(pid); ) {
    if (Date.now() > end) throw new Error(`Expected process ${pid} to end`);
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
}
