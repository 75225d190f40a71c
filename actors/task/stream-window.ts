/** What bounds a window. */
export interface WindowLimits {
  readonly maxConcurrency: number;
  readonly ordered: boolean;
  readonly maxBuffered: number;
}

/**
 * Decides how many tasks of a stream may run and which outcome is next: by itself, without tasks or time.
 *
 * Positions count the elements of the source from 0. In order, an outcome waits for all earlier ones; else it is next when it has come.
 */
export class StreamWindow<Item extends object> {
  readonly #limits: WindowLimits;
  readonly #ready = new Map<number, Item>();
  #started = 0;
  #running = 0;
  #next = 0;
  #sourceEnded = false;

  constructor(limits: WindowLimits) {
    this.#limits = limits;
  }

  /** How many tasks run. */
  get running(): number {
    return this.#running;
  }

  /** Whether another element may be taken from the source now. */
  get mayStart(): boolean {
    const { maxConcurrency, maxBuffered } = this.#limits;
    return !this.#sourceEnded && this.#running < maxConcurrency && this.#ready.size <= maxBuffered;
  }

  /** Whether all has been given out and nothing more will come. */
  get finished(): boolean {
    return this.#sourceEnded && this.#running === 0 && this.#ready.size === 0;
  }

  /** Notes a started task and returns its position. */
  start(): number {
    this.#running++;
    return this.#started++;
  }

  /** Notes the outcome for a position. */
  finish(position: number, item: Item): void {
    this.#running--;
    this.#ready.set(position, item);
  }

  /** Notes that the source has no more elements. */
  endSource(): void {
    this.#sourceEnded = true;
  }

  /** Takes the next outcome, if it is there. */
  take(): Item | undefined {
    const position = this.#limits.ordered ? this.#next : this.#ready.keys().next().value;
    if (position === undefined) return undefined;
    const item = this.#ready.get(position);
    if (item === undefined) return undefined;
    this.#ready.delete(position);
    this.#next++;
    return item;
  }
}
