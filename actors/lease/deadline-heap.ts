/** Something with a deadline that can lie in a {@link DeadlineHeap}. */
export interface HeapEntry {
  /** When it is due, in milliseconds of a clock; `Infinity` is never. */
  deadline: number;
  /** Its place in the heap, kept by the heap; -1 while it is in none. */
  heapIndex: number;
}

/**
 * The entries of a table by deadline, the earliest first: a binary heap whose entries know their place, so that any can be removed.
 *
 * Adding and removing cost O(log n), and next to nothing in the usual case that the newest deadline is the latest. Entries without a
 * deadline (`Infinity`) are not kept. An entry lies in at most one heap.
 */
export class DeadlineHeap<Entry extends HeapEntry> {
  readonly #entries: Entry[] = [];

  /** The entry that is due first. */
  get first(): Entry | undefined {
    return this.#entries[0];
  }

  /** How many entries have a deadline. */
  get size(): number {
    return this.#entries.length;
  }

  add(entry: Entry): void {
    if (entry.deadline === Number.POSITIVE_INFINITY) return;
    this.#entries.push(entry);
    this.#rise(entry, this.#entries.length - 1);
  }

  /** Removes the entry; does nothing when it is not here. */
  remove(entry: Entry): void {
    const at = entry.heapIndex;
    if (at === -1) return;
    entry.heapIndex = -1;
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    this.#rise(last, at);
    if (last.heapIndex === at) this.#sink(last, at);
  }

  /** Puts an entry where it belongs whose deadline is later than before. It must be here. */
  moveBack(entry: Entry): void {
    this.#sink(entry, entry.heapIndex);
  }

  #rise(entry: Entry, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#entries[above];
      if (parent === undefined || parent.deadline <= entry.deadline) break;
      this.#place(parent, at);
      at = above;
    }
    this.#place(entry, at);
  }

  #sink(entry: Entry, from: number): void {
    let at = from;
    for (;;) {
      const left = this.#entries[2 * at + 1];
      const right = this.#entries[2 * at + 2];
      const earlier = right !== undefined && left !== undefined && right.deadline < left.deadline ? right : left;
      if (earlier === undefined || earlier.deadline >= entry.deadline) break;
      const freed = earlier.heapIndex;
      this.#place(earlier, at);
      at = freed;
    }
    this.#place(entry, at);
  }

  #place(entry: Entry, at: number): void {
    this.#entries[at] = entry;
    entry.heapIndex = at;
  }
}
