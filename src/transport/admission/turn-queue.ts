/** What a queue of turns is made with. */
export interface TurnRules<Item> {
  /** How many may have a turn at a time. */
  readonly atATime: number;
  /** How long a turn may last before it is taken away. */
  readonly turnMs: number;
  /** Told whose turn it is. It must not call the queue from inside; a message to an actor is right. */
  readonly grant: (item: Item) => void;
}

/**
 * Shares work out in turns: a few at a time, each a bounded piece, and who has more to do queues up again behind the others.
 *
 * Nobody waits for somebody's whole work, and what is not in the queue is not delayed by more than a few pieces. Pure: times come in as
 * data. Each item is there once, so it is bounded by how many items there are.
 */
export class TurnQueue<Item> {
  readonly #rules: TurnRules<Item>;
  readonly #waiting = new Set<Item>();
  /** Those whose turn it is, with when it began; the oldest first. */
  readonly #granted = new Map<Item, number>();

  constructor(rules: TurnRules<Item>) {
    this.#rules = rules;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** How many have a turn now. */
  get granted(): number {
    return this.#granted.size;
  }

  /** When the oldest turn has lasted too long; `undefined` when nobody has one. */
  get overdueAtMs(): number | undefined {
    for (const since of this.#granted.values()) return since + this.#rules.turnMs;
    return undefined;
  }

  /** Asks for a turn. Whoever waits, or has one, keeps the place there is. */
  join(item: Item, nowMs: number): void {
    if (!this.#granted.has(item)) this.#waiting.add(item);
    this.#grantMore(nowMs);
  }

  /** Ends a turn; with `more` the item queues up again. A turn that was taken away meanwhile ends nothing. */
  done(item: Item, more: boolean, nowMs: number): void {
    const had = this.#granted.delete(item);
    if (had && more) this.#waiting.add(item);
    if (!more) this.#waiting.delete(item);
    this.#grantMore(nowMs);
  }

  /** Forgets an item, wherever it is: it has ended. */
  leave(item: Item, nowMs: number): void {
    this.done(item, false, nowMs);
  }

  /** Takes away the turns that have lasted too long; they count as ended, with more to do. */
  expire(nowMs: number): void {
    for (const [item, since] of this.#granted) {
      if (since + this.#rules.turnMs > nowMs) break;
      this.#granted.delete(item);
      this.#waiting.add(item);
    }
    this.#grantMore(nowMs);
  }

  #grantMore(nowMs: number): void {
    const { atATime, grant } = this.#rules;
    while (this.#granted.size < atATime) {
      const [item] = this.#waiting;
      if (item === undefined) return;
      this.#waiting.delete(item);
      this.#granted.set(item, nowMs);
      grant(item);
    }
  }
}
