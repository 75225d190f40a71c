import { type AnyRef, type ExitReason, isNormalExit, release } from "../../src/index.js";
import { Consumer } from "./consumer.js";
import { type Batch, DemandWindow } from "./demand-window.js";
import type { CheckedSubscription, ConsumerOptions, SubscribeOptions } from "./stage-options.js";
import type { Cancellation } from "./stage-signals.js";
import { StageStreamError } from "./stream-error.js";
import type { Subscription } from "./subscription.js";

/** A batch on its way to whoever iterates. */
export interface StreamBatch<Event> extends Batch<Event> {
  readonly from: Subscription;
}

/** What has come for one iteration and is not taken yet: never more than it has asked for. */
export class StreamQueue<Event> {
  #batches: StreamBatch<Event>[] = [];
  #ended: { readonly error: StageStreamError | undefined } | undefined;
  #wake: (() => void) | undefined;

  add(batches: readonly StreamBatch<Event>[]): void {
    for (const batch of batches) this.#batches.push(batch);
    this.#notify();
  }

  /** Ends the iteration after what has come, with an error if there is one. */
  end(error: StageStreamError | undefined): void {
    this.#ended ??= { error };
    this.#notify();
  }

  /** The next batch; `undefined` after the last. */
  async next(): Promise<StreamBatch<Event> | undefined> {
    for (;;) {
      const batch = this.#batches.shift();
      if (batch !== undefined) return batch;
      if (this.#ended?.error !== undefined) throw this.#ended.error;
      if (this.#ended !== undefined) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

/** What a {@link StreamConsumer} works for. */
export interface StreamPlan<Event> {
  readonly producers: readonly SubscribeOptions<Event>[];
  readonly queue: StreamQueue<Event>;
  readonly owner: AnyRef | undefined;
}

const CHECK = Symbol("check");
const CLOSE = Symbol("close");

/** Ends the consumer of an iteration that was left: its subscriptions are cancelled with `"normal"`. */
export function closeStream(consumer: AnyRef): void {
  consumer.send(CLOSE);
}

/** The consumer behind one iteration. It asks for more when whoever iterates has taken a batch, not when it has come. */
export class StreamConsumer<Event> extends Consumer<Event, StreamPlan<Event>> {
  #queue: StreamQueue<Event> | undefined;
  readonly #windows = new Map<
    Subscription,
    { readonly window: DemandWindow; readonly settings: CheckedSubscription }
  >();
  /** Whether the iteration has seen, or will see, all that its producers had. */
  #complete = false;
  #forgetOwner: (() => void) | undefined;

  override init({ producers, queue, owner }: StreamPlan<Event>): ConsumerOptions<Event> {
    this.#queue = queue;
    if (owner !== undefined) {
      const me: AnyRef = this.self();
      this.#forgetOwner = this.system.onExit(owner, () => closeStream(me));
    }
    this.continueWith(CHECK);
    return { subscribeTo: producers };
  }

  override handleContinue(term: unknown): void | Promise<void> {
    if (term !== CHECK) return super.handleContinue(term);
    this.#stopWithoutProducers();
  }

  override handleSubscribe(_kind: "producer", settings: CheckedSubscription, from: Subscription): "manual" {
    const { maxDemand, minDemand } = settings;
    this.#windows.set(from, { window: new DemandWindow(maxDemand, minDemand), settings });
    from.ask(maxDemand);
    return "manual";
  }

  override handleEvents(events: readonly Event[], from: Subscription): void {
    const batches = this.#windows.get(from)?.window.split(events).batches ?? [{ events, ask: 0 }];
    this.#queue?.add(batches.map((batch) => ({ ...batch, from })));
  }

  override handleCancel({ reason }: Cancellation, from: Subscription): void {
    const cancel = this.#windows.get(from)?.settings.cancel;
    this.#windows.delete(from);
    if (cancel === "permanent" && isNormalExit(reason)) this.#complete = true;
    this.#stopWithoutProducers();
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (message !== CLOSE) return super.handleInfo(message);
    for (const from of this.#windows.keys()) from.cancel("normal");
    this.stop();
  }

  override [release](reason: ExitReason): void {
    super[release](reason);
    this.#forgetOwner?.();
    this.#queue?.end(this.#complete && isNormalExit(reason) ? undefined : new StageStreamError(reason));
  }

  #stopWithoutProducers(): void {
    if (this.#windows.size > 0) return;
    this.#complete = true;
    this.stop();
  }
}
