import type { Dispatcher, DispatchPort, DispatchSettings } from "./dispatcher.js";

interface Entry<Event> {
  readonly consumer: unknown;
  readonly selector: ((event: Event) => boolean) | undefined;
  demand: number;
}

/**
 * Each event goes to all consumers, as soon as all have asked for it: the smallest demand counts.
 *
 * A consumer may choose with a selector; what that leaves out counts as not asked for. A consumer has one subscription at most.
 */
export class BroadcastDispatcher<Event, Subscriber> implements Dispatcher<Event, Subscriber> {
  readonly #port: DispatchPort<Event, Subscriber>;
  readonly #entries = new Map<Subscriber, Entry<Event>>();
  readonly #consumers = new Set<unknown>();
  /** The smallest demand; `undefined` when it must be looked for. */
  #smallest: number | undefined = 0;

  constructor(port: DispatchPort<Event, Subscriber>) {
    this.#port = port;
  }

  get wanted(): number {
    this.#smallest ??= this.#findSmallest();
    return this.#smallest;
  }

  subscribe(subscriber: Subscriber, { consumer, selector }: DispatchSettings<Event>): "already_subscribed" | undefined {
    if (this.#consumers.has(consumer)) {
      this.#port.warn(
        `broadcasts, and ${String(consumer)} is subscribed already: its second subscription is cancelled`,
      );
      return "already_subscribed";
    }
    this.#consumers.add(consumer);
    this.#entries.set(subscriber, { consumer, selector, demand: 0 });
    this.#smallest = 0;
    return undefined;
  }

  cancel(subscriber: Subscriber): void {
    const entry = this.#entries.get(subscriber);
    if (entry === undefined) return;
    this.#consumers.delete(entry.consumer);
    this.#entries.delete(subscriber);
    this.#smallest = undefined;
  }

  ask(subscriber: Subscriber, count: number): void {
    const entry = this.#entries.get(subscriber);
    if (entry === undefined) return;
    if (entry.demand === this.#smallest) this.#smallest = undefined;
    entry.demand += count;
  }

  dispatch(events: readonly Event[]): number {
    const count = Math.min(events.length, this.wanted);
    if (count === 0) return 0;
    const now = count === events.length ? events : events.slice(0, count);
    this.#smallest = undefined;
    for (const [subscriber, entry] of this.#entries) {
      const selected = entry.selector === undefined ? now : now.filter((event) => entry.selector?.(event) === true);
      entry.demand -= selected.length;
      if (selected.length > 0) this.#port.deliver(subscriber, selected);
    }
    return count;
  }

  info(message: unknown): boolean {
    this.#port.info(message);
    return true;
  }

  #findSmallest(): number {
    let smallest = Number.POSITIVE_INFINITY;
    for (const { demand } of this.#entries.values()) smallest = Math.min(smallest, demand);
    return this.#entries.size === 0 ? 0 : smallest;
  }
}
