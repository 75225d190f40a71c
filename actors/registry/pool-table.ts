/** How a pool chooses. The words are those of `gproc_pool`. */
export type PoolType = "round_robin" | "random" | "hash" | "direct" | "claim";

/** One place of a pool. */
export class PoolSlot<Worker> {
  /** The name of the worker that this place is for. */
  readonly name: string;
  /** From 1. */
  readonly position: number;
  /** Who works there now. */
  worker: Worker | undefined = undefined;
  /** Whether somebody has claimed it. */
  claimed = false;
  /** How often it was picked or claimed. */
  picked = 0;

  constructor(name: string, position: number) {
    this.name = name;
    this.position = position;
  }
}

/**
 * The places of a pool, who works there, and whose turn it is.
 *
 * A worker is added once, which gives it its place, and connects and disconnects as it comes and goes. Only connected ones are chosen. The
 * rotation goes by place: a worker that comes back is at its old place in it, one that goes leaves no gap.
 */
export class PoolTable<Worker> {
  readonly #byName = new Map<string, PoolSlot<Worker>>();
  readonly #taken = new Set<number>();
  /** Those with a worker, by position. */
  readonly #active: PoolSlot<Worker>[] = [];
  /** Those with a worker that is not claimed, who has waited longest first. */
  readonly #free = new Set<PoolSlot<Worker>>();
  #size: number;
  readonly #autoSize: boolean;
  #lastPosition = 0;

  constructor(options: { readonly size: number; readonly autoSize: boolean }) {
    this.#size = options.size;
    this.#autoSize = options.autoSize;
  }

  /** How many places there are. */
  get size(): number {
    return this.#size;
  }

  /** All workers that were added, by position. */
  get defined(): readonly PoolSlot<Worker>[] {
    return [...this.#byName.values()].sort((one, other) => one.position - other.position);
  }

  /** Those that are connected, by position. */
  get active(): readonly PoolSlot<Worker>[] {
    return this.#active;
  }

  slot(name: string): PoolSlot<Worker> | undefined {
    return this.#byName.get(name);
  }

  /** Gives a worker a place, or the place asked for; `undefined` when it is taken, or the pool is full, or has a worker of that name. */
  add(name: string, position = this.#firstFree()): PoolSlot<Worker> | undefined {
    const possible = Number.isInteger(position) && position >= 1 && (position <= this.#size || this.#autoSize);
    if (!possible || this.#taken.has(position) || this.#byName.has(name)) return undefined;
    const slot = new PoolSlot<Worker>(name, position);
    this.#size = Math.max(this.#size, position);
    this.#taken.add(position);
    this.#byName.set(name, slot);
    return slot;
  }

  /** Takes a worker's place away; it must not be connected. */
  remove(slot: PoolSlot<Worker>): void {
    this.#byName.delete(slot.name);
    this.#taken.delete(slot.position);
  }

  connect(slot: PoolSlot<Worker>, worker: Worker): void {
    slot.worker = worker;
    slot.claimed = false;
    this.#active.splice(this.#indexFrom(slot.position), 0, slot);
    this.#free.add(slot);
  }

  disconnect(slot: PoolSlot<Worker>): void {
    if (slot.worker === undefined) return;
    slot.worker = undefined;
    slot.claimed = false;
    this.#active.splice(this.#indexFrom(slot.position), 1);
    this.#free.delete(slot);
  }

  /** The connected worker after the one that was chosen last, in the order of places, beginning again at the end. */
  next(): PoolSlot<Worker> | undefined {
    return this.#choose(this.#at(this.#indexFrom(this.#lastPosition + 1)));
  }

  /** A connected worker by a number in [0, 1). */
  random(number: number): PoolSlot<Worker> | undefined {
    return this.#choose(this.#active[Math.floor(number * this.#active.length)]);
  }

  /** The worker at the place of a number, or the next connected one after it; places are counted round. */
  near(number: number): PoolSlot<Worker> | undefined {
    if (this.#size === 0) return undefined;
    const position = (((number - 1) % this.#size) + this.#size) % this.#size;
    return this.#choose(this.#at(this.#indexFrom(position + 1)));
  }

  /** Claims the worker that has been free for longest. */
  claim(): PoolSlot<Worker> | undefined {
    for (const slot of this.#free) {
      this.#free.delete(slot);
      slot.claimed = true;
      return this.#choose(slot);
    }
    return undefined;
  }

  /** Ends a claim; the worker is free again if it is connected. */
  unclaim(slot: PoolSlot<Worker>): void {
    if (!slot.claimed) return;
    slot.claimed = false;
    this.#free.add(slot);
  }

  #choose(slot: PoolSlot<Worker> | undefined): PoolSlot<Worker> | undefined {
    if (slot === undefined) return undefined;
    this.#lastPosition = slot.position;
    slot.picked++;
    return slot;
  }

  #at(index: number): PoolSlot<Worker> | undefined {
    return this.#active[index] ?? this.#active[0];
  }

  /** Where the first connected worker stands whose position is not below the one given. */
  #indexFrom(position: number): number {
    let low = 0;
    let high = this.#active.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const slot = this.#active[middle];
      if (slot !== undefined && slot.position < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #firstFree(): number {
    for (let position = 1; position <= this.#size; position++) if (!this.#taken.has(position)) return position;
    return this.#size + 1;
  }
}
