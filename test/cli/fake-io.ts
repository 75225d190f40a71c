import type { CliIo } from "../../src/cli/cli-io.js";

/** Surroundings of a command that a test can look into: what was written, and a clock and a Ctrl-C of its own. */
export class FakeIo implements CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
  columns: number;
  rows = 24;
  stdout = "";
  stderr = "";
  /** What the person answers to the next questions; nobody is there to be asked without it. */
  answers: (string | undefined)[] | undefined;
  /** The questions that were asked. */
  readonly questions: string[] = [];
  /** Called in each wait; the test may look, and interrupt. */
  onWait: (waits: number) => void | Promise<void> = () => undefined;
  #waits = 0;
  #interrupts = new Set<() => void>();

  constructor(env: Readonly<Record<string, string | undefined>> = {}, isTerminal = false) {
    this.env = env;
    this.isTerminal = isTerminal;
    this.columns = isTerminal ? 80 : Number.POSITIVE_INFINITY;
  }

  /** How many listen for an interrupt now. */
  get listeners(): number {
    return this.#interrupts.size;
  }

  get canAsk(): boolean {
    return this.answers !== undefined;
  }

  async ask(question: string): Promise<string | undefined> {
    this.questions.push(question);
    return this.answers?.shift();
  }

  size(): { columns: number; rows: number } {
    return { columns: this.columns, rows: this.rows };
  }

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }

  async wait(_delayMs: number, _signal: AbortSignal): Promise<void> {
    await this.onWait(++this.#waits);
  }

  onInterrupt(interrupt: () => void): () => void {
    this.#interrupts.add(interrupt);
    return () => this.#interrupts.delete(interrupt);
  }

  /** Presses Ctrl-C. */
  interrupt(): void {
    for (const interrupt of this.#interrupts) interrupt();
  }
}
