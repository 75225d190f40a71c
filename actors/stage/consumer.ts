import {
  BadReturnError,
  type ExitReason,
  hooks,
  type InitResult,
  messages,
  NoContextError,
  release,
  type reservedNames,
  startup,
  whatCame,
} from "../../src/index.js";
import { whenDone } from "../../supervisors/in-order.js";
import { ConsumerEnd, type ConsumerHost, type NotifiedSink, type ToConsumer } from "./consumer-end.js";
import { planOf } from "./stage-init.js";
import {
  type CheckedSubscription,
  checkKeys,
  type ConsumerInit,
  type ConsumerOptions,
  type DemandControl,
} from "./stage-options.js";
import type { Cancellation } from "./stage-signals.js";
import { listed, type StageStatus } from "./stage-status.js";
import { consumerEnd, isStopping, SubscribingStage } from "./subscribing-stage.js";
import type { Subscription } from "./subscription.js";

/**
 * An actor that asks producers for events and handles what comes in batches: the consumer of Elixir's GenStage.
 *
 * ```ts
 * class Printer extends Consumer<number> {
 *   override init(): ConsumerOptions<number> { return { subscribeTo: [{ to: "numbers", maxDemand: 10 }] }; }
 *   override handleEvents(events: readonly number[]) { console.log(events); }
 * }
 * ```
 *
 * The type arguments: the events, and the argument of `init`, which may return what to subscribe to. At run time it is told with the message
 * `subscribeTo`. More is asked for when a batch has been handled, so a consumer that is slow, or waits for a promise, slows its producers
 * down.
 *
 * Its messages, besides those of the class: `subscribeTo`, `resubscribe` and `info`. What survives a crash: nothing; events that it had been sent
 * are lost with it.
 */
export abstract class Consumer<Event, Args = void> extends SubscribingStage<Event, Args> {
  static readonly [messages]: readonly string[] = ["stageSignal", "subscribeTo", "resubscribe", "info"];
  static readonly [hooks]: readonly string[] = ["handleEvents"];
  declare readonly [reservedNames]?: "handleEvents" | "handleSubscribe" | "handleCancel";

  #end: ConsumerEnd<Event> | undefined;

  /** Sets the stage up, and may return what to subscribe to. */
  override init(_args: Args): ConsumerInit<Event> | Promise<ConsumerInit<Event>> {}

  /** Called with the next events of one subscription: at most `maxDemand - minDemand` of them, unless demand is manual. */
  abstract handleEvents(events: readonly Event[], from: Subscription): void | Promise<void>;

  /** Called when this stage subscribes; may say who asks for events. Without an override the option `demand` says it. */
  handleSubscribe(
    _kind: "producer",
    _settings: CheckedSubscription,
    _from: Subscription,
  ): void | DemandControl | Promise<void | DemandControl> {}

  /** Called when a subscription has ended, behind its last events. Afterwards this stage may end, see `cancel` of the options. */
  handleCancel(_cancellation: Cancellation, _from: Subscription): void | Promise<void> {}

  /** Between stages. */
  stageSignal(signal: ToConsumer<Event>): void | Promise<void> {
    const end = this[consumerEnd];
    const handled = end.receive(signal);
    // No closure for a signal that is handled at once, as nearly all are.
    return handled instanceof Promise ? handled.then(() => end.run()) : end.run();
  }

  override [startup](args: Args): unknown {
    return whenDone(this.init(args), (returned) => this.#begin(returned));
  }

  override [release](reason: ExitReason): void {
    this.#end?.release();
    super[release](reason);
  }

  override formatStatus(): StageStatus {
    return { kind: "stage", type: "consumer", producers: listed(this.#end?.producers ?? []) };
  }

  /** @internal */
  protected override get [consumerEnd](): ConsumerEnd<Event> {
    if (this.#end !== undefined) return this.#end;
    throw new NoContextError(`${this.constructor.name} is still in its init: return what to subscribe to from it`);
  }

  #begin(returned: ConsumerInit<Event>): InitResult | undefined | Promise<InitResult | undefined> {
    const { answer, options } = planOf<ConsumerOptions<Event>>(this.constructor.name, returned, {});
    if (options === undefined) return answer;
    checkKeys(options, "consumer");
    const stopping = (): boolean => this[isStopping];
    const host: ConsumerHost<Event> = {
      system: this.system,
      ref: this.self<NotifiedSink<Event>>(),
      behaviour: this.constructor.name,
      open: true,
      holdsEvents: false,
      get stopping() {
        return stopping();
      },
      handleSubscribe: (settings, from) => this.handleSubscribe("producer", settings, from),
      handleCancel: (cancellation, from) => this.handleCancel(cancellation, from),
      handleBatch: (events, from) => {
        const returned = this.handleEvents(events, from);
        return returned instanceof Promise
          ? returned.then((later) => this.#checkReturned(later))
          : this.#checkReturned(returned);
      },
      passInfo: (message) => {
        this.self().send(message);
        return true;
      },
      stop: (reason) => this.stop(reason),
    };
    this.#end = new ConsumerEnd(host);
    return answer ?? this.#end.subscribeAll(options.subscribeTo ?? []);
  }

  #checkReturned(returned: unknown): void {
    if (returned === undefined) return;
    throw new BadReturnError(
      `${this.constructor.name}.handleEvents returned ${whatCame(returned)}. It may return nothing, or a promise of nothing: a consumer emits no events, a ProducerConsumer does.`,
    );
  }
}
