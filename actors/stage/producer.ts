import {
  Actor,
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
import type { DemandMode } from "./outlet.js";
import { ProducerEnd, type ProducerHost } from "./producer-end.js";
import {
  type CheckedSubscription,
  checkDemandMode,
  checkKeys,
  checkProducerOptions,
  type ProducerInit,
  type ProducerOptions,
} from "./stage-options.js";
import { emittedEvents, planOf, returnedEvents } from "./stage-init.js";
import type { Cancellation, StageSource, ToProducer } from "./stage-signals.js";
import { listed, type StageStatus } from "./stage-status.js";
import type { Subscription } from "./subscription.js";

const DEFAULT_BUFFER_SIZE = 10_000;

/** What a hook that may emit events returns: events, or nothing. */
export type Emitted<Event> = void | readonly Event[];

/**
 * An actor that emits events when, and only as many as, consumers have asked for: the producer of Elixir's GenStage.
 *
 * ```ts
 * class Numbers extends Producer<number, { from: number }> {
 *   #next = 0;
 *   override init({ from }: { from: number }) { this.#next = from; }
 *   override handleDemand(demand: number) { return Array.from({ length: demand }, () => this.#next++); }
 * }
 * ```
 *
 * The type arguments: its events, and the argument of `init`. `init` may return options. Any method may `emit` too, asked or not: what nobody
 * has asked for waits in a buffer of 10,000 events by default. A demand is told once: a producer that has not enough emits the rest later.
 *
 * Its messages, besides those of the class: `info`, `demand` and `estimateBufferedCount`. What survives a crash: nothing; consumers end with it, or
 * subscribe to the next one, see `cancel` of their options.
 */
export abstract class Producer<Event, Args = void> extends Actor<Args> {
  static readonly [messages]: readonly string[] = ["stageSignal", "info", "demand", "estimateBufferedCount"];
  static readonly [hooks]: readonly string[] = ["handleDemand"];
  declare readonly [reservedNames]?: "handleDemand" | "handleSubscribe" | "handleCancel" | "formatDiscarded";

  #end: ProducerEnd<Event> | undefined;

  /** Sets the stage up, and may return its options. */
  override init(_args: Args): ProducerInit<Event> | Promise<ProducerInit<Event>> {}

  /** Called with how many more events are wanted, from 1. Returns some of them, or emits them now or later. */
  abstract handleDemand(demand: number): Emitted<Event> | Promise<Emitted<Event>>;

  /** Called when a consumer subscribes, before its first demand. */
  handleSubscribe(
    _kind: "consumer",
    _settings: CheckedSubscription,
    _from: Subscription,
  ): void | "automatic" | Promise<void | "automatic"> {}

  /** Called when a subscription has ended. */
  handleCancel(_cancellation: Cancellation, _from: Subscription): void | Promise<void> {}

  /** Called when events were discarded; returns whether to report that. */
  formatDiscarded(_count: number): boolean {
    return true;
  }

  /** Between stages. */
  stageSignal(signal: ToProducer<Event>): void | Promise<void> {
    const handled = this.#running.handle(signal);
    return handled instanceof Promise ? handled.then(() => this.#meetDemand()) : this.#meetDemand();
  }

  /**
   * Gives a message to this stage's `handleInfo`, once all events that wait now have gone out: `sync_info` when it is called, `async_info` when cast.
   *
   * False when it is refused, because 10,000 wait.
   */
  info(message: unknown): boolean {
    return this.#running.outlet.info(message);
  }

  /** Sets whether demand is forwarded to `handleDemand` or accumulates, and says what it is. While it accumulates, events wait too. */
  demand(mode?: DemandMode): DemandMode {
    const { outlet } = this.#running;
    if (mode !== undefined && checkDemandMode(mode) !== outlet.mode) {
      outlet.setMode(mode);
      this.#running.noticeDemand();
    }
    return outlet.mode;
  }

  /** How many events wait for demand. */
  estimateBufferedCount(): number {
    return this.#running.outlet.buffered;
  }

  override [startup](args: Args): unknown {
    return whenDone(this.init(args), (returned) => this.#begin(returned));
  }

  override [release](reason: ExitReason): void {
    this.#end?.release();
    super[release](reason);
  }

  override formatStatus(): StageStatus {
    const end = this.#end;
    if (end === undefined) return { kind: "stage", type: "producer" };
    const { buffered, mode } = end.outlet;
    return {
      kind: "stage",
      type: "producer",
      consumers: listed(end.consumers),
      buffered,
      discarded: end.discarded,
      demand: mode,
    };
  }

  /**
   * Emits events: they go out at once as far as they are wanted, and wait otherwise.
   *
   * In a call they go out before the reply; to reply first, use `this.defer()`. It may be called outside of a handler too, for instance when
   * data arrives; after the stage has ended it does nothing. Do not change the array afterwards: it is what consumers get.
   */
  protected emit(events: readonly Event[]): void {
    this.#running.emit(emittedEvents(events));
  }

  get #running(): ProducerEnd<Event> {
    if (this.#end !== undefined) return this.#end;
    throw new NoContextError(
      `${this.constructor.name} emits nothing in its init: do it in a handler, or continueWith something`,
    );
  }

  #begin(returned: ProducerInit<Event>): InitResult | undefined {
    const { answer, options } = planOf<ProducerOptions<Event>>(this.constructor.name, returned, {});
    if (options === undefined) return answer;
    checkKeys(options, "producer");
    const host: ProducerHost<Event> = {
      system: this.system,
      ref: this.self<StageSource<Event>>(),
      behaviour: this.constructor.name,
      handleSubscribe: (settings, from) => this.handleSubscribe("consumer", settings, from),
      handleCancel: (cancellation, from) => this.handleCancel(cancellation, from),
      formatDiscarded: (count) => this.formatDiscarded(count),
      needsNotice: () => this.#running.outlet.hasDemand,
    };
    this.#end = new ProducerEnd(host, checkProducerOptions(options, DEFAULT_BUFFER_SIZE));
    return answer;
  }

  /** Asks the class for events, once; what else is wanted then comes by a notice, so that other messages get their turn. */
  #meetDemand(): void | Promise<void> {
    const end = this.#running;
    const demand = end.outlet.nextDemand();
    if (demand === 0) return;
    const returned = this.handleDemand(demand);
    if (returned instanceof Promise) return returned.then((later) => this.#emitReturned(later));
    this.#emitReturned(returned);
  }

  #emitReturned(returned: Emitted<Event>): void {
    const end = this.#running;
    end.emit(returnedEvents(`${this.constructor.name}.handleDemand`, returned));
    end.noticeDemand();
  }
}
