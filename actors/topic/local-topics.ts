import { type ActorRef, type ActorSystem, type AnyRef, BadArgumentError, type MessageName } from "../../src/index.js";
import type { BroadcastOptions } from "./broadcast.js";
import type { LogStart } from "./topic-logs.js";
import type { TopicMessage, TopicPosition } from "./topic-message.js";
import { checkPattern, checkTopic } from "./topic-name.js";
import type { TopicsCore } from "./topics-core.js";
import { findTopics } from "./topics-directory.js";
import { DEFAULT_TOPICS } from "./topics-options.js";
import type {
  PublishResult,
  PublishToResult,
  TopicSubscribeResult,
  TopicPage,
  TopicsCounts,
} from "./topics-results.js";

interface Takes {
  // A method, not a property: the payload of what an actor takes is of the type that it says, which nobody checks.
  message(message: TopicMessage): unknown;
}

/** The messages of an actor that take a topic's message. */
export type TopicMethod<A> = {
  [Name in MessageName<A>]: A[Name] extends Takes["message"] ? Name : never;
}[MessageName<A>];

/** How an actor subscribes. */
export interface TopicSubscribeOptions<A = unknown> {
  /** The method that gets the messages, as casts; `handleInfo` by default. */
  readonly method?: TopicMethod<A>;
  /** First what was missed since that position, or all that there is; only for a topic with a log. */
  readonly from?: LogStart;
  /** First what is retained of the topic, or of all that the pattern matches; `true` by default. With `from` it is not asked. */
  readonly retained?: boolean;
  /**
   * Messages not more often than that, in milliseconds, and of several that wait under the same key only the latest; all at once by default.
   *
   * What comes after a rest comes at once. Of 1,000 that wait none waits longer.
   */
  readonly conflateMs?: number;
}

/** Who publishes, besides what there is to say of a broadcast. */
export interface PublishOptions extends BroadcastOptions {
  /** Against whose rate it counts. */
  readonly publisher?: AnyRef;
}

const MOST_READ = 1_000;

/**
 * The topics of this node: any actor listens, anybody publishes, and clients who have joined a topic's channel get the same. What is published
 * reaches the other nodes of its cluster too. Found with {@link topicsOf}.
 *
 * Every method has done its work when it returns; a message to more than 1,000 actors reaches the others in turns. A subscription ends with its
 * actor.
 *
 * @throws {TopicsError} `unknown_topics` from every method, while nobody runs topics of this name
 */
export class LocalTopics {
  readonly system: ActorSystem;
  readonly name: string;
  #core: TopicsCore | undefined;

  /** @internal */
  constructor(system: ActorSystem, name: string) {
    this.system = system;
    this.name = name;
  }

  /** The name of this node; see {@link LocalTopics.publishTo}. */
  get node(): string {
    return this.#open().node;
  }

  /**
   * Has an actor get what is published on a topic from now on, or on all topics that match a pattern, as {@link TopicMessage}.
   *
   * A pattern has `*` in the place of a segment, or `**` in that of the last ones: `room:*`, `metrics.**`. Another subscription of the actor to the
   * same changes how it gets its messages. One that matches several patterns of an actor comes once for each.
   *
   * @throws {BadArgumentError} for what is no topic or pattern, or `from` without a log
   */
  subscribe<A>(topic: string, actor: ActorRef<A>, options: TopicSubscribeOptions<A> = {}): TopicSubscribeResult {
    return this.#open().subscribe(topic, actor, options);
  }

  /** Ends the subscription of an actor to a topic or pattern, or all of them; returns how many. What is on its way may still arrive. */
  unsubscribe(actor: AnyRef, topic?: string): number {
    if (topic !== undefined) checkPattern(topic);
    return this.#open().listeners.unsubscribe(actor, topic);
  }

  /**
   * Sends an event to all clients and actors on a topic. A `Uint8Array` goes to clients as bytes. The payload must not be changed any more.
   *
   * @throws {BadArgumentError} for a pattern, a reserved event, a payload that is no object, or one that is too large for clients
   * @throws {PayloadError} when clients, a log or `retain` need its JSON form and it has none
   * @throws {CodecError} `cannot_carry` when somebody on another node listens, and it cannot cross; the text names the field
   */
  publish(topic: string, event: string, payload: object = {}, options: PublishOptions = {}): PublishResult {
    checkTopic(topic);
    const { key, retain, publisher } = options;
    return this.#open().publish({ topic, event, payload, key, retain, publisher });
  }

  /** Like {@link LocalTopics.publish}, to all but one actor; for a channel, its client does not get it either. It counts against that actor's rate. */
  publishFrom(
    from: AnyRef,
    topic: string,
    event: string,
    payload: object = {},
    options: BroadcastOptions = {},
  ): PublishResult {
    checkTopic(topic);
    const core = this.#open();
    const { key, retain } = options;
    const except = { exceptActor: from, exceptSession: core.sessionOf(topic, from) };
    return core.publish({ topic, event, payload, key, retain, publisher: from, ...except });
  }

  /**
   * Like {@link LocalTopics.publish}, to those on one node alone; `noconnection` where no such node can be reached. The result counts this node's
   * clients and actors, so there are none of another's.
   *
   * @throws {BadArgumentError} also for `retain`, in a cluster: what is retained is so on all of its nodes
   */
  publishTo(
    node: string,
    topic: string,
    event: string,
    payload: object = {},
    options: PublishOptions = {},
  ): PublishToResult {
    checkTopic(topic);
    const core = this.#open();
    const { key, retain, publisher } = options;
    const what = { topic, event, payload, key, retain, publisher };
    if (retain === true && core.clusterNode !== undefined) {
      throw new BadArgumentError("Expected no retain with publishTo: what is retained is so on all nodes; use publish");
    }
    if (node === core.node) return core.publish({ ...what, isLocal: true });
    return core.publishTo(node, what) ?? { ok: false, reason: "noconnection" };
  }

  /** What is retained of a topic. */
  retained(topic: string): TopicMessage | undefined {
    return this.#open().retained(topic)?.retainedMessage;
  }

  /** Forgets what is retained of a topic; false when there is nothing. */
  clearRetained(topic: string): boolean {
    return this.#open().clearRetained(topic);
  }

  /**
   * A part of a topic's log, at most 1,000 messages: those behind a position, or the oldest.
   *
   * @throws {BadArgumentError} for a topic without a log
   */
  read(topic: string, from: LogStart, limit: number = MOST_READ): TopicPage {
    const { publications, gap, position } = this.#open().read(topic, from, Math.min(limit, MOST_READ), false);
    return { messages: publications.map(({ message }) => message), gap, position };
  }

  /** Where the log of a topic ends; `undefined` where it has none yet. */
  position(topic: string): TopicPosition | undefined {
    return this.#open().position(topic);
  }

  /** How many subscriptions of actors, and how many clients, get what is published on a topic. */
  count(topic: string): { readonly actors: number; readonly clients: number } {
    const core = this.#open();
    return { actors: core.listeners.count(topic), clients: core.clientCount(topic) };
  }

  /** The topics and patterns that an actor has subscribed to. */
  subscriptionsOf(actor: AnyRef): string[] {
    return this.#open().listeners.topicsOf(actor);
  }

  /** What there is, and what was counted since the start. */
  counts(): TopicsCounts {
    return this.#open().counts;
  }

  #open(): TopicsCore {
    if (this.#core?.open !== true) this.#core = findTopics(this.system, this.name);
    return this.#core;
  }
}

/** The topics of a name in a system. They need not run yet: only their use fails with `unknown_topics` then. */
export function topicsOf(system: ActorSystem, name: string = DEFAULT_TOPICS): LocalTopics {
  return new LocalTopics(system, name);
}
