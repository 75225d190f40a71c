import { createInterface } from "node:readline";
import type { CliIo } from "./cli-io.js";

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * The command's own process as its surroundings.
 *
 * A reader that closes the pipe (`holdfast tree | head`) interrupts the command quietly: it has what it wanted.
 */
export function processIo(): CliIo {
  const { stdout, stderr } = process;
  const interrupts = new Set<() => void>();
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      for (const interrupt of interrupts) interrupt();
    });
  }
  return {
    env: process.env,
    isTerminal: stdout.isTTY,
    canAsk: process.stdin.isTTY && stderr.isTTY,
    size: () =>
      stdout.isTTY
        ? { columns: stdout.columns || DEFAULT_COLUMNS, rows: stdout.rows || DEFAULT_ROWS }
        : { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY },
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    ask,
    wait,
    onInterrupt(interrupt) {
      interrupts.add(interrupt);
      for (const signal of SIGNALS) process.on(signal, interrupt);
      return () => {
        interrupts.delete(interrupt);
        for (const signal of SIGNALS) process.removeListener(signal, interrupt);
      };
    },
  };
}

// A Ctrl-C closes the interface instead of ending the process; the input is let go of, so that the process can end.
function ask(question: string): Promise<string | undefined> {
  const { stdin, stderr } = process;
  const lines = createInterface({ input: stdin, output: stderr });
  return new Promise((resolve) => {
    lines.once("close", () => {
      resolve(undefined);
      stdin.unref();
    });
    lines.question(question, (answer) => {
      resolve(answer);
      lines.close();
    });
  });
}

function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const timer = setTimeout(done, delayMs);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
