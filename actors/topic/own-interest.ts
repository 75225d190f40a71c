import type { ActorListeners } from "./actor-listeners.js";
import type { ClientTopics } from "./client-topics.js";
import { Interest, keptKey, listenersKey, nameKey } from "./interest-index.js";
import type { TopicLogs } from "./topic-logs.js";
import type { TopicsNodes } from "./topics-nodes.js";

/** What of the messages that are published on other nodes somebody here wants: the actors that listen, the clients, and the logs. */
export class OwnInterest {
  readonly #listeners: ActorListeners;
  readonly #logs: TopicLogs;
  readonly #clients: ReadonlyMap<ClientTopics, unknown>;
  #nodes: TopicsNodes | undefined;

  constructor(listeners: ActorListeners, logs: TopicLogs, clients: ReadonlyMap<ClientTopics, unknown>) {
    this.#listeners = listeners;
    this.#logs = logs;
    this.#clients = clients;
  }

  /** Tells the other nodes all of it, and what changes from now on. */
  attach(nodes: TopicsNodes): void {
    this.#nodes = nodes;
    for (const topic of this.#listeners.wanted()) this.changed(topic);
    for (const topic of this.#logs.topics) this.changed(topic);
    for (const clients of this.#clients.keys()) for (const topic of clients.names) this.changed(topic);
  }

  /** Tells nothing any more. */
  detach(): void {
    this.#nodes = undefined;
  }

  /** Somebody has begun to want a topic or pattern, or has ceased to. Costs nothing in a system that is in no cluster. */
  changed(topic: string): void {
    const nodes = this.#nodes;
    if (nodes === undefined) return;
    const isListened = this.#listeners.isWanted(topic);
    const isPatterned = listenersKey(topic) !== nameKey(topic);
    if (isPatterned) nodes.want(listenersKey(topic), isListened ? Interest.values : 0);
    // A log goes on when nobody listens: it must not have a hole that nobody knows of.
    const isKept = this.#logs.position(topic) !== undefined || (isListened && !isPatterned);
    let wants: number = isKept ? Interest.values : 0;
    let isStored = false;
    for (const each of this.#clients.keys()) {
      const known = each.find(topic);
      if (known !== undefined) wants |= Interest.clients;
      isStored ||= known?.isKept === true;
    }
    // First: what comes because of the other is remembered because of this.
    nodes.want(keptKey(topic), isStored ? 1 : 0);
    nodes.want(nameKey(topic), wants);
  }
}
