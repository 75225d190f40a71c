import { BadReturnError } from "../../src/index.js";
import type { Dispatcher, DispatcherFactory, DispatchPort, DispatchSettings } from "./dispatcher.js";
import { type BufferKeep, StageBuffer } from "./stage-buffer.js";

/** Whether demand goes to the producer as it comes, or is put aside until it may. */
export type DemandMode = "forward" | "accumulate";

/** What an outlet is made of. */
export interface OutletSetup<Event, Subscriber> {
  readonly dispatcher: DispatcherFactory<Event, Subscriber>;
  readonly bufferSize: number;
  readonly bufferKeep: BufferKeep;
  readonly mode: DemandMode;
  readonly port: DispatchPort<Event, Subscriber>;
}

/** Most demands that are kept apart while demand accumulates; later ones are added to the last. */
const MOST_PARTS = 1_000;

/**
 * The rules of a producer: which events go out, which wait, and how many more are asked for.
 *
 * Events go out in the order in which they were emitted, those that wait first. The source is asked for what is wanted and not yet owed:
 * `asked` is what it was asked for and has not emitted.
 */
export class Outlet<Event, Subscriber> {
  readonly #dispatcher: Dispatcher<Event, Subscriber>;
  readonly #port: DispatchPort<Event, Subscriber>;
  readonly #buffer: StageBuffer<Event>;
  #mode: DemandMode;
  #asked = 0;
  /** The demands that came while demand accumulated. */
  #parts: number[] = [];

  constructor({ dispatcher, bufferSize, bufferKeep, mode, port }: OutletSetup<Event, Subscriber>) {
    this.#dispatcher = dispatcher(port);
    this.#port = port;
    this.#buffer = new StageBuffer(bufferSize, bufferKeep);
    this.#mode = mode;
  }

  get mode(): DemandMode {
    return this.#mode;
  }

  /** How many events wait for demand. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** How many events would go out at once. */
  get wanted(): number {
    return this.#mode === "forward" ? this.#dispatcher.wanted : 0;
  }

  /** Whether the source must be asked for more. */
  get hasDemand(): boolean {
    return this.wanted > this.#asked;
  }

  /** How many events to ask the source for now, which are owed from then on; 0 for none. */
  nextDemand(): number {
    const open = this.wanted - this.#asked;
    if (open <= 0) {
      if (this.#mode === "forward") this.#parts = [];
      return 0;
    }
    const demand = Math.min(open, this.#parts.shift() ?? open);
    this.#asked += demand;
    return demand;
  }

  /** Sends events out, or keeps them. */
  emit(events: readonly Event[]): void {
    this.#asked = Math.max(0, this.#asked - events.length);
    let rest = events;
    // More than once, because a broadcast gives demand back for what selectors leave out.
    while (rest.length > 0 && this.#buffer.length === 0 && this.wanted > 0) rest = rest.slice(this.#dispatch(rest));
    if (rest.length === 0) return;
    const { discarded, infos } = this.#buffer.store(rest);
    this.#pass(infos);
    if (discarded > 0) this.#port.discarded(discarded);
  }

  /** Passes an info on behind all events so far; false when it is refused, because too many wait. */
  info(message: unknown): boolean {
    const stored = this.#buffer.storeInfo(message);
    return stored === "empty" ? this.#dispatcher.info(message) : stored === "stored";
  }

  /** Adds a subscription. Returns why it is refused, or `undefined`. */
  subscribe(subscriber: Subscriber, settings: DispatchSettings<Event>): unknown {
    const refusal = this.#dispatcher.subscribe(subscriber, settings);
    this.#drain();
    return refusal;
  }

  cancel(subscriber: Subscriber): void {
    this.#dispatcher.cancel(subscriber);
    this.#drain();
  }

  ask(subscriber: Subscriber, count: number): void {
    if (count === 0) return;
    this.#dispatcher.ask(subscriber, count);
    if (this.#mode === "forward") this.#drain();
    else if (this.#parts.length < MOST_PARTS) this.#parts.push(count);
    else this.#parts.push((this.#parts.pop() ?? 0) + count);
  }

  setMode(mode: DemandMode): void {
    this.#mode = mode;
    this.#drain();
  }

  #drain(): void {
    while (this.#buffer.length > 0 && this.wanted > 0) {
      const taken = this.#dispatch(this.#buffer.peek(this.wanted));
      this.#pass(this.#buffer.drop(taken));
    }
  }

  #dispatch(events: readonly Event[]): number {
    const offered = Math.min(events.length, this.#dispatcher.wanted);
    const taken = this.#dispatcher.dispatch(events);
    if (taken >= offered && taken <= events.length) return taken;
    throw new BadReturnError(
      `dispatch returned ${taken} for ${events.length} events. A dispatcher takes as many as it wants, here ${offered} at least, and returns how many it took.`,
    );
  }

  #pass(infos: readonly unknown[]): void {
    for (const message of infos) {
      if (!this.#dispatcher.info(message)) this.#port.warn("has dropped an info, because too many wait");
    }
  }
}
