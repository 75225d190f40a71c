/** Where a command reads its surroundings from and writes to; a test gives its own. */
export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** The size of the terminal now; columns are `Infinity` where there is none. */
  size(): { readonly columns: number; readonly rows: number };
  out(text: string): void;
  err(text: string): void;
  /** Waits, but no longer than until the signal is aborted. */
  wait(delayMs: number, signal: AbortSignal): Promise<void>;
  /** Calls back when the user wants to end the command (Ctrl-C), instead of ending the process, until the returned function is called. */
  onInterrupt(interrupt: () => void): () => void;
}
