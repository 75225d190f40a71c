import type { ActorSystem, AnyRef } from "../../src/index.js";
import { DeliveryQueue } from "./delivery-queue.js";
import { Outgoing } from "./outgoing.js";
import type { Publication } from "./publication.js";
import { type Delivering, Subscriber } from "./subscriber.js";
import { type SubscribeObstacle, type SubscriberLimits, SubscriberTable } from "./subscriber-table.js";

/** How many actors get something in one turn. */
const LISTENERS_PER_TURN = 1_000;

/**
 * The actors that listen to topics, the watch over their lives, and what is on its way to them.
 */
export class ActorListeners {
  readonly #system: ActorSystem;
  readonly #table: SubscriberTable<AnyRef, Subscriber>;
  readonly #deliveries = new DeliveryQueue<Outgoing, Subscriber>((outgoing, subscriber) => {
    if (outgoing.isFor(subscriber.actor)) subscriber.deliver(outgoing.publication);
  }, LISTENERS_PER_TURN);
  readonly #watched = new Map<AnyRef, () => void>();

  readonly #askForTurn: () => void;

  /** `askForTurn` has {@link ActorListeners.turn} called soon; `wanted` hears of topics and patterns to which the first listens, or the last did. */
  constructor(
    system: ActorSystem,
    limits: SubscriberLimits,
    askForTurn: () => void,
    wanted: (topic: string) => void = () => undefined,
  ) {
    this.#system = system;
    this.#askForTurn = askForTurn;
    this.#table = new SubscriberTable(limits, wanted);
  }

  set limits(limits: SubscriberLimits) {
    this.#table.limits = limits;
  }

  /** Subscriptions. */
  get size(): number {
    return this.#table.size;
  }

  /** Messages that are not with all actors yet. */
  get pending(): number {
    return this.#deliveries.length;
  }

  get counts(): { readonly subscriptions: number; readonly subscribers: number; topics: number; patterns: number } {
    const { size, owners, topics, patterns } = this.#table;
    return { subscriptions: size, subscribers: owners, topics, patterns };
  }

  /** Has an actor listen to a topic or pattern, or changes how it does. @throws {BadArgumentError} for a method that it does not have */
  subscribe(topic: string, actor: AnyRef, delivering: Delivering): Subscriber | SubscribeObstacle | "noproc" {
    if (!this.#system.isAlive(actor)) return "noproc";
    const known = this.#table.find(actor, topic);
    const obstacle = known === undefined ? this.#table.obstacle(actor) : undefined;
    if (obstacle !== undefined) return obstacle;
    const subscriber = known ?? new Subscriber(actor, this.#deliveries.latest, this.#system.clock);
    subscriber.change(delivering);
    if (known === undefined && this.#table.add(actor, topic, subscriber)) {
      // Called in the middle of the actor's end, before anybody handles a message about it.
      const unwatch = this.#system.onExit(actor, () => this.unsubscribe(actor));
      this.#watched.set(actor, unwatch);
    }
    return subscriber;
  }

  /** Ends the subscription of an actor to a topic or pattern, or all of them; returns how many that were. */
  unsubscribe(actor: AnyRef, topic?: string): number {
    let ended = 0;
    for (const each of topic === undefined ? this.#table.topicsOf(actor) : [topic]) {
      const subscriber = this.#table.remove(actor, each);
      if (subscriber === undefined) continue;
      subscriber.stop();
      ended++;
    }
    if (ended > 0 && !this.#table.has(actor)) {
      this.#watched.get(actor)?.();
      this.#watched.delete(actor);
    }
    return ended;
  }

  /** The topics and patterns that an actor listens to. */
  topicsOf(actor: AnyRef): string[] {
    return this.#table.topicsOf(actor);
  }

  /** Whether anybody listens to a topic by its name, or by this pattern. */
  isWanted(topic: string): boolean {
    return this.#table.isWanted(topic);
  }

  /** All topics and patterns that somebody listens to. */
  wanted(): Iterable<string> {
    return this.#table.wanted();
  }

  /** Sends a message to all that listen, as one that was there before: it has come late from another node. */
  deliverRetained(publication: Publication): void {
    for (const { subscribers } of this.#table.listening(publication.topic)) {
      for (const subscriber of subscribers) subscriber.send(publication.retainedMessage);
    }
  }

  /** How many subscriptions match a topic. */
  count(topic: string): number {
    let count = 0;
    for (const { subscribers } of this.#table.listening(topic)) count += subscribers.size;
    return count;
  }

  /** Sends a message to all that listen but one; returns how many those are. What does not fit in a turn asks for more. */
  deliver(publication: Publication, except: AnyRef | undefined): number {
    const lists = this.#table.listening(publication.topic);
    if (lists.length === 0) return 0;
    let count = 0;
    for (const { topic, subscribers } of lists) {
      count += subscribers.size;
      if (except !== undefined && this.#table.find(except, topic) !== undefined) count--;
    }
    const sets = lists.map(({ subscribers }) => subscribers);
    if (!this.#deliveries.start(new Outgoing(publication, except), sets)) this.#askForTurn();
    return count;
  }

  /** Goes on with what is on its way; false when all is delivered. */
  turn(): boolean {
    return this.#deliveries.turn();
  }
}
