import type { ActorRef, ExitReason } from "../../src/index.js";
import type { DispatchSettings } from "./dispatcher.js";
import type { CheckedSubscription } from "./stage-options.js";
import type { Subscription } from "./subscription.js";

/** Why a subscription ended: it was cancelled, or the stage at the other end has ended. */
export interface Cancellation {
  readonly kind: "cancel" | "down";
  readonly reason: ExitReason;
}

/** Asks a producer for a subscription; one that it replaces is cancelled before. */
export interface SubscribeSignal<Event> {
  readonly kind: "subscribe";
  readonly subscription: Subscription;
  readonly consumer: ActorRef<StageSink<Event>>;
  readonly selector: DispatchSettings<Event>["selector"];
  readonly settings: CheckedSubscription;
  readonly replaces: { readonly subscription: Subscription; readonly reason: ExitReason } | undefined;
}

/** Asks a producer for events, or for the end of a subscription. */
export type SubscriptionSignal =
  | { readonly kind: "ask"; readonly subscription: Subscription; readonly count: number }
  | { readonly kind: "cancel"; readonly subscription: Subscription; readonly reason: ExitReason };

/** What a producer tells itself: that a consumer has ended, or that there is demand to be looked at. */
export type ProducerNotice =
  | { readonly kind: "consumer_down"; readonly subscription: Subscription; readonly reason: ExitReason }
  | { readonly kind: "demand" };

/** Brings a consumer events, or the end of a subscription. */
export type DeliverySignal<Event> =
  | { readonly kind: "events"; readonly subscription: Subscription; readonly events: readonly Event[] }
  | { readonly kind: "cancelled"; readonly subscription: Subscription; readonly cancellation: Cancellation };

/** All that a producer is sent. */
export type ToProducer<Event> = SubscribeSignal<Event> | SubscriptionSignal | ProducerNotice;

/** Whatever emits events: a producer, or a stage that is both. Its messages are the stages' own; `ActorRef<StageSource<E>>` is what consumers take. */
export interface StageSource<Event> {
  stageSignal(signal: ToProducer<Event>): void | Promise<void>;
}

/** Whatever takes events: a consumer, or a stage that is both. */
export interface StageSink<Event> {
  stageSignal(signal: DeliverySignal<Event>): void | Promise<void>;
}

/** What is sent through a subscription. */
export interface SubscriptionSignals {
  stageSignal(signal: SubscriptionSignal): void | Promise<void>;
}
