import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";

/** A server in a process of its own, which can be killed and started again on the same port with the same store. */
export class ServerProcess {
  #child: ChildProcess | undefined;
  readonly #script: string;
  readonly #path: string;
  readonly #durability: string;
  #text = "";
  port = 0;

  constructor(script: string, path: string, durability: string) {
    this.#script = script;
    this.#path = path;
    this.#durability = durability;
    onTestFinished(() => void this.#child?.kill("SIGKILL"));
  }

  async start(): Promise<void> {
    const args = [this.#script, this.#path, String(this.port), this.#durability];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    this.#text = "";
    const ended = once(child.stdout, "end");
    child.stdout.on("data", (chunk) => (this.#text += String(chunk)));
    const isOpen = (): boolean => /open \d+\n/.test(this.#text);
    let hasEnded = false;
    void ended.then(() => (hasEnded = true));
    await until(() => isOpen() || hasEnded, "the server to begin");
    if (!isOpen()) throw new Error(`the server has ended: ${this.#text}`);
    this.port = Number(/open (\d+)\n/.exec(this.#text)?.[1]);
  }

  /** What it has said since its start, a line each. */
  get said(): string[] {
    return this.#text.split("\n").slice(0, -1);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = once(child, "close");
    child.kill("SIGKILL");
    await gone;
  }
}

/** Waits, with time passing, for something that another process does. */
export async function until(holds: () => boolean, what: string): Promise<void> {
  for (const end = Date.now() + 30_000; !holds(); ) {
    if (Date.now() > end) throw new Error(`Expected ${what} within 30 s`);
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}
