/**
 * The events of a machine that wait, in the order in which they will be handled.
 *
 * Three parts: *ready* ones, which the machine itself inserted or had postponed and which come first; *arrived* ones from outside; and
 * *postponed* ones, which wait for the next state. Time-outs of 0 ms, kept elsewhere, come between ready and arrived.
 */
export class EventQueue<Event> {
  // The next one is the last element, so that inserting in front costs nothing.
  readonly #ready: Event[] = [];
  #arrived: Event[] = [];
  #firstArrived = 0;
  #postponed: Event[] = [];

  /** All that wait and are not postponed, the next one first. */
  get waiting(): Event[] {
    return [...this.#ready].reverse().concat(this.#arrived.slice(this.#firstArrived));
  }

  /** The postponed ones, the oldest first. */
  get postponed(): readonly Event[] {
    return this.#postponed;
  }

  get postponedCount(): number {
    return this.#postponed.length;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  get hasArrived(): boolean {
    return this.#firstArrived < this.#arrived.length;
  }

  /** Puts an event from outside behind all others. */
  arrive(event: Event): void {
    this.#arrived.push(event);
  }

  /** Puts events in front of all others; they keep their order. */
  insert(events: readonly Event[]): void {
    for (const event of [...events].reverse()) this.#ready.push(event);
  }

  /** Sets an event aside until {@link EventQueue.retryPostponed}. */
  postpone(event: Event): void {
    this.#postponed.push(event);
  }

  /** Puts what was postponed in front of all others, the oldest first. */
  retryPostponed(): void {
    const postponed = this.#postponed;
    this.#postponed = [];
    this.insert(postponed);
  }

  /** Takes the next event that is the machine's own; `undefined` when there is none. */
  takeReady(): Event | undefined {
    return this.#ready.pop();
  }

  /** Takes the next event from outside; `undefined` when there is none. */
  takeArrived(): Event | undefined {
    const event = this.#arrived[this.#firstArrived];
    if (event === undefined) return undefined;
    this.#firstArrived++;
    if (this.#firstArrived === this.#arrived.length) {
      this.#arrived = [];
      this.#firstArrived = 0;
    }
    return event;
  }
}
