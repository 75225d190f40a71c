import type { Row } from "./row.js";

/** Below this many slots nothing is gained by closing gaps. */
const LEAST_COMPACTED = 64;

/**
 * All rows of one kind in the order of registration, in one array: a scan of a million is a walk through memory.
 *
 * Adding and removing cost constant time, spread over many: a removed row leaves a gap, and the gaps are closed when they are half of the
 * array. A scan may stop anywhere and go on later from the number of the last row it saw: rows that were there all the time come exactly once.
 */
export class RowList<Owner> {
  #rows: Row<Owner>[] = [];
  #size = 0;
  #lastOrder = 0;
  #scans = 0;

  /** How many rows there are. */
  get size(): number {
    return this.#size;
  }

  /** How many slots are in use, gaps included; never more than twice {@link RowList.size} and a few. */
  get slots(): number {
    return this.#rows.length;
  }

  add(row: Row<Owner>): void {
    row.order = ++this.#lastOrder;
    row.slot = this.#rows.length;
    this.#rows.push(row);
    this.#size++;
  }

  /** Takes a row out: it stays as a gap that holds nothing. */
  remove(row: Row<Owner>): void {
    row.live = false;
    this.#size--;
    // A scan counts on the slots: the gaps that it leaves are closed by the next removal after it.
    if (this.#scans > 0) return;
    if (row.slot === this.#rows.length - 1) this.#rows.pop();
    if (this.#rows.length >= LEAST_COMPACTED && this.#size * 2 < this.#rows.length) this.#compact();
  }

  /**
   * Calls `visit` with each row whose number is above `after`, in order, until it returns true; returns the number of the last row visited.
   *
   * Rows may be added and removed meanwhile: added ones are not visited.
   */
  scan(after: number, visit: (row: Row<Owner>) => boolean): number {
    const rows = this.#rows;
    const end = rows.length;
    let last = after;
    this.#scans++;
    try {
      for (let index = after === 0 ? 0 : this.#firstAfter(after); index < end; index++) {
        const row = rows[index];
        if (row === undefined || !row.live) continue;
        last = row.order;
        if (visit(row)) break;
      }
    } finally {
      this.#scans--;
    }
    return last;
  }

  #firstAfter(order: number): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const row = this.#rows[middle];
      if (row !== undefined && row.order <= order) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #compact(): void {
    const rows = this.#rows;
    let filled = 0;
    for (let slot = 0; slot < rows.length; slot++) {
      const row = rows[slot];
      if (row === undefined || !row.live) continue;
      row.slot = filled;
      rows[filled++] = row;
    }
    rows.length = filled;
  }
}
