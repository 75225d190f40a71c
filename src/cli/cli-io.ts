/** Where a command reads its surroundings from and writes to; a test gives its own. */
export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** The size of the terminal now; columns are `Infinity` where there is none. */
  size(): { readonly columns: number; readonly rows: number };
  out(text: string): void;
  err(text: string): void;
  /** Whether there is a person to ask: standard input and standard error are a terminal. */
  readonly canAsk: boolean;
  /** Asks the person at the terminal, on standard error; undefined when no answer came (Ctrl-C, Ctrl-D). */
  ask(question: string): Promise<string | undefined>;
  /** Waits, but no longer than until the signal is aborted. */
  wait(delayMs: number, signal: AbortSignal): Promise<void>;
  /** Calls back when the user wants to end the command (Ctrl-C), instead of ending the process, until the returned function is called. */
  onInterrupt(interrupt: () => void): () => void;
}
