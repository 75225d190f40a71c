import { Actor, type ExitReason } from "../../src/index.js";
import type { ConsumerEnd, SubscribeResult } from "./consumer-end.js";
import type { SubscribeOptions } from "./stage-options.js";
import type { Subscription } from "./subscription.js";

/** Names the consuming end of a stage. @internal */
export const consumerEnd: unique symbol = Symbol("holdfast.stage.consumerEnd");
/** Names whether a stage has asked to stop. @internal */
export const isStopping: unique symbol = Symbol("holdfast.stage.isStopping");

/** A stage that subscribes to producers: what a `Consumer` and a `ProducerConsumer` have in common. */
export abstract class SubscribingStage<In, Args> extends Actor<Args> {
  /** @internal */
  protected [isStopping] = false;

  /** @internal */
  protected abstract get [consumerEnd](): ConsumerEnd<In>;

  /** Subscribes to a producer. */
  subscribeTo(options: SubscribeOptions<In>): SubscribeResult | Promise<SubscribeResult> {
    return this[consumerEnd].subscribe(options, undefined);
  }

  /** Cancels a subscription with a reason and subscribes anew, in one step: the producer does not see the consumer gone in between. */
  resubscribe(
    subscription: Subscription,
    reason: ExitReason,
    options: SubscribeOptions<In>,
  ): SubscribeResult | Promise<SubscribeResult> {
    return this[consumerEnd].subscribe(options, { subscription, reason });
  }

  /** Gives a message to this stage's `handleInfo`, behind all events that wait here. False when it is refused, because 10,000 wait. */
  info(message: unknown): boolean {
    return this[consumerEnd].info(message);
  }

  protected override stop(reason: ExitReason = "normal"): void {
    this[isStopping] = true;
    super.stop(reason);
  }
}
