const COMPACT_ABOVE = 64;

/** Entries with rising numbers, of which the oldest are forgotten: an array whose head moves. */
export class NumberedList<Entry> {
  readonly #numberOf: (entry: Entry) => number;
  /** Tells this list from the one that came before it under the same name. */
  readonly life: number;
  #entries: Entry[] = [];
  /** Entries before this index are forgotten. */
  #head = 0;

  constructor(numberOf: (entry: Entry) => number, life = 0) {
    this.#numberOf = numberOf;
    this.life = life;
  }

  /** Adds an entry, whose number is above all others. */
  push(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Forgets the entries up to a number. */
  trim(through: number): void {
    this.#head = this.#indexOf(through + 1);
    if (this.#head === this.#entries.length || (this.#head > COMPACT_ABOVE && this.#head * 2 > this.#entries.length)) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  /** At most `limit` entries from a number on, in an array of its own. */
  from(number: number, limit: number): Entry[] {
    const start = this.#indexOf(number);
    return this.#entries.slice(start, start + limit);
  }

  /** The index of the first entry at or above a number. */
  #indexOf(number: number): number {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const entry = this.#entries[middle];
      if (entry !== undefined && this.#numberOf(entry) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
