import type { Deferred } from "../../kernel/deferred.js";
import type { OpenAnswer } from "./host-message.js";

/** Those who wait at a host for actors that are not there yet, by the actors' ids; so many at most. */
export class WaitingOpens {
  readonly #limit: number;
  readonly #waiting = new Map<string, Deferred<OpenAnswer>[]>();
  #count = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count >= this.#limit;
  }

  /** The ids that somebody waits for. */
  get ids(): string[] {
    return [...this.#waiting.keys()];
  }

  add(id: string, deferred: Deferred<OpenAnswer>): void {
    this.#count++;
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) this.#waiting.set(id, [deferred]);
    else waiting.push(deferred);
  }

  /** Answers all who wait for one. */
  answer(id: string, answer: OpenAnswer): void {
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    this.#count -= waiting.length;
    for (const deferred of waiting) deferred.reply(answer);
  }
}
