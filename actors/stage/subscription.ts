import {
  type ActorRef,
  type ActorSystem,
  type AnyRef,
  BadArgumentError,
  type ExitReason,
  whatCame,
} from "../../src/index.js";
import type { SubscriptionSignals } from "./stage-signals.js";

/** What a subscription belongs to. Made by its consumer. */
export interface SubscriptionPlace {
  readonly system: ActorSystem;
  readonly id: number;
  readonly producer: ActorRef<SubscriptionSignals>;
  readonly consumer: AnyRef;
}

/**
 * One consumer's subscription to one producer: GenStage's `from`, the same object at both ends.
 *
 * It ends when it is cancelled, or when one of the two ends. What is sent through an ended one has no effect.
 */
export class Subscription {
  /** Tells the subscriptions of one consumer apart; from 1. */
  readonly id: number;
  readonly producer: AnyRef;
  readonly consumer: AnyRef;
  readonly #system: ActorSystem;
  readonly #signals: ActorRef<SubscriptionSignals>;

  /** @internal */
  constructor({ system, id, producer, consumer }: SubscriptionPlace) {
    this.id = id;
    this.producer = producer;
    this.consumer = consumer;
    this.#system = system;
    this.#signals = producer;
  }

  /**
   * Asks for so many more events. For subscriptions with manual demand: the others ask by themselves.
   *
   * @throws {BadArgumentError} when `count` is no whole number from 0
   */
  ask(count: number): void {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new BadArgumentError(
        `Expected the number of events to ask for as a whole number from 0, got ${whatCame(count)}`,
      );
    }
    if (count > 0 && this.#reachable) this.#signals.cast.stageSignal({ kind: "ask", subscription: this, count });
  }

  /** Ends it. Both ends are told with `handleCancel`, after the events that the producer has sent; a consumer may end with it, see `cancel` of its options. */
  cancel(reason: ExitReason = "normal"): void {
    if (this.#reachable) this.#signals.cast.stageSignal({ kind: "cancel", subscription: this, reason });
  }

  toString(): string {
    return `${this.consumer} -> ${this.producer} #${this.id}`;
  }

  /** A message to an actor that has ended would be a dead letter, though nothing is wrong. */
  get #reachable(): boolean {
    return this.#system.isAlive(this.producer);
  }
}
