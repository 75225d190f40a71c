import { type ActorRef, type ActorSystem, type AnyRef, BadReturnError, whatCame } from "../../src/index.js";
import { DiscardReport } from "./discard-report.js";
import { Outlet } from "./outlet.js";
import type { CheckedProducer, CheckedSubscription } from "./stage-options.js";
import type { Cancellation, StageSink, StageSource, SubscribeSignal, ToProducer } from "./stage-signals.js";
import type { Subscription } from "./subscription.js";

type Later = void | Promise<void>;

/** What the producing end of a stage needs of its stage. */
export interface ProducerHost<Event> {
  readonly system: ActorSystem;
  readonly ref: ActorRef<StageSource<Event>>;
  readonly behaviour: string;
  handleSubscribe(settings: CheckedSubscription, from: Subscription): unknown;
  handleCancel(cancellation: Cancellation, from: Subscription): Later;
  formatDiscarded(count: number): boolean;
  /** Whether there is something to do about demand that nobody has asked to be done. */
  needsNotice(): boolean;
}

interface Consumer<Event> {
  readonly ref: ActorRef<StageSink<Event>>;
  /** Stops listening to its end. */
  forget: () => void;
}

/** The producing end of a stage: its outlet, and the consumers behind the outlet's subscriptions. */
export class ProducerEnd<Event> {
  readonly outlet: Outlet<Event, Subscription>;
  readonly #host: ProducerHost<Event>;
  readonly #consumers = new Map<Subscription, Consumer<Event>>();
  readonly #discards: DiscardReport;
  /** Whether a notice to itself, that there is demand, is on its way. */
  #noticed = false;
  #closed = false;

  constructor(host: ProducerHost<Event>, options: CheckedProducer<Event>) {
    this.#host = host;
    this.#discards = new DiscardReport(host.system, host.ref, host.behaviour);
    this.outlet = new Outlet({
      dispatcher: options.dispatcher,
      bufferSize: options.bufferSize,
      bufferKeep: options.bufferKeep,
      mode: options.demand,
      port: {
        deliver: (subscription, events) => this.#deliver(subscription, events),
        info: (message) => host.ref.send(message),
        warn: (text) => this.#warn(text),
        discarded: (count) => this.#discards.add(count, host.formatDiscarded(count)),
        random: () => host.system.random.next(),
      },
    });
  }

  /** The consumers, one for each subscription. */
  get consumers(): readonly AnyRef[] {
    return [...this.#consumers.keys()].map(({ consumer }) => consumer);
  }

  /** Events discarded since the start. */
  get discarded(): number {
    return this.#discards.total;
  }

  /** Sends events out, or keeps them; does nothing when the stage has ended. */
  emit(events: readonly Event[]): void {
    if (this.#closed) return;
    this.outlet.emit(events);
    this.noticeDemand();
  }

  /** Sees to it that open demand is looked at, once what is being handled is done. */
  noticeDemand(): void {
    if (this.#noticed || !this.#host.needsNotice()) return;
    this.#noticed = true;
    this.#host.ref.cast.stageSignal({ kind: "demand" });
  }

  /** Does what a signal asks for; what follows for demand is the stage's. */
  handle(signal: ToProducer<Event>): Later {
    switch (signal.kind) {
      case "subscribe":
        return this.#replaceAndSubscribe(signal);
      case "ask":
        if (this.#consumers.has(signal.subscription)) this.outlet.ask(signal.subscription, signal.count);
        return;
      case "cancel":
        return this.#cancel(signal.subscription, { kind: "cancel", reason: signal.reason });
      case "consumer_down":
        return this.#cancel(signal.subscription, { kind: "down", reason: signal.reason });
      case "demand":
        this.#noticed = false;
    }
  }

  /** Gives back what would outlive the stage. */
  release(): void {
    this.#closed = true;
    for (const { forget } of this.#consumers.values()) forget();
    this.#consumers.clear();
    this.#discards.flush();
  }

  #replaceAndSubscribe(signal: SubscribeSignal<Event>): Later {
    const { replaces } = signal;
    if (replaces === undefined) return this.#subscribe(signal);
    const cancelled = this.#cancel(replaces.subscription, { kind: "cancel", reason: replaces.reason });
    return cancelled instanceof Promise ? cancelled.then(() => this.#subscribe(signal)) : this.#subscribe(signal);
  }

  #subscribe(signal: SubscribeSignal<Event>): Later {
    const { subscription, consumer, settings } = signal;
    const { ref, system } = this.#host;
    const entry: Consumer<Event> = { ref: consumer, forget: () => undefined };
    this.#consumers.set(subscription, entry);
    // Not a monitor: a class that overrides handleDown need not know of subscriptions.
    entry.forget = system.onExit(consumer, (reason) => {
      ref.cast.stageSignal({ kind: "consumer_down", subscription, reason });
    });
    const control = this.#host.handleSubscribe(settings, subscription);
    if (control instanceof Promise) return control.then((later: unknown) => this.#begin(signal, later));
    return this.#begin(signal, control);
  }

  #begin({ subscription, consumer, selector, settings }: SubscribeSignal<Event>, control: unknown): Later {
    if (control !== undefined && control !== "automatic") {
      throw new BadReturnError(
        `${this.#host.behaviour}.handleSubscribe returned ${whatCame(control)} for a consumer. It may return nothing, "automatic", or a promise of one of these.`,
      );
    }
    const { partition } = settings;
    const reason = this.outlet.subscribe(subscription, { consumer, selector, partition });
    if (reason !== undefined) return this.#remove(subscription, { kind: "cancel", reason });
  }

  /** Ends a subscription; one that has ended before is left alone. */
  #cancel(subscription: Subscription, cancellation: Cancellation): Later {
    if (!this.#consumers.has(subscription)) return;
    // First, so that nothing which handleCancel emits goes to a consumer that is gone.
    this.outlet.cancel(subscription);
    return this.#remove(subscription, cancellation);
  }

  #remove(subscription: Subscription, cancellation: Cancellation): Later {
    const consumer = this.#consumers.get(subscription);
    if (consumer === undefined) return;
    this.#consumers.delete(subscription);
    consumer.forget();
    const told = { kind: "cancel", reason: cancellation.reason } as const;
    this.#send(consumer.ref, { kind: "cancelled", subscription, cancellation: told });
    return this.#host.handleCancel(cancellation, subscription);
  }

  #deliver(subscription: Subscription, events: readonly Event[]): void {
    const consumer = this.#consumers.get(subscription);
    if (consumer !== undefined) this.#send(consumer.ref, { kind: "events", subscription, events });
  }

  #send(to: ActorRef<StageSink<Event>>, signal: Parameters<StageSink<Event>["stageSignal"]>[0]): void {
    if (this.#host.system.isAlive(to)) to.cast.stageSignal(signal);
  }

  #warn(text: string): void {
    const { behaviour, ref, system } = this.#host;
    system.report({
      type: "stage",
      level: "warning",
      text: `${behaviour} ${ref} ${text}`,
      details: { ref: ref.toString(), event: "warning" },
    });
  }
}
