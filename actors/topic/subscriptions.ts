import { type AnyRef, BadArgumentError, type Clock } from "../../src/index.js";
import type { ChannelRow } from "../session/channel-table.js";
import type { SessionRef } from "../session/session-messages.js";
import { type BroadcastOptions, encodeBroadcast } from "./broadcast.js";
import { BroadcastTurns } from "./broadcast-turns.js";
import type { ClientTopics, TopicsFeed } from "./client-topics.js";
import type { KeptPlace, LogKeeping } from "./kept-topic.js";
import type { Publication } from "./publication.js";
import { type LogPosition, Topic, type TopicSurroundings } from "./topic.js";
import type { LogLimits, LogTotal } from "./topic-log.js";
import { errorOfRefusal } from "./topics-error.js";

/** The bounds of what is broadcast, and of what is kept of it. */
export interface SubscriptionLimits extends LogLimits {
  /** To how many sessions broadcasts are handed out in one turn of the event loop. */
  readonly broadcastTurn: number;
  /** The largest frame that may be sent. */
  readonly windowBytes: number;
}

/** Who sends a broadcast, and to whom. */
export interface Sender {
  readonly session?: SessionRef | undefined;
  readonly channel?: AnyRef | undefined;
  /** Not to this session, nor to this channel. */
  readonly onlyOthers?: boolean;
  /** Tells the broadcast from all others of the topic, so that it is not made again when a push is handled again. */
  readonly id?: string | undefined;
}

/**
 * Which sessions have joined which topic, and the one way to send to all of them.
 *
 * A broadcast is encoded once; every session gets a ref to the same bytes. A topic without sessions does not exist. Sessions put
 * themselves in and take themselves out, however they end.
 */
export class Subscriptions implements ClientTopics {
  readonly #topics = new Map<string, Topic>();
  readonly #total: LogTotal = { bytes: 0 };
  readonly #surroundings: TopicSurroundings;
  readonly #turns: BroadcastTurns;
  readonly checkSize: (bytes: number) => void;
  /** The topics' core, by which actors get what clients get; `undefined` while nobody runs it. */
  feed: TopicsFeed | undefined = undefined;

  /** `clock` says when something is put into a log, and gives turns; `keeping` is there when logs are kept for durable sessions. */
  constructor(limits: SubscriptionLimits, clock: Clock, keeping?: LogKeeping) {
    this.#turns = new BroadcastTurns(clock, limits.broadcastTurn);
    this.#surroundings = {
      limits,
      total: this.#total,
      now: () => clock.now(),
      turns: this.#turns,
      keeping,
      node: undefined,
    };
    this.checkSize = (bytes) => {
      if (bytes <= limits.windowBytes) return;
      throw new BadArgumentError(
        `Cannot broadcast ${bytes} bytes: a message may have at most ${limits.windowBytes} (the limit windowBytes)`,
      );
    };
  }

  /** The name of this node, where there are others. */
  set node(node: string | undefined) {
    this.#surroundings.node = node;
  }

  /** Topics with at least one session. */
  get size(): number {
    return this.#topics.size;
  }

  get names(): Iterable<string> {
    return this.#topics.keys();
  }

  missed(): void {
    for (const topic of this.#topics.values()) topic.missed();
  }

  /** The bytes that all topics keep for rows that are away. */
  get loggedBytes(): number {
    return this.#total.bytes;
  }

  /** A topic with at least one session. */
  find(topic: string): Topic | undefined {
    return this.#topics.get(topic);
  }

  subscribe(topic: string, row: ChannelRow): void {
    const known = this.#topicOf(topic);
    known.putLive(row);
    const { kept } = row;
    if (kept === undefined) return;
    // What was broadcast before is not for it.
    kept.cursor = known.offset;
    kept.acked = known.offset;
    this.#place(known, kept);
  }

  /** Takes a row out. With `keepPlace` what is broadcast from now on is kept for its session all the same, which will be back. */
  unsubscribe(topic: string, row: ChannelRow, keepPlace = false): void {
    const known = this.#topics.get(topic);
    if (known === undefined) return;
    known.remove(row);
    if (row.kept !== undefined && !keepPlace) this.#unplace(known, row.kept);
    this.#forget(known);
  }

  /** Hands a row what it has not got yet of what was broadcast: it comes before what is sent to it next. */
  catchUp(row: ChannelRow): void {
    if (!this.#turns.isIdle) this.#topics.get(row.topic)?.catchUp(row);
  }

  /** Hands nothing out any more. */
  stop(): void {
    this.#turns.stop();
  }

  /** Holds a topic, and its log, for sessions that will be restored; makes it, where its log ends, if there is none. */
  hold(topic: string, position: LogPosition | undefined): Topic {
    let known = this.#topics.get(topic);
    if (known === undefined) {
      known = new Topic(topic, this.#surroundings, position);
      const other = position === undefined ? this.feed?.position(topic) : undefined;
      if (other !== undefined) known.continueAt(other);
      this.#topics.set(topic, known);
      this.feed?.clientsChanged(topic);
    }
    known.hold();
    return known;
  }

  /** Ends a hold. */
  letGo(topic: Topic): void {
    const { isKept } = topic;
    topic.letGo();
    if (topic.isKept !== isKept) this.feed?.clientsChanged(topic.name);
    this.#forget(topic);
  }

  /** Gives a session that is to be restored its place. */
  place(topic: string, place: KeptPlace): void {
    const known = this.#topics.get(topic);
    if (known !== undefined) this.#place(known, place);
  }

  /** Takes the place of a session back that will not be restored. */
  unplace(topic: string, place: KeptPlace): void {
    const known = this.#topics.get(topic);
    if (known === undefined) return;
    this.#unplace(known, place);
    this.#forget(known);
  }

  /** The same name as the one string that all subscribers of a topic share: each client's frame brings a string of its own. */
  nameOf(topic: string): string {
    return this.#topics.get(topic)?.name ?? topic;
  }

  /** The number of sessions on a topic, those whose client is away included. */
  count(topic: string): number {
    return this.#topics.get(topic)?.size ?? 0;
  }

  /**
   * Sends an event to every session on a topic, and to the actors that have subscribed to it; returns how many sessions that are.
   *
   * @throws {PayloadError} when the payload has no JSON form
   * @throws {BadArgumentError} when the frame is larger than the limit `windowBytes`
   * @throws {TopicsError} `rate_limited`, `overloaded` or `retained_full`: a limit of the topics refuses it
   */
  broadcast(
    topic: string,
    event: string,
    payload: unknown,
    options: BroadcastOptions = {},
    { session, channel, onlyOthers = false, id }: Sender = {},
  ): number {
    const { feed } = this;
    const { key, retain } = options;
    const except = onlyOthers ? session : undefined;
    if (feed === undefined) {
      const known = this.#topics.get(topic);
      if (known === undefined) return 0;
      const frame = encodeBroadcast(topic, event, payload);
      this.checkSize(frame.body.length);
      return known.broadcast(frame, { key, except, id });
    }
    const exceptActor = onlyOthers ? channel : undefined;
    const what = { topic, event, payload, key, retain, publisher: session, exceptSession: except, exceptActor, id };
    const result = feed.publish(what);
    if (!result.ok) throw errorOfRefusal(result, topic);
    return result.clients;
  }

  send(publication: Publication, except: SessionRef | undefined, id: string | undefined): number {
    const { topic, key } = publication;
    // Encoded only where somebody is there to get it.
    return this.#topics.get(topic)?.broadcast(publication.frame, { key, except, id }) ?? 0;
  }

  #place(topic: Topic, place: KeptPlace): void {
    const { isKept } = topic;
    topic.place(place);
    if (topic.isKept !== isKept) this.feed?.clientsChanged(topic.name);
  }

  #unplace(topic: Topic, place: KeptPlace): void {
    const { isKept } = topic;
    topic.unplace(place);
    if (topic.isKept !== isKept) this.feed?.clientsChanged(topic.name);
  }

  #topicOf(name: string): Topic {
    let known = this.#topics.get(name);
    if (known === undefined) {
      known = new Topic(name, this.#surroundings);
      const position = this.feed?.position(name);
      if (position !== undefined) known.continueAt(position);
      this.#topics.set(name, known);
      this.feed?.clientsChanged(name);
    }
    return known;
  }

  #forget(topic: Topic): void {
    if (!topic.isUnused || !this.#topics.delete(topic.name)) return;
    this.feed?.clientsChanged(topic.name);
  }
}
