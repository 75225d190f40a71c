/** Which events stay when a buffer overflows. */
export type BufferKeep = "first" | "last";

/** What storing events has led to. */
export interface Stored {
  readonly discarded: number;
  /** Infos whose turn has come, because the events before them were discarded. */
  readonly infos: readonly unknown[];
}

const NOTHING: readonly unknown[] = [];
/** Most infos that wait in one buffer. */
const MOST_INFOS = 10_000;
const COMPACT_FROM = 1_024;

interface WaitingInfo {
  /** The number of the event that it waits in front of. */
  readonly before: number;
  readonly message: unknown;
}

/**
 * Events that wait for demand, with infos between them, in the order in which they came.
 *
 * Events are numbered by their arrival. It keeps `capacity` events, the first or the last of them; infos are never discarded.
 */
export class StageBuffer<Event> {
  readonly #capacity: number;
  readonly #keep: BufferKeep;
  #events: Event[] = [];
  #head = 0;
  /** The number of the event at the head. */
  #first = 0;
  readonly #infos: WaitingInfo[] = [];

  constructor(capacity: number, keep: BufferKeep) {
    this.#capacity = capacity;
    this.#keep = keep;
  }

  /** How many events wait. */
  get length(): number {
    return this.#events.length - this.#head;
  }

  /** Appends events, and discards what does not fit. */
  store(events: readonly Event[]): Stored {
    const overflow = Math.max(0, this.length + events.length - this.#capacity);
    if (overflow === 0) {
      for (const event of events) this.#events.push(event);
      return { discarded: 0, infos: NOTHING };
    }
    if (this.#keep === "first") {
      for (const event of events.slice(0, events.length - overflow)) this.#events.push(event);
      return { discarded: overflow, infos: NOTHING };
    }
    for (const event of events) this.#events.push(event);
    return { discarded: overflow, infos: this.drop(overflow) };
  }

  /** Puts an info behind the events that wait. `empty`: there are none, so its turn is now. `full`: it was refused, because 10,000 wait. */
  storeInfo(message: unknown): "stored" | "empty" | "full" {
    if (this.length === 0) return "empty";
    if (this.#infos.length >= MOST_INFOS) return "full";
    this.#infos.push({ before: this.#first + this.length, message });
    return "stored";
  }

  /** The next events: at most `most`, and none behind an info. */
  peek(most: number): readonly Event[] {
    const info = this.#infos[0];
    const count = Math.min(most, this.length, info === undefined ? this.length : info.before - this.#first);
    return this.#events.slice(this.#head, this.#head + count);
  }

  /** Removes the first events, and gives the infos whose turn has come. */
  drop(count: number): readonly unknown[] {
    this.#head += count;
    this.#first += count;
    this.#compact();
    let due = 0;
    for (let info = this.#infos[0]; info !== undefined && info.before <= this.#first; info = this.#infos[due]) due++;
    return due === 0 ? NOTHING : this.#infos.splice(0, due).map(({ message }) => message);
  }

  #compact(): void {
    if (this.#head === this.#events.length) this.#events = [];
    else if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#events.length) {
      this.#events = this.#events.slice(this.#head);
    } else return;
    this.#head = 0;
  }
}
