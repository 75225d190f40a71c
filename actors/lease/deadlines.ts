import { DeadlineHeap } from "./deadline-heap.js";

/** Something with a deadline that can lie in {@link Deadlines}; the links are kept by them. */
export interface Timed<Entry> {
  /** When it is due, in milliseconds of a clock; `Infinity` is never. */
  deadline: number;
  dueList: DeadlineList<Entry> | undefined;
  dueNext: Entry | undefined;
  duePrevious: Entry | undefined;
}

/** Entries that were given the same time: sorted by deadline because they came one after another. */
export class DeadlineList<Entry> {
  readonly durationMs: number;
  first: Entry | undefined;
  last: Entry | undefined;
  /** That of its first entry, for the heap; `Infinity` while it is empty. */
  deadline = Number.POSITIVE_INFINITY;
  heapIndex = -1;

  constructor(durationMs: number) {
    this.durationMs = durationMs;
    this.first = undefined;
    this.last = undefined;
  }
}

/** Up to so many lists are kept and looked through one by one, which is cheaper than to keep them in order. */
const FEW = 4;

/**
 * The entries of a table by deadline, the earliest first; any can be removed.
 *
 * Nearly all leases of a pool last equally long, and nearly all waits: so there is a list for each duration, sorted by construction. The first few lists
 * stay for good and are looked through; those of odd durations are in a heap. Adding and removing then cost next to nothing however many
 * entries there are; with as many durations as entries it is a plain heap, O(log n). Entries without a deadline (`Infinity`) are not kept.
 */
export class Deadlines<Entry extends Timed<Entry>> {
  readonly #few: DeadlineList<Entry>[] = [];
  readonly #odd = new Map<number, DeadlineList<Entry>>();
  readonly #heap = new DeadlineHeap<DeadlineList<Entry>>();
  /** Nothing is due before this; it may be too early, since a removal does not move it. */
  #notBefore = Number.POSITIVE_INFINITY;

  /** The entry that is due first. */
  get first(): Entry | undefined {
    return this.#earliest()?.first;
  }

  /** When the first is due; `Infinity` when there is none. */
  get nextDeadline(): number {
    return this.#earliest()?.deadline ?? Number.POSITIVE_INFINITY;
  }

  /** Whether something is due. Asked at every turn, and nearly always answered by one comparison. */
  isDue(now: number): boolean {
    if (now < this.#notBefore) return false;
    this.#notBefore = this.nextDeadline;
    return now >= this.#notBefore;
  }

  /** Adds an entry that is due `durationMs` after `now`, and sets its deadline. `now` must not be earlier than at any call before. */
  add(entry: Entry, now: number, durationMs: number): void {
    const deadline = now + durationMs;
    entry.deadline = deadline;
    if (deadline === Number.POSITIVE_INFINITY) return;
    if (deadline < this.#notBefore) this.#notBefore = deadline;
    const list = this.#listOf(durationMs);
    const { last } = list;
    entry.dueList = list;
    entry.duePrevious = last;
    list.last = entry;
    if (last !== undefined) {
      last.dueNext = entry;
      return;
    }
    list.first = entry;
    list.deadline = deadline;
    if (this.#odd.size > 0 && this.#odd.has(durationMs)) this.#heap.add(list);
  }

  /** Removes the entry; does nothing when it is not here. */
  remove(entry: Entry): void {
    const { dueList: list, dueNext: next, duePrevious: previous } = entry;
    if (list === undefined) return;
    entry.dueList = undefined;
    entry.dueNext = undefined;
    entry.duePrevious = undefined;
    if (next === undefined) list.last = previous;
    else next.duePrevious = previous;
    if (previous !== undefined) {
      previous.dueNext = next;
      return;
    }
    list.first = next;
    list.deadline = next === undefined ? Number.POSITIVE_INFINITY : next.deadline;
    if (list.heapIndex === -1) return;
    if (next !== undefined) {
      this.#heap.moveBack(list);
      return;
    }
    this.#heap.remove(list);
    this.#odd.delete(list.durationMs);
  }

  #earliest(): DeadlineList<Entry> | undefined {
    let earliest = this.#heap.first;
    for (const list of this.#few) {
      if (list.first !== undefined && (earliest === undefined || list.deadline < earliest.deadline)) earliest = list;
    }
    return earliest;
  }

  #listOf(durationMs: number): DeadlineList<Entry> {
    for (const list of this.#few) if (list.durationMs === durationMs) return list;
    const known = this.#odd.get(durationMs);
    if (known !== undefined) return known;
    const list = new DeadlineList<Entry>(durationMs);
    if (this.#few.length < FEW) this.#few.push(list);
    else this.#odd.set(durationMs, list);
    return list;
  }
}
