import { BadArgumentError } from "../../src/index.js";
import type { ChannelRow } from "../session/channel-table.js";
import type { SessionRef } from "../session/session-messages.js";
import type { BroadcastOptions } from "./broadcast.js";
import type { KeptPlace, LogKeeping } from "./kept-topic.js";
import { type LogPosition, Topic, type TopicSurroundings } from "./topic.js";
import type { LogLimits, LogTotal } from "./topic-log.js";

/** The bounds of what is broadcast, and of what is kept of it. */
export interface SubscriptionLimits extends LogLimits {
  /** The largest frame that may be sent. */
  readonly windowBytes: number;
}

/**
 * Which sessions have joined which topic, and the one way to send to all of them.
 *
 * A broadcast is encoded once; every session gets a ref to the same bytes. A topic without sessions does not exist. Sessions put
 * themselves in and take themselves out, however they end.
 */
export class Subscriptions {
  readonly #topics = new Map<string, Topic>();
  readonly #total: LogTotal = { bytes: 0 };
  readonly #surroundings: TopicSurroundings;
  readonly #check: (bytes: number) => void;

  /** `now` says when something is put into a log; `keeping` is there when logs are kept for durable sessions. */
  constructor(limits: SubscriptionLimits, now: () => number, keeping?: LogKeeping) {
    this.#surroundings = { limits, total: this.#total, now, keeping };
    this.#check = (bytes) => {
      if (bytes <= limits.windowBytes) return;
      throw new BadArgumentError(
        `Cannot broadcast ${bytes} bytes: a message may have at most ${limits.windowBytes} (the limit windowBytes)`,
      );
    };
  }

  /** Topics with at least one session. */
  get size(): number {
    return this.#topics.size;
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
    known.place(kept);
  }

  /** Takes a row out. With `keepPlace` what is broadcast from now on is kept for its session all the same, which will be back. */
  unsubscribe(topic: string, row: ChannelRow, keepPlace = false): void {
    const known = this.#topics.get(topic);
    if (known === undefined) return;
    known.remove(row);
    if (row.kept !== undefined && !keepPlace) known.unplace(row.kept);
    this.#forget(known);
  }

  /** Holds a topic, and its log, for sessions that will be restored; makes it, where its log ends, if there is none. */
  hold(topic: string, position: LogPosition | undefined): Topic {
    let known = this.#topics.get(topic);
    if (known === undefined) {
      known = new Topic(topic, this.#surroundings, position);
      this.#topics.set(topic, known);
    }
    known.hold();
    return known;
  }

  /** Ends a hold. */
  letGo(topic: Topic): void {
    topic.letGo();
    this.#forget(topic);
  }

  /** Gives a session that is to be restored its place. */
  place(topic: string, place: KeptPlace): void {
    this.#topics.get(topic)?.place(place);
  }

  /** Takes the place of a session back that will not be restored. */
  unplace(topic: string, place: KeptPlace): void {
    const known = this.#topics.get(topic);
    if (known === undefined) return;
    known.unplace(place);
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
   * Sends an event to every session on a topic, except one if given, and returns how many that are.
   *
   * @throws {PayloadError} when the payload has no JSON form
   * @throws {BadArgumentError} when the frame is larger than the limit `windowBytes`
   */
  broadcast(
    topic: string,
    event: string,
    payload: unknown,
    options?: BroadcastOptions,
    except?: SessionRef,
    id?: string,
  ): number {
    return this.#topics.get(topic)?.broadcast(event, payload, this.#check, options?.key, except, id) ?? 0;
  }

  #topicOf(name: string): Topic {
    let known = this.#topics.get(name);
    if (known === undefined) {
      known = new Topic(name, this.#surroundings);
      this.#topics.set(name, known);
    }
    return known;
  }

  #forget(topic: Topic): void {
    if (topic.isUnused) this.#topics.delete(topic.name);
  }
}
