import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";

/** A `bash` that is given lines as a person types them, and whose output is read line by line. */
export class Shell {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  #wake: () => void = () => undefined;
  #complaints = "";

  constructor() {
    // In a group of its own: what it has started ends with it.
    this.#process = spawn("bash", ["--norc"], { detached: true });
    this.#process.stderr.on("data", (text: Buffer) => {
      this.#complaints += text.toString();
    });
    createInterface(this.#process.stdout).on("line", (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    onTestFinished(() => {
      if (this.#process.pid !== undefined) process.kill(-this.#process.pid, "SIGKILL");
    });
  }

  /** What it has written to stderr. */
  get complaints(): string {
    return this.#complaints;
  }

  /** Types lines, and resolves with what they print when the last of them is done. */
  async run(lines: string): Promise<string[]> {
    const mark = `done ${this.#lines.length}`;
    this.#process.stdin.write(`${lines}\necho\necho '${mark}'\n`);
    while (!this.#lines.includes(mark)) await this.#line();
    const printed = this.#lines.splice(0, this.#lines.indexOf(mark) + 1).slice(0, -1);
    return printed.filter((line) => line !== "");
  }

  /** Types a command that does not end; {@link printed} reads what it prints. */
  begin(command: string): void {
    this.#process.stdin.write(`${command}\n`);
  }

  /** Resolves with the next printed line that fits; those before it are dropped. */
  async printed(fits: (line: string) => boolean): Promise<string> {
    for (;;) {
      const at = this.#lines.findIndex(fits);
      const line = this.#lines.splice(0, at + 1).at(-1);
      if (line !== undefined) return line;
      await this.#line();
    }
  }

  #line(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
