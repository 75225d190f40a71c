import type { AnyRef, ActorSystem } from "../../src/index.js";

const PERIOD_MS = 1_000;

/** Tells people of the events that a stage has discarded: at once the first time, then at most once a second, and of the rest when the stage ends. */
export class DiscardReport {
  readonly #system: ActorSystem;
  readonly #ref: AnyRef;
  readonly #title: string;
  #lastAt: number | undefined;
  #unreported = 0;
  /** All that were discarded. */
  total = 0;

  constructor(system: ActorSystem, ref: AnyRef, behaviour: string) {
    this.#system = system;
    this.#ref = ref;
    this.#title = `${behaviour} ${ref}`;
  }

  add(count: number, reported: boolean): void {
    this.total += count;
    if (!reported) return;
    this.#unreported += count;
    const now = this.#system.clock.now();
    if (this.#lastAt !== undefined && now - this.#lastAt < PERIOD_MS) return;
    this.#lastAt = now;
    this.flush();
  }

  /** Reports what has not been reported. */
  flush(): void {
    const count = this.#unreported;
    if (count === 0) return;
    this.#unreported = 0;
    this.#system.report({
      type: "stage",
      level: "warning",
      text: `${this.#title} has discarded ${count} events from buffer`,
      details: { ref: this.#ref.toString(), event: "discarded", count, total: this.total },
    });
  }
}
