import { SegmentTrie } from "./segment-trie.js";
import { isPattern } from "./topic-name.js";

/** Who listens to one topic, or to all that match one pattern. */
export class SubscriberList<Subscriber extends object> {
  /** The topic, or the pattern. */
  readonly topic: string;
  readonly subscribers = new Set<Subscriber>();

  constructor(topic: string) {
    this.topic = topic;
  }
}

/** The bounds of a table of subscribers. */
export interface SubscriberLimits {
  /** Most subscriptions in all. */
  readonly maxSubscriptions: number;
  /** Most of one owner. */
  readonly subscriptionsPerActor: number;
}

/** Why a subscription is refused: a bound is reached. */
export type SubscribeObstacle = "too_many_subscriptions" | "full";

/**
 * Who listens to what: found by the name of a topic, and by the owner.
 *
 * An owner has one subscription to each topic or pattern. Pure; owners may be anything.
 */
export class SubscriberTable<Owner, Subscriber extends object> {
  limits: SubscriberLimits;
  readonly #exact = new Map<string, SubscriberList<Subscriber>>();
  readonly #patterns = new SegmentTrie<SubscriberList<Subscriber>>();
  readonly #byOwner = new Map<Owner, Map<string, Subscriber>>();
  readonly #changed: (topic: string) => void;
  #size = 0;

  /** `changed` hears of each topic or pattern that gets its first subscriber, or loses its last. */
  constructor(limits: SubscriberLimits, changed: (topic: string) => void = () => undefined) {
    this.limits = limits;
    this.#changed = changed;
  }

  /** Subscriptions in all. */
  get size(): number {
    return this.#size;
  }

  /** Topics, and patterns, that somebody listens to. */
  get topics(): number {
    return this.#exact.size;
  }

  get patterns(): number {
    return this.#patterns.size;
  }

  get owners(): number {
    return this.#byOwner.size;
  }

  /** Why an owner may not have one subscription more. */
  obstacle(owner: Owner): SubscribeObstacle | undefined {
    const { maxSubscriptions, subscriptionsPerActor } = this.limits;
    if ((this.#byOwner.get(owner)?.size ?? 0) >= subscriptionsPerActor) return "too_many_subscriptions";
    return this.#size >= maxSubscriptions ? "full" : undefined;
  }

  /** The subscription of an owner to a topic or pattern. */
  find(owner: Owner, topic: string): Subscriber | undefined {
    return this.#byOwner.get(owner)?.get(topic);
  }

  /** Whether an owner listens to anything. */
  has(owner: Owner): boolean {
    return this.#byOwner.has(owner);
  }

  /** What an owner listens to. */
  topicsOf(owner: Owner): string[] {
    return [...(this.#byOwner.get(owner)?.keys() ?? [])];
  }

  /** Puts a subscription in; the owner must have none to this topic or pattern. True for the owner's first. */
  add(owner: Owner, topic: string, subscriber: Subscriber): boolean {
    this.#listOf(topic).subscribers.add(subscriber);
    this.#size++;
    const known = this.#byOwner.get(owner);
    if (known === undefined) this.#byOwner.set(owner, new Map([[topic, subscriber]]));
    else known.set(topic, subscriber);
    return known === undefined;
  }

  /** Takes a subscription out, and gives it. */
  remove(owner: Owner, topic: string): Subscriber | undefined {
    const known = this.#byOwner.get(owner);
    const subscriber = known?.get(topic);
    if (known === undefined || subscriber === undefined) return undefined;
    known.delete(topic);
    if (known.size === 0) this.#byOwner.delete(owner);
    this.#size--;
    const list = this.#findList(topic);
    list?.subscribers.delete(subscriber);
    if (list?.subscribers.size === 0) this.#dropList(topic);
    return subscriber;
  }

  /** Whether anybody listens to a topic by its name, or by this pattern. */
  isWanted(topic: string): boolean {
    return this.#findList(topic) !== undefined;
  }

  /** All topics and patterns that somebody listens to. */
  *wanted(): Generator<string, void, undefined> {
    for (const owned of this.#byOwner.values()) yield* owned.keys();
  }

  /** Everybody who listens to a topic, by name or by pattern: one list for each. */
  listening(topic: string): SubscriberList<Subscriber>[] {
    const lists = this.#patterns.size === 0 ? [] : this.#patterns.match(topic);
    const exact = this.#exact.get(topic);
    if (exact !== undefined) lists.unshift(exact);
    return lists;
  }

  #findList(topic: string): SubscriberList<Subscriber> | undefined {
    return isPattern(topic) ? this.#patterns.get(topic) : this.#exact.get(topic);
  }

  #listOf(topic: string): SubscriberList<Subscriber> {
    const known = this.#findList(topic);
    if (known !== undefined) return known;
    const list = new SubscriberList<Subscriber>(topic);
    if (isPattern(topic)) this.#patterns.set(topic, list);
    else this.#exact.set(topic, list);
    this.#changed(topic);
    return list;
  }

  #dropList(topic: string): void {
    if (isPattern(topic)) this.#patterns.delete(topic);
    else this.#exact.delete(topic);
    this.#changed(topic);
  }
}
