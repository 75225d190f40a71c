import {
  type ActorRef,
  type ActorSystem,
  type AnyRef,
  BadReturnError,
  type ExitReason,
  formatReason,
  type InitResult,
  isNormalExit,
  whatCame,
} from "../../src/index.js";
import { DemandWindow } from "./demand-window.js";
import { Inlet, type InletEntry } from "./inlet.js";
import { type CheckedSubscription, checkSubscribeOptions, type SubscribeOptions } from "./stage-options.js";
import type { Cancellation, DeliverySignal, StageSink, StageSource, SubscribeSignal } from "./stage-signals.js";
import { Subscription } from "./subscription.js";

type Later = void | Promise<void>;

/** What asking for a subscription answers. */
export type SubscribeResult =
  | { readonly ok: true; readonly subscription: Subscription }
  /** `noproc`: nobody holds that name. The consumer ends, unless the subscription was to be temporary. */
  | { readonly ok: false; readonly reason: "noproc" }
  /** The actor with that name is no stage that produces. */
  | { readonly ok: false; readonly reason: "not_a_producer" }
  | { readonly ok: false; readonly reason: "bad_options"; readonly error: unknown };

/** Tells a consumer that one of its subscriptions is over because the producer has ended. */
export type ConsumerNotice = {
  readonly kind: "producer_down";
  readonly subscription: Subscription;
  readonly reason: ExitReason;
};

/** All that a consumer is sent. */
export type ToConsumer<Event> = DeliverySignal<Event> | ConsumerNotice;

/** Whether a signal is for the consuming end of a stage. */
export function isForConsumers<Event>(signal: { readonly kind: string }): signal is ToConsumer<Event> {
  return signal.kind === "events" || signal.kind === "cancelled" || signal.kind === "producer_down";
}

/** The consuming end of a stage as the end itself addresses it. */
export interface NotifiedSink<Event> {
  stageSignal(signal: ToConsumer<Event>): Later;
}

/** What the consuming end of a stage needs of its stage. */
export interface ConsumerHost<Event> {
  readonly system: ActorSystem;
  readonly ref: ActorRef<NotifiedSink<Event>>;
  readonly behaviour: string;
  /** Whether it has asked to stop. */
  readonly stopping: boolean;
  /** Whether the next batch may be handled. */
  readonly open: boolean;
  /** Whether events that came of former batches still wait to go out. */
  readonly holdsEvents: boolean;
  handleSubscribe(settings: CheckedSubscription, from: Subscription): unknown;
  handleCancel(cancellation: Cancellation, from: Subscription): Later;
  /** Handles a batch, and what it returned. */
  handleBatch(events: readonly Event[], from: Subscription): Later;
  passInfo(message: unknown): boolean;
  stop(reason: ExitReason): void;
}

interface Upstream {
  readonly settings: CheckedSubscription;
  /** `undefined` where demand is manual. */
  window: DemandWindow | undefined;
  forget: () => void;
}

interface End {
  readonly subscription: Subscription;
  readonly settings: CheckedSubscription;
  readonly cancellation: Cancellation;
}

type Replaced = SubscribeSignal<unknown>["replaces"];

/** The consuming end of a stage: its subscriptions, and what has come through them and waits. */
export class ConsumerEnd<Event> {
  readonly #host: ConsumerHost<Event>;
  readonly #upstreams = new Map<Subscription, Upstream>();
  readonly #inlet = new Inlet<Event, Subscription, End>();
  #lastId = 0;

  constructor(host: ConsumerHost<Event>) {
    this.#host = host;
  }

  /** The producers, one for each subscription. */
  get producers(): readonly AnyRef[] {
    return [...this.#upstreams.keys()].map(({ producer }) => producer);
  }

  /** Whether something waits to be handled. */
  get waits(): boolean {
    return !this.#inlet.isEmpty;
  }

  /** Subscribes to each in turn, for `init`. Returns why the stage must not start, if so. @throws {BadArgumentError} for options that cannot be used */
  subscribeAll(
    list: readonly (SubscribeOptions<Event> | ActorRef<StageSource<Event>>)[],
    from = 0,
  ): InitResult | undefined | Promise<InitResult | undefined> {
    for (let index = from; index < list.length; index++) {
      const entry = list[index];
      if (entry === undefined) continue;
      const options = "to" in entry ? entry : { to: entry };
      const settings = checkSubscribeOptions(options);
      const result = this.#subscribe(options, settings, undefined);
      if (result instanceof Promise) {
        return result.then((later) => this.#startFailure(later, settings) ?? this.subscribeAll(list, index + 1));
      }
      const failure = this.#startFailure(result, settings);
      if (failure !== undefined) return failure;
    }
    return undefined;
  }

  /** Subscribes at run time. */
  subscribe(options: SubscribeOptions<Event>, replaces: Replaced): SubscribeResult | Promise<SubscribeResult> {
    let settings: CheckedSubscription;
    try {
      settings = checkSubscribeOptions(options);
    } catch (error) {
      this.#report("error", `cannot subscribe: ${error instanceof Error ? error.message : String(error)}`);
      return { ok: false, reason: "bad_options", error };
    }
    const result = this.#subscribe(options, settings, replaces);
    if (!(result instanceof Promise) && !result.ok && result.reason === "noproc" && settings.cancel !== "temporary") {
      this.#host.stop("noproc");
    }
    return result;
  }

  /** Takes what has come; then {@link ConsumerEnd.run} handles it. */
  receive(signal: ToConsumer<Event>): Later {
    const { subscription } = signal;
    const upstream = this.#upstreams.get(subscription);
    if (signal.kind === "events") {
      if (upstream === undefined) return subscription.cancel("unknown_subscription");
      this.#inlet.addBatches(subscription, this.#split(upstream, subscription, signal.events));
      return;
    }
    if (upstream === undefined) return;
    this.#upstreams.delete(subscription);
    upstream.forget();
    const cancellation =
      signal.kind === "cancelled" ? signal.cancellation : ({ kind: "down", reason: signal.reason } as const);
    const end = { subscription, settings: upstream.settings, cancellation };
    if (this.#inlet.isEmpty && !this.#host.holdsEvents) return this.#end(end);
    // The stage may end with it, so it is in line behind all that came before.
    this.#inlet.addEnd(end);
  }

  /** Passes an info on behind all events so far; false when it is refused, because too many wait. */
  info(message: unknown): boolean {
    return this.#inlet.isEmpty ? this.#host.passInfo(message) : this.#inlet.addInfo(message);
  }

  /** Handles what waits, while it may. */
  run(): Later {
    for (let entry = this.#next(); entry !== undefined; entry = this.#next()) {
      const handling = this.#handle(entry);
      if (handling instanceof Promise) return this.#runOn(handling);
    }
  }

  /** Gives back what would outlive the stage. */
  release(): void {
    for (const { forget } of this.#upstreams.values()) forget();
    this.#upstreams.clear();
  }

  async #runOn(handling: Promise<void>): Promise<void> {
    await handling;
    for (let entry = this.#next(); entry !== undefined; entry = this.#next()) await this.#handle(entry);
  }

  #next(): InletEntry<Event, Subscription, End> | undefined {
    return this.#host.open && !this.#host.stopping ? this.#inlet.take() : undefined;
  }

  #handle(entry: InletEntry<Event, Subscription, End>): Later {
    if (entry.kind === "end") return this.#end(entry.end);
    if (entry.kind === "info") {
      if (!this.#host.passInfo(entry.message)) this.#report("warning", "has dropped an info, because too many wait");
      return;
    }
    const { from, ask } = entry;
    const handling = this.#host.handleBatch(entry.events, from);
    if (handling instanceof Promise) return handling.then(() => this.#ask(from, ask));
    this.#ask(from, ask);
  }

  #ask(from: Subscription, count: number): void {
    if (count > 0 && !this.#host.stopping && this.#upstreams.has(from)) from.ask(count);
  }

  #split(
    { window }: Upstream,
    subscription: Subscription,
    events: readonly Event[],
  ): { readonly batches: readonly { readonly events: readonly Event[]; readonly ask: number }[] } {
    if (window === undefined) return { batches: [{ events, ask: 0 }] };
    const split = window.split(events);
    if (split.excess > 0) this.#report("error", `has received ${split.excess} events in excess from ${subscription}`);
    return split;
  }

  #end({ subscription, settings, cancellation }: End): Later {
    const handling = this.#host.handleCancel(cancellation, subscription);
    if (handling instanceof Promise) return handling.then(() => this.#stopWith(subscription, settings, cancellation));
    this.#stopWith(subscription, settings, cancellation);
  }

  #stopWith(subscription: Subscription, { cancel }: CheckedSubscription, { reason }: Cancellation): void {
    const stops = cancel === "permanent" || (cancel === "transient" && !isNormalExit(reason));
    // A second subscription where one is enough has lost nothing.
    if (!stops || reason === "already_subscribed") return;
    this.#report("info", `is stopping, because its subscription ${subscription} ended: ${formatReason(reason)}`);
    this.#host.stop(reason);
  }

  #subscribe(
    { to, selector }: SubscribeOptions<Event>,
    settings: CheckedSubscription,
    replaces: Replaced,
  ): SubscribeResult | Promise<SubscribeResult> {
    const { system, ref } = this.#host;
    const producer = typeof to === "string" ? system.whereis<StageSource<Event>>(to) : to;
    if (producer === undefined) {
      const level = settings.cancel === "temporary" ? "info" : "error";
      this.#report(level, `was not able to subscribe to ${whatCame(to)}: nobody holds that name`);
      return { ok: false, reason: "noproc" };
    }
    if (!("estimateBufferedCount" in producer.cast)) {
      this.#report("error", `was not able to subscribe to ${whatCame(to)}: it is no stage that produces`);
      return { ok: false, reason: "not_a_producer" };
    }
    const subscription = new Subscription({ system, id: ++this.#lastId, producer, consumer: ref });
    const consumer: ActorRef<StageSink<Event>> = ref;
    const signal = { kind: "subscribe", subscription, consumer, selector, settings, replaces } as const;
    if (system.isAlive(producer)) producer.cast.stageSignal(signal);
    this.#listen(subscription, settings);
    const control = this.#host.handleSubscribe(settings, subscription);
    if (control instanceof Promise) return control.then((later: unknown) => this.#begin(subscription, settings, later));
    return this.#begin(subscription, settings, control);
  }

  #listen(subscription: Subscription, settings: CheckedSubscription): void {
    const { system, ref } = this.#host;
    const upstream: Upstream = { settings, window: undefined, forget: () => undefined };
    this.#upstreams.set(subscription, upstream);
    const alive = system.isAlive(subscription.producer);
    // Not a monitor: a class that overrides handleDown need not know of subscriptions.
    upstream.forget = system.onExit(subscription.producer, (ended) => {
      ref.cast.stageSignal({ kind: "producer_down", subscription, reason: alive ? ended : "noproc" });
    });
  }

  #begin(subscription: Subscription, settings: CheckedSubscription, control: unknown): SubscribeResult {
    if (control !== undefined && control !== "automatic" && control !== "manual") {
      throw new BadReturnError(
        `${this.#host.behaviour}.handleSubscribe returned ${whatCame(control)} for a producer. It may return nothing, "automatic", "manual", or a promise of one of these.`,
      );
    }
    const { maxDemand, minDemand } = settings;
    const upstream = this.#upstreams.get(subscription);
    if (upstream !== undefined && (control ?? settings.demand) === "automatic") {
      upstream.window = new DemandWindow(maxDemand, minDemand);
      subscription.ask(maxDemand);
    }
    return { ok: true, subscription };
  }

  #startFailure(result: SubscribeResult, { cancel }: CheckedSubscription): InitResult | undefined {
    return result.ok || cancel === "temporary" ? undefined : { stop: result.reason };
  }

  #report(level: "error" | "warning" | "info", text: string): void {
    const { behaviour, ref, system } = this.#host;
    const details = { ref: ref.toString(), event: "consumer" };
    system.report({ type: "stage", level, text: `${behaviour} ${ref} ${text}`, details });
  }
}
