import type { Dispatcher, DispatchPort } from "./dispatcher.js";

/** Options of the demand dispatcher. */
export interface DemandDispatcherOptions {
  /** The demand that a consumer may ask for at once without a warning; by default the first that is asked for. */
  readonly maxDemand?: number;
  /** Whether the consumers are shuffled before the first event, so that the first one to come does not get all of few events; `false` by default. */
  readonly shuffleDemandsOnFirstDispatch?: boolean;
}

interface Entry<Subscriber> {
  readonly subscriber: Subscriber;
  demand: number;
}

/** Each event goes to one consumer: the one that has asked for most, and among equals the one that has waited longest. */
export class DemandDispatcher<Event, Subscriber> implements Dispatcher<Event, Subscriber> {
  readonly #port: DispatchPort<Event, Subscriber>;
  #maxDemand: number | undefined;
  #shuffle: boolean;
  /** Highest demand first. */
  readonly #entries: Entry<Subscriber>[] = [];
  #wanted = 0;

  constructor(port: DispatchPort<Event, Subscriber>, options: DemandDispatcherOptions = {}) {
    this.#port = port;
    this.#maxDemand = options.maxDemand;
    this.#shuffle = options.shuffleDemandsOnFirstDispatch === true;
  }

  get wanted(): number {
    return this.#wanted;
  }

  subscribe(subscriber: Subscriber): undefined {
    this.#entries.push({ subscriber, demand: 0 });
  }

  cancel(subscriber: Subscriber): void {
    this.#wanted -= this.#take(subscriber)?.demand ?? 0;
  }

  ask(subscriber: Subscriber, count: number): void {
    this.#maxDemand ??= count;
    if (count > this.#maxDemand) {
      this.#port.warn(
        `expects a demand of at most ${this.#maxDemand} at once, got ${count}: consumers of one producer with different maxDemand get uneven shares`,
      );
    }
    const entry = this.#take(subscriber);
    if (entry === undefined) return;
    entry.demand += count;
    this.#wanted += count;
    this.#put(entry);
  }

  dispatch(events: readonly Event[]): number {
    if (this.#shuffle) {
      this.#shuffle = false;
      this.#shuffleEntries();
    }
    let taken = 0;
    while (taken < events.length) {
      const entry = this.#entries[0];
      if (entry === undefined || entry.demand === 0) break;
      const count = Math.min(entry.demand, events.length - taken);
      const share = count === events.length ? events : events.slice(taken, taken + count);
      this.#entries.shift();
      entry.demand -= count;
      this.#wanted -= count;
      taken += count;
      this.#put(entry);
      this.#port.deliver(entry.subscriber, share);
    }
    return taken;
  }

  info(message: unknown): boolean {
    this.#port.info(message);
    return true;
  }

  #take(subscriber: Subscriber): Entry<Subscriber> | undefined {
    const index = this.#entries.findIndex((entry) => entry.subscriber === subscriber);
    return index < 0 ? undefined : this.#entries.splice(index, 1)[0];
  }

  /** Behind all that have asked for as much. */
  #put(entry: Entry<Subscriber>): void {
    const last = this.#entries.findLastIndex((other) => other.demand >= entry.demand);
    this.#entries.splice(last + 1, 0, entry);
  }

  #shuffleEntries(): void {
    const entries = this.#entries;
    for (let last = entries.length - 1; last > 0; last--) {
      const chosen = Math.floor(this.#port.random() * (last + 1));
      const [entry] = entries.splice(chosen, 1);
      if (entry !== undefined) entries.splice(last, 0, entry);
    }
    // Those without demand stay at the end: behind the first of them nobody looks.
    entries.sort((one, other) => Number(one.demand === 0) - Number(other.demand === 0));
  }
}
