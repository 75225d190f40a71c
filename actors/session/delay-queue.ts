import type { Clock, ClockTimer } from "../../src/index.js";

interface Entry<Item> {
  readonly item: Item;
  readonly dueAt: number;
}

/**
 * Calls back for each item after one fixed delay, with one timer for all of them.
 *
 * Ten thousand connections that each wait for the same time-out need no ten thousand timers. Items fall due in the order in which they came.
 */
export class DelayQueue<Item> {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #due: (item: Item) => void;
  #entries: Entry<Item>[] = [];
  #head = 0;
  #timer: ClockTimer | undefined;
  #firing = false;

  constructor(clock: Clock, delayMs: number, due: (item: Item) => void) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#due = due;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** `agedMs` of the delay have passed already; who adds such items adds the oldest first. */
  add(item: Item, agedMs = 0): void {
    const leftMs = Math.max(0, this.#delayMs - agedMs);
    this.#entries.push({ item, dueAt: this.#clock.now() + leftMs });
    // While items fall due the timer is set afterwards, for the next of them all.
    if (this.#timer === undefined && !this.#firing) this.#arm(leftMs);
  }

  /** Forgets all items. */
  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#entries = [];
    this.#head = 0;
  }

  #arm(delayMs: number): void {
    this.#timer = this.#clock.setTimer(delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#timer = undefined;
    this.#firing = true;
    const now = this.#clock.now();
    for (
      let entry = this.#entries[this.#head];
      entry !== undefined && entry.dueAt <= now;
      entry = this.#entries[this.#head]
    ) {
      this.#head++;
      this.#due(entry.item);
    }
    this.#firing = false;
    const next = this.#entries[this.#head];
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
    if (next !== undefined) this.#arm(Math.max(0, next.dueAt - now));
  }
}
