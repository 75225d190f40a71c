/**
 * Who is bringing sessions of a store back at the moment.
 *
 * An actor that is killed cannot take back what it has begun: its code goes on to the next thing that it waits for, and what it has asked for
 * happens. So whoever is about to read all sessions waits for those before it; else both would start them.
 */
export class RestoreTurns {
  readonly #running = new Set<Promise<unknown>>();

  /** Does work when all that began before has ended, well or not. */
  alone(work: () => Promise<void>): Promise<void> {
    const before = [...this.#running];
    return this.beside(async () => {
      await Promise.allSettled(before);
      await work();
    });
  }

  /** Does work at once; whoever comes later and wants to be alone waits for it. */
  async beside(work: () => Promise<void>): Promise<void> {
    const running = work();
    this.#running.add(running);
    try {
      await running;
    } finally {
      this.#running.delete(running);
    }
  }
}
