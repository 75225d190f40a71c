import {
  Actor,
  type ExitReason,
  isNormalExit,
  messages,
  release,
  type reservedNames,
  startup,
  type TimerRef,
} from "../../src/index.js";
import type { Topics } from "../topic/topics.js";
import { checkFetched, fetchInTime, keysAbove } from "./fetch-in-time.js";
import { type PresenceCore, type StateRequest, WAKE } from "./presence-core.js";
import type { PresenceChanges, PresenceData, ReplicaContext, ReplicaId } from "./presence-data.js";
import { adoptPresence, closePresence, nextIncarnation } from "./presence-directory.js";
import { PresenceError } from "./presence-error.js";
import { checkPresenceOptions, DEFAULT_PRESENCE, type PresenceOptions } from "./presence-options.js";
import { diffMessages, type PresenceExtras, showDiff, showRecords, stateMessages } from "./presence-payload.js";
import type { PresenceDiff, PresenceRecord, Presences } from "./presence-record.js";

/** Sent to itself when changes have waited long enough. */
const FLUSH = Symbol("tell what has changed");
const TOPICS_PER_TURN = 64;
const MOST_WAITING = 10_000;

/**
 * Knows who is here: on which topic, under which key, with which devices, and tells the clients, in the form of Phoenix's Presence.
 *
 * ```ts
 * child(Presence, { id: "presence" });          // before the endpoint
 *
 * class Room extends PresenceChannel {
 *   override join() {
 *     this.presence.track(this.user ?? "guest", { device: "phone" });
 *   }
 * }
 * ```
 *
 * Whoever is tracked is visible at once, to `presenceOf(system).list(topic)`. Changes of a topic are collected for `batchMs` and broadcast as one
 * `presence_diff`. A channel's presence follows its session: `detached` when the client has been gone for some seconds, gone when the session
 * ends; a short drop changes nothing.
 *
 * Subclass it for {@link Presence.fetch} and {@link Presence.handleDiff}.
 *
 * What survives a crash of this actor: everything. The tables belong to the system and are adopted by the next; clients are told then what they
 * were not told. When it is stopped in order, with `normal` or `shutdown`, they are emptied.
 */
export class Presence extends Actor<PresenceOptions | undefined> {
  static readonly [messages]: readonly string[] = [
    "list",
    "merge",
    "replicaUp",
    "replicaDown",
    "replicaGone",
    "extract",
  ];
  declare readonly [reservedNames]?: "fetch" | "handleDiff";

  #core: PresenceCore | undefined;
  #timer: TimerRef | undefined;
  #told = 0;

  /**
   * Gives data to be shown beside the metas of keys, a user's name for instance: as a map by key, or a promise of one; by default none.
   *
   * Called once for all keys of a state or a diff. One that throws or takes too long is reported, and clients are told without it.
   */
  fetch(_topic: string, _keys: readonly string[]): PresenceExtras | Promise<PresenceExtras> {
    return new Map();
  }

  /** Hears who has come and gone on a topic, when the clients have been told; by default does nothing. */
  handleDiff(_topic: string, _diff: PresenceDiff): void | Promise<void> {}

  /** Who is present on a topic, with what `fetch` adds. Without it `presenceOf(system).list(topic)` is cheaper. */
  list(topic: string): Presences | Promise<Presences> {
    const records = this.#running.read(topic);
    const fetched = this.#fetch(topic, records);
    return fetched instanceof Promise ? showLater(records, fetched) : showRecords(records, fetched);
  }

  /** Takes in what another node told. */
  merge(data: PresenceData<PresenceRecord>): void {
    this.#apply(this.#running.state.merge(data));
  }

  /** Another node is there: its presences become visible. False for a life of it that is over. */
  replicaUp(id: ReplicaId): boolean {
    const changes = this.#running.state.replicaUp(id);
    this.#running.apply(changes);
    return !changes.outcast;
  }

  /** Another node does not answer at the moment: its presences are kept, and are not visible. */
  replicaDown(id: ReplicaId): void {
    this.#running.apply(this.#running.state.replicaDown(id));
  }

  /** Another node will never be back in this life. */
  replicaGone(id: ReplicaId): void {
    this.#running.apply(this.#running.state.replicaGone(id));
  }

  /** What this node knows and the one that asks does not; `known` are the asking one's contexts, none for a node that knows nothing. */
  extract(known: readonly ReplicaContext[] = []): {
    readonly self: ReplicaId;
    readonly contexts: readonly ReplicaContext[];
    readonly data: PresenceData<PresenceRecord>;
  } {
    const { state } = this.#running;
    return { self: state.self, contexts: state.contexts(), data: state.extract(known) };
  }

  override [startup](options: PresenceOptions | undefined): unknown {
    const core = adoptPresence(this.system, checkPresenceOptions(options));
    const { keeper } = core;
    if (keeper !== undefined && this.system.isAlive(keeper)) return { stop: { already_started: keeper } };
    this.#core = core;
    core.adopt(this.self());
    return super[startup](options);
  }

  override handleInfo(message: unknown): void | Promise<void> {
    if (message === WAKE) return this.#wakeUp();
    if (message === FLUSH) return this.#flush();
    return super.handleInfo(message);
  }

  override [release](reason: ExitReason): void {
    const core = this.#core;
    this.#core = undefined;
    if (core === undefined) return;
    core.keeper = undefined;
    if (isNormalExit(reason)) closePresence(core);
  }

  override formatStatus(): unknown {
    const core = this.#core;
    if (core === undefined) return undefined;
    return {
      kind: "presence",
      name: core.options.name,
      topics: core.table.topics,
      presences: core.table.size,
      own: core.state.size,
      owners: core.owners,
      pending: core.pending.size,
      waiting: core.waiting,
      told: this.#told,
    };
  }

  #wakeUp(): void | Promise<void> {
    const core = this.#running;
    core.woken();
    const { batchMs } = core.options;
    const pending = core.pending.size > 0;
    if (pending && (batchMs === 0 || core.pending.size > MOST_WAITING)) this.self().send(FLUSH);
    else if (pending) this.#timer ??= this.sendAfter(batchMs, FLUSH);
    const byTopic = groupByTopic(core.takeRequests());
    return this.#answerAll([...byTopic]);
  }

  #answerAll(requests: readonly (readonly [topic: string, requests: readonly StateRequest[]])[]): void | Promise<void> {
    for (const [index, [topic, waiting]] of requests.entries()) {
      const records = this.#running.read(topic);
      const fetched = this.#fetch(topic, records);
      if (fetched instanceof Promise) {
        return fetched.then((data) => {
          this.#answer(waiting, records, data);
          return this.#answerAll(requests.slice(index + 1));
        });
      }
      this.#answer(waiting, records, fetched);
    }
  }

  #answer(
    waiting: readonly StateRequest[],
    records: readonly PresenceRecord[],
    fetched: PresenceExtras | undefined,
  ): void {
    const told = stateMessages(records, this.#running.options.messageBytes, fetched);
    for (const { topic, owner, push } of waiting) {
      if (!this.system.isAlive(owner)) continue;
      try {
        for (const [event, payload] of told) push(event, payload);
      } catch (error) {
        this.#failed("presence_push_failed", topic, "could not tell a client who is there", error);
      }
    }
  }

  #flush(): void | Promise<void> {
    const core = this.#running;
    if (this.#timer !== undefined) this.cancelTimer(this.#timer);
    this.#timer = undefined;
    core.publish();
    const topics: string[] = [];
    for (const topic of core.pending.topics()) {
      if (topics.length === TOPICS_PER_TURN) {
        // The others in a turn of their own.
        this.self().send(FLUSH);
        break;
      }
      topics.push(topic);
    }
    return this.#tellAll(topics);
  }

  #tellAll(topics: readonly string[]): void | Promise<void> {
    for (const [index, topic] of topics.entries()) {
      const telling = this.#tell(topic);
      if (telling instanceof Promise) return telling.then(() => this.#tellAll(topics.slice(index + 1)));
    }
  }

  #tell(topic: string): void | Promise<void> {
    const diff = this.#running.pending.take(topic);
    if (diff === undefined) return;
    const { joins, leaves } = diff;
    const fetched = this.#fetch(topic, [...joins, ...leaves]);
    if (fetched instanceof Promise) return fetched.then((data) => this.#broadcast(topic, joins, leaves, data));
    return this.#broadcast(topic, joins, leaves, fetched);
  }

  #broadcast(
    topic: string,
    joins: readonly PresenceRecord[],
    leaves: readonly PresenceRecord[],
    fetched: PresenceExtras | undefined,
  ): void | Promise<void> {
    const { endpoint, messageBytes } = this.#running.options;
    const topics = this.system.whereis<Topics>(`${endpoint}.topics`);
    if (topics !== undefined) {
      for (const payload of diffMessages(joins, leaves, messageBytes, fetched)) {
        topics.cast.announce(topic, "presence_diff", payload);
      }
    }
    this.#told++;
    if (this.handleDiff === Presence.prototype.handleDiff) return;
    return this.handleDiff(topic, showDiff(joins, leaves, fetched));
  }

  #apply(changes: PresenceChanges<PresenceRecord>): void {
    const core = this.#running;
    core.apply(changes);
    if (!changes.outcast) return;
    // Others hold this node for gone although it lives: it is a new one to them from now on.
    core.state.renew(Math.max(nextIncarnation(this.system), core.state.self.incarnation + 1));
    core.publish();
  }

  #fetch(
    topic: string,
    records: readonly PresenceRecord[],
  ): PresenceExtras | undefined | Promise<PresenceExtras | undefined> {
    if (this.fetch === Presence.prototype.fetch || records.length === 0) return undefined;
    const keys = [...new Set(records.map(({ key }) => key))];
    try {
      const fetched = this.fetch(topic, keys);
      if (fetched instanceof Promise) return this.#fetchLater(topic, fetched);
      return this.#checked(topic, fetched);
    } catch (error) {
      return this.#fetchFailed(topic, error);
    }
  }

  async #fetchLater(topic: string, fetching: Promise<PresenceExtras>): Promise<PresenceExtras | undefined> {
    try {
      return this.#checked(topic, await fetchInTime(fetching, this.system.clock, this.#running.options.fetchTimeoutMs));
    } catch (error) {
      return this.#fetchFailed(topic, error);
    }
  }

  /** What was fetched, without what would make a message too large. */
  #checked(topic: string, fetched: PresenceExtras): PresenceExtras {
    checkFetched(fetched, `${this.constructor.name}.fetch`);
    const { messageBytes } = this.#running.options;
    const tooLarge = keysAbove(fetched, messageBytes);
    if (tooLarge.size === 0) return fetched;
    const [first] = tooLarge;
    this.#fetchFailed(topic, new Error(`more than ${messageBytes} bytes for ${tooLarge.size} keys, as for ${first}`));
    return new Map([...fetched].filter(([key]) => !tooLarge.has(key)));
  }

  #fetchFailed(topic: string, error: unknown): undefined {
    this.#failed("presence_fetch_failed", topic, "fetch failed, clients are told without it", error);
  }

  #failed(type: string, topic: string, what: string, error: unknown): void {
    this.system.report({
      type,
      level: "error",
      text: `${this.constructor.name} ${this.self()}, topic ${topic}: ${what}: ${String(error)}`,
      details: { presence: `${this.self()}`, topic, error },
    });
  }

  get #running(): PresenceCore {
    if (this.#core === undefined) throw new PresenceError(DEFAULT_PRESENCE);
    return this.#core;
  }
}

async function showLater(
  records: readonly PresenceRecord[],
  fetching: Promise<PresenceExtras | undefined>,
): Promise<Presences> {
  return showRecords(records, await fetching);
}

function groupByTopic(requests: readonly StateRequest[]): Map<string, StateRequest[]> {
  const groups = new Map<string, StateRequest[]>();
  for (const request of requests) {
    const known = groups.get(request.topic);
    if (known === undefined) groups.set(request.topic, [request]);
    else known.push(request);
  }
  return groups;
}
