import { BadArgumentError, type ExitReason, formatReason, reasonOfThrown, release, whatCame } from "../../src/index.js";
import { Producer } from "./producer.js";
import type { ProducerOptions } from "./stage-options.js";
import type { Cancellation } from "./stage-signals.js";
import type { Subscription } from "./subscription.js";

/** What an {@link IterableProducer} takes. */
export interface IterableProducerArgs<Event> extends ProducerOptions<Event> {
  /** Where the events come from; read no further than consumers have asked for. */
  readonly source: Iterable<Event> | AsyncIterable<Event>;
  /** Whether the stage goes on without consumers, or stops when the last one has cancelled; `"continue"` by default. */
  readonly onCancel?: "continue" | "stop";
}

const PULLED = Symbol("pulled");
const STOP = Symbol("stop");

/**
 * A producer that emits what an iterable or async iterable yields: `GenStage.from_enumerable`.
 *
 * ```ts
 * const numbers = await system.start(IterableProducer<number>, { source: [1, 2, 3] });
 * ```
 *
 * When the source is at its end, and all its events have gone out, the stage stops with `"normal"`. A source that throws ends it with the error,
 * after the events before. When the stage ends, the source is closed (`return`).
 */
export class IterableProducer<Event> extends Producer<Event, IterableProducerArgs<Event>> {
  #iterator: Iterator<Event> | undefined;
  #asyncIterator: AsyncIterator<Event> | undefined;
  #stopsAlone = false;
  readonly #subscriptions = new Set<Subscription>();
  #exhausted = false;
  #ended = false;
  /** How many events an async source still has to give. */
  #wanted = 0;
  #pulling = false;
  /** What an async source has given and is not emitted yet; never more than was wanted. */
  #pulled: Event[] = [];
  #announced = false;
  #failure: { readonly error: unknown } | undefined;

  override init({ source, onCancel = "continue", ...options }: IterableProducerArgs<Event>): ProducerOptions<Event> {
    if (onCancel !== "continue" && onCancel !== "stop") {
      throw new BadArgumentError(`Expected \`onCancel\` to be "continue" or "stop", got ${whatCame(onCancel)}`);
    }
    this.#stopsAlone = onCancel === "stop";
    if (Symbol.asyncIterator in source) this.#asyncIterator = source[Symbol.asyncIterator]();
    else this.#iterator = source[Symbol.iterator]();
    return options;
  }

  override handleSubscribe(_kind: "consumer", _settings: unknown, from: Subscription): void {
    this.#subscriptions.add(from);
  }

  override handleCancel(_cancellation: Cancellation, from: Subscription): void {
    if (this.#subscriptions.delete(from) && this.#subscriptions.size === 0 && this.#stopsAlone) this.stop();
  }

  override handleDemand(demand: number): readonly Event[] {
    if (this.#exhausted) return [];
    if (this.#iterator !== undefined) return this.#read(this.#iterator, demand);
    this.#wanted += demand;
    // Besides the messages, not within this one: a source that is slow must not keep the stage from hearing of anything else.
    if (!this.#pulling && this.#asyncIterator !== undefined) void this.#pull(this.#asyncIterator);
    return [];
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (message === STOP) this.stop();
    else if (message === PULLED) this.#emitPulled();
    else return super.handleInfo(message);
  }

  override [release](reason: ExitReason): void {
    this.#ended = true;
    super[release](reason);
    if (this.#exhausted) return;
    this.#iterator?.return?.();
    if (this.#asyncIterator?.return !== undefined) void this.#close(this.#asyncIterator.return());
  }

  #read(iterator: Iterator<Event>, demand: number): readonly Event[] {
    const events: Event[] = [];
    while (events.length < demand) {
      let step: IteratorResult<Event, unknown>;
      try {
        step = iterator.next();
      } catch (error) {
        this.#exhausted = true;
        this.emit(events);
        throw error;
      }
      if (step.done === true) {
        this.#exhausted = true;
        // The events first, then the stop behind whatever waits.
        this.emit(events);
        this.info(STOP);
        return [];
      }
      events.push(step.value);
    }
    return events;
  }

  async #pull(iterator: AsyncIterator<Event>): Promise<void> {
    this.#pulling = true;
    try {
      while (this.#wanted > 0 && !this.#ended && !this.#exhausted) {
        const step = await iterator.next();
        if (step.done === true) this.#exhausted = true;
        else {
          this.#wanted--;
          this.#pulled.push(step.value);
        }
        this.#announce();
      }
    } catch (error) {
      this.#exhausted = true;
      this.#failure = { error };
      this.#announce();
    }
    this.#pulling = false;
  }

  #announce(): void {
    if (this.#announced || this.#ended) return;
    this.#announced = true;
    this.self().send(PULLED);
  }

  #emitPulled(): void {
    this.#announced = false;
    const events = this.#pulled;
    this.#pulled = [];
    this.emit(events);
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#exhausted) this.info(STOP);
  }

  async #close(closing: PromiseLike<unknown>): Promise<void> {
    const { system } = this;
    const ref = this.self().toString();
    try {
      await closing;
    } catch (thrown) {
      system.report({
        type: "stage",
        level: "warning",
        text: `${this.constructor.name} ${ref} has ended, and its source could not be closed: ${formatReason(reasonOfThrown(thrown))}`,
        details: { ref, event: "source_not_closed", thrown },
      });
    }
  }
}
