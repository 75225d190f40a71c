import {
  type ExitReason,
  hooks,
  type InitResult,
  messages,
  NoContextError,
  release,
  type reservedNames,
  startup,
} from "../../src/index.js";
import { whenDone } from "../../supervisors/in-order.js";
import { ConsumerEnd, type ConsumerHost, isForConsumers, type NotifiedSink, type ToConsumer } from "./consumer-end.js";
import type { DemandMode } from "./outlet.js";
import type { Emitted } from "./producer.js";
import { ProducerEnd, type ProducerHost } from "./producer-end.js";
import { emittedEvents, planOf, returnedEvents } from "./stage-init.js";
import {
  type CheckedSubscription,
  checkKeys,
  checkProducerOptions,
  type DemandControl,
  type ProducerConsumerInit,
  type ProducerConsumerOptions,
} from "./stage-options.js";
import type { Cancellation, StageSource, ToProducer } from "./stage-signals.js";
import { listed, type StageStatus } from "./stage-status.js";
import { consumerEnd, isStopping, SubscribingStage } from "./subscribing-stage.js";
import type { Subscription } from "./subscription.js";

interface Ends<In, Out> {
  readonly consumer: ConsumerEnd<In>;
  readonly producer: ProducerEnd<Out>;
}

/**
 * An actor that takes events from producers and emits others: the producer-consumer of Elixir's GenStage.
 *
 * ```ts
 * class Squares extends ProducerConsumer<number, number> {
 *   override init(): ConsumerOptions<number> { return { subscribeTo: [{ to: "numbers" }] }; }
 *   override handleEvents(numbers: readonly number[]) { return numbers.map((n) => n * n); }
 * }
 * ```
 *
 * The type arguments: the events it takes, those it emits, and the argument of `init`. It handles a batch only while its consumers want events, so
 * that their demand reaches through to its producers. What a batch emits beyond that waits in a buffer, which is therefore without a bound by
 * default: it holds what one batch, or other methods that emit, leave in it. An `info` is in line with events that wait to be handled, too.
 */
export abstract class ProducerConsumer<In, Out, Args = void> extends SubscribingStage<In, Args> {
  static readonly [messages]: readonly string[] = [
    "stageSignal",
    "subscribeTo",
    "resubscribe",
    "info",
    "demand",
    "estimateBufferedCount",
  ];
  static readonly [hooks]: readonly string[] = ["handleEvents"];
  declare readonly [reservedNames]?: "handleEvents" | "handleSubscribe" | "handleCancel" | "formatDiscarded";

  #ends: Ends<In, Out> | undefined;

  /** Sets the stage up, and may return its options and what to subscribe to. */
  override init(_args: Args): ProducerConsumerInit<In, Out> | Promise<ProducerConsumerInit<In, Out>> {}

  /** Called with the next events of one subscription. Returns events, or emits them now or later. */
  abstract handleEvents(events: readonly In[], from: Subscription): Emitted<Out> | Promise<Emitted<Out>>;

  /** Called when this stage subscribes to a `"producer"`, and when a `"consumer"` subscribes to it. `"manual"` is for producers alone. */
  handleSubscribe(
    _kind: "producer" | "consumer",
    _settings: CheckedSubscription,
    _from: Subscription,
  ): void | DemandControl | Promise<void | DemandControl> {}

  /** Called when a subscription has ended; `from.producer` or `from.consumer` is this stage. */
  handleCancel(_cancellation: Cancellation, _from: Subscription): void | Promise<void> {}

  /** Called when events were discarded; returns whether to report that. */
  formatDiscarded(_count: number): boolean {
    return true;
  }

  /** Between stages. */
  stageSignal(signal: ToProducer<Out> | ToConsumer<In>): void | Promise<void> {
    const { consumer, producer } = this.#running;
    const handled = isForConsumers(signal) ? consumer.receive(signal) : producer.handle(signal);
    return handled instanceof Promise ? handled.then(() => consumer.run()) : consumer.run();
  }

  /** How demand is treated: such a stage always forwards it. */
  demand(): DemandMode {
    return "forward";
  }

  /** How many events wait for demand. */
  estimateBufferedCount(): number {
    return this.#running.producer.outlet.buffered;
  }

  override [startup](args: Args): unknown {
    return whenDone(this.init(args), (returned) => this.#begin(returned));
  }

  override [release](reason: ExitReason): void {
    this.#ends?.consumer.release();
    this.#ends?.producer.release();
    super[release](reason);
  }

  override formatStatus(): StageStatus {
    const ends = this.#ends;
    if (ends === undefined) return { kind: "stage", type: "producer_consumer" };
    const { consumer, producer } = ends;
    return {
      kind: "stage",
      type: "producer_consumer",
      producers: listed(consumer.producers),
      consumers: listed(producer.consumers),
      buffered: producer.outlet.buffered,
      discarded: producer.discarded,
    };
  }

  /** Emits events: they go out at once as far as they are wanted, and wait otherwise. See `emit` of {@link Producer}. */
  protected emit(events: readonly Out[]): void {
    this.#running.producer.emit(emittedEvents(events));
  }

  /** @internal */
  protected override get [consumerEnd](): ConsumerEnd<In> {
    return this.#running.consumer;
  }

  get #running(): Ends<In, Out> {
    if (this.#ends !== undefined) return this.#ends;
    throw new NoContextError(`${this.constructor.name} is still in its init: emit and subscribe in a handler`);
  }

  #begin(returned: ProducerConsumerInit<In, Out>): InitResult | undefined | Promise<InitResult | undefined> {
    const { answer, options } = planOf<ProducerConsumerOptions<In, Out>>(this.constructor.name, returned, {});
    if (options === undefined) return answer;
    checkKeys(options, "producer_consumer");
    const { subscribeTo = [], ...producing } = options;
    const consumer = new ConsumerEnd<In>(this.#consumerHost());
    const checked = checkProducerOptions<Out>(producing, Number.POSITIVE_INFINITY);
    this.#ends = { consumer, producer: new ProducerEnd<Out>(this.#producerHost(), checked) };
    return answer ?? consumer.subscribeAll(subscribeTo);
  }

  #producerHost(): ProducerHost<Out> {
    return {
      system: this.system,
      ref: this.self<StageSource<Out>>(),
      behaviour: this.constructor.name,
      handleSubscribe: (settings, from) => this.handleSubscribe("consumer", settings, from),
      handleCancel: (cancellation, from) => this.handleCancel(cancellation, from),
      formatDiscarded: (count) => this.formatDiscarded(count),
      needsNotice: () => this.#running.producer.outlet.wanted > 0 && this.#running.consumer.waits,
    };
  }

  #consumerHost(): ConsumerHost<In> {
    const isOpen = (): boolean => this.#running.producer.outlet.wanted > 0;
    const holdsEvents = (): boolean => this.#running.producer.outlet.buffered > 0;
    const stopping = (): boolean => this[isStopping];
    return {
      system: this.system,
      ref: this.self<NotifiedSink<In>>(),
      behaviour: this.constructor.name,
      get open() {
        return isOpen();
      },
      get holdsEvents() {
        return holdsEvents();
      },
      get stopping() {
        return stopping();
      },
      handleSubscribe: (settings, from) => this.handleSubscribe("producer", settings, from),
      handleCancel: (cancellation, from) => this.handleCancel(cancellation, from),
      handleBatch: (events, from) => {
        const returned = this.handleEvents(events, from);
        return returned instanceof Promise
          ? returned.then((later) => this.#emitReturned(later))
          : this.#emitReturned(returned);
      },
      passInfo: (message) => this.#running.producer.outlet.info(message),
      stop: (reason) => this.stop(reason),
    };
  }

  #emitReturned(returned: Emitted<Out>): void {
    this.#running.producer.emit(returnedEvents(`${this.constructor.name}.handleEvents`, returned));
  }
}
