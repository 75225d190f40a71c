import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";

/** What is left of a program that has ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Node program that runs in a process of its own until it ends, or the test does. */
export class RunningProgram {
  readonly #child: ChildProcess;
  /** Resolves when it has ended and all that it wrote is here. */
  readonly ended: Promise<Ended>;
  #stdout = "";
  #stderr = "";
  #wake: () => void = () => undefined;

  /** Starts it; `place` is where it keeps its inspector's socket, so that it is seen by this test alone. */
  constructor(place: string, args: readonly string[]) {
    const env = { PATH: process.env["PATH"], TMPDIR: place };
    const child = spawn(process.execPath, args, { env, stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      this.#stdout += chunk;
      this.#wake();
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      this.#stderr += chunk;
    });
    this.ended = once(child, "close").then(() => {
      this.#wake();
      return { code: child.exitCode, signal: child.signalCode, stdout: this.#stdout, stderr: this.#stderr };
    });
    onTestFinished(async () => {
      child.kill("SIGKILL");
      await this.ended;
    });
  }

  /** The process id. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Sends a signal. */
  kill(signal: "SIGINT" | "SIGTERM" | "SIGKILL"): void {
    this.#child.kill(signal);
  }

  /** Resolves with the first match in what it wrote on standard output. */
  async wrote(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#stdout);
      if (match !== null) return match;
      if (this.#child.exitCode !== null) throw new Error(`it ended without ${pattern}: ${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
