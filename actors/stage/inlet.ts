import type { Split } from "./demand-window.js";

/** Something that waits at the entrance of a stage: a batch of events, an info, or the end of a subscription behind its last events. */
export type InletEntry<Event, From, End> =
  | { readonly kind: "batch"; readonly from: From; readonly events: readonly Event[]; readonly ask: number }
  | { readonly kind: "info"; readonly message: unknown }
  | { readonly kind: "end"; readonly end: End };

/** Most infos that wait between batches. */
const MOST_INFOS = 10_000;

/**
 * What waits at the entrance of a stage, in the order in which it came.
 *
 * There are no more events than the stage has asked for; infos are at most 10,000.
 */
export class Inlet<Event, From, End> {
  #entries: InletEntry<Event, From, End>[] = [];
  #head = 0;
  #infos = 0;

  get isEmpty(): boolean {
    return this.#head === this.#entries.length;
  }

  addBatches(from: From, { batches }: Pick<Split<Event>, "batches">): void {
    for (const { events, ask } of batches) this.#entries.push({ kind: "batch", from, events, ask });
  }

  /** False when it is refused, because too many wait. */
  addInfo(message: unknown): boolean {
    if (this.#infos >= MOST_INFOS) return false;
    this.#infos++;
    this.#entries.push({ kind: "info", message });
    return true;
  }

  addEnd(end: End): void {
    this.#entries.push({ kind: "end", end });
  }

  take(): InletEntry<Event, From, End> | undefined {
    const entry = this.#entries[this.#head];
    if (entry === undefined) return undefined;
    this.#head++;
    if (entry.kind === "info") this.#infos--;
    if (this.#head === this.#entries.length || this.#head >= 1_024) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    return entry;
  }
}
