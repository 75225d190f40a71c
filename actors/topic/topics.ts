import {
  Actor,
  type AnyRef,
  type Deferred,
  type ExitReason,
  formatReason,
  isNormalExit,
  messages,
  reasonOfThrown,
  release,
  whatCame,
} from "../../src/index.js";
import type { StoreChange } from "../../src/store/store-port.js";
import type { BroadcastOptions } from "./broadcast.js";
import type { Publishing } from "./client-topics.js";
import { type HeardRecord, putHeard } from "./heard-record.js";
import type { PublishOptions, TopicSubscribeOptions } from "./local-topics.js";
import type { Subscriptions } from "./subscriptions.js";
import { checkTopic } from "./topic-name.js";
import { type TopicsCore, TURN } from "./topics-core.js";
import { adoptTopics, closeTopics } from "./topics-directory.js";
import { errorOfRefusal, TopicsError, unknownTopics } from "./topics-error.js";
import { checkTopicsOptions, DEFAULT_TOPICS, type TopicsOptions } from "./topics-options.js";
import type { PublishResult, TopicSubscribeResult } from "./topics-results.js";

/** What an endpoint starts its topics with. */
export interface EndpointTopics {
  readonly options?: TopicsOptions;
  readonly subscriptions: Subscriptions | undefined;
  /** Says when what was broadcast is safe in a store; `undefined` without one. */
  readonly writer: TopicsWriter | undefined;
  /** Takes what the store says of which messages of other nodes an earlier life of this one has heard. */
  readonly takeHeard?: () => HeardRecord | undefined;
}

/** Brings what concerns topics into a store. */
export interface TopicsWriter {
  whenSafe(safe: () => void): void;
  /** Asked for a change that goes with every commit. */
  beside: (() => StoreChange | undefined) | undefined;
}

/**
 * Runs topics, on which anybody publishes and any actor listens. Used through `topicsOf`; the same is there as messages of this actor.
 *
 * ```ts
 * topicsOf(system).subscribe("room:*", this.self());
 * topicsOf(system).publish("room:1", "news", { text: "Hello" });
 * ```
 *
 * An endpoint runs topics, registered as `<endpoint>.topics`, so that its clients get what is published on the topics that they have joined, and
 * actors get what channels broadcast. A program without an endpoint, or one whose actors listen before that is up, starts a `Topics` of its
 * own; an endpoint with the same name for its topics joins in.
 *
 * What survives a crash of this actor: everything. It belongs to the system and goes on while the actor is down. When the last actor that runs it is
 * stopped in order, logs and retained messages go; subscriptions stay for as long as their actors live.
 */
export class Topics extends Actor<TopicsOptions | EndpointTopics | undefined> {
  static readonly [messages] = ["publish", "subscribe", "unsubscribe", "broadcast", "announce", "count"] as const;

  #core: TopicsCore | undefined;
  #subscriptions: Subscriptions | undefined;
  #writer: EndpointTopics["writer"];

  override init(start: TopicsOptions | EndpointTopics | undefined): void | { readonly stop: ExitReason } {
    const endpoint = isOfEndpoint(start) ? start : undefined;
    const options = checkTopicsOptions(isOfEndpoint(start) ? start.options : start);
    const core = adoptTopics(this.system, options);
    const { owner } = core;
    // An endpoint that is given no more than a name joins in with whoever runs them.
    const owns = endpoint === undefined || options.isConfigured;
    if (owns && owner !== undefined && this.system.isAlive(owner)) return { stop: { already_started: owner } };
    if (owns) {
      core.configure(options);
      core.owner = this.self();
    }
    this.#core = core;
    this.#subscriptions = endpoint?.subscriptions;
    this.#writer = endpoint?.writer;
    core.adopt(this.self(), this.#subscriptions);
    if (this.#subscriptions === undefined) return;
    this.#subscriptions.feed = core;
    this.#subscriptions.node = core.clusterNode;
    const { missing } = core;
    if (missing === undefined || endpoint?.writer === undefined) return;
    endpoint.writer.beside = () => {
      const heard = missing.takeHeard();
      return heard === undefined ? undefined : putHeard(heard);
    };
    const before = endpoint.takeHeard?.();
    // Not awaited: clients may come meanwhile, and wait for it as for any other message.
    if (before !== undefined) void core.goOnAfter(before);
  }

  /** See {@link LocalTopics.publish}. */
  publish(
    topic: string,
    event: string,
    payload: object = {},
    options: PublishOptions = {},
  ): PublishResult | Deferred<PublishResult> {
    return this.#safely(`publish ${whatCame(event)} on`, topic, (core) => {
      checkTopic(topic);
      const { key, retain, publisher } = options;
      return core.publish({ topic, event, payload, key, retain, publisher });
    });
  }

  /** See {@link LocalTopics.subscribe}. */
  subscribe(
    topic: string,
    actor: AnyRef,
    options: TopicSubscribeOptions = {},
  ): TopicSubscribeResult | Deferred<TopicSubscribeResult> {
    return this.#safely("subscribe to", topic, (core) => core.subscribe(topic, actor, options));
  }

  /** See {@link LocalTopics.unsubscribe}. */
  unsubscribe(actor: AnyRef, topic?: string): number {
    return this.#running.listeners.unsubscribe(actor, topic);
  }

  /**
   * Sends an event to every client and every actor on a topic; answers how many clients there are. A `Uint8Array` is sent as bytes.
   *
   * Where durable sessions are on the topic the answer to a call comes when the store has it.
   */
  broadcast(topic: string, event: string, payload: object, options: BroadcastOptions = {}): number | Deferred<number> {
    const { key, retain } = options;
    return this.#broadcast({ topic, event, payload, key, retain });
  }

  /** Like {@link Topics.broadcast}, for what the runtime has to say, on each node itself: no rate refuses it, and it stays here. @internal */
  announce(topic: string, event: string, payload: object): number | Deferred<number> {
    return this.#broadcast({ topic, event, payload, unlimited: true, isLocal: true });
  }

  /** How many clients are on a topic. */
  count(topic: string): number {
    return this.#subscriptions?.count(topic) ?? 0;
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (message === TURN) return this.#running.turn();
    return super.handleInfo(message);
  }

  override [release](reason: ExitReason): void {
    const core = this.#core;
    this.#core = undefined;
    if (core === undefined) return;
    const crashed = !isNormalExit(reason);
    const isLast = core.leave(this.self(), this.#subscriptions, crashed);
    if (crashed) return;
    if (this.#subscriptions?.feed === core) this.#subscriptions.feed = undefined;
    if (isLast) closeTopics(core);
  }

  override formatStatus(): unknown {
    const core = this.#core;
    if (core === undefined) return undefined;
    const clients = this.#subscriptions === undefined ? {} : { loggedBytes: this.#subscriptions.loggedBytes };
    return { kind: "topics", name: core.name, ...core.counts, ...clients };
  }

  #broadcast(what: Publishing): number | Deferred<number> {
    const { topic, event } = what;
    return this.#safely(`broadcast ${whatCame(event)} on`, topic, (core) => {
      const result = core.publish(what);
      if (!result.ok) throw errorOfRefusal(result, topic);
      return this.#answer(topic, result.clients);
    });
  }

  /** Does something for a caller. What goes wrong is no crash: all sessions of the endpoint would end with it, for what one client may have typed. */
  #safely<Value>(doing: string, topic: string, work: (core: TopicsCore) => Value): Value | Deferred<Value> {
    try {
      return work(this.#running);
    } catch (thrown) {
      const deferred = this.defer<Value>();
      deferred.fail(reasonOfThrown(thrown));
      // Refusals are reported where they are made, and not each of them.
      if (thrown instanceof TopicsError) return deferred;
      const text = `Topics could not ${doing} ${whatCame(topic)}: ${formatReason(reasonOfThrown(thrown))}`;
      this.system.report({ type: "broadcast_failed", level: "error", text, details: { error: thrown } });
      return deferred;
    }
  }

  #answer(topic: string, count: number): number | Deferred<number> {
    if (this.#writer === undefined || this.#subscriptions?.find(topic)?.isKept !== true) return count;
    const deferred = this.defer<number>();
    // Nobody waits where it was cast.
    if (deferred.requested) this.#writer.whenSafe(() => deferred.reply(count));
    return deferred;
  }

  get #running(): TopicsCore {
    if (this.#core === undefined) throw unknownTopics(DEFAULT_TOPICS);
    return this.#core;
  }
}

function isOfEndpoint(start: TopicsOptions | EndpointTopics | undefined): start is EndpointTopics {
  return typeof start === "object" && start !== null && "subscriptions" in start;
}
