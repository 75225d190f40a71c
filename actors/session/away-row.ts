import type { Gap, GapReason, Overflow } from "../channel/overflow.js";
import type { Broadcast } from "../topic/broadcast.js";
import type { Topic } from "../topic/topic.js";
import type { ChannelRow } from "./channel-table.js";
import type { SessionRef } from "./session-messages.js";
import type { Body } from "./outbox.js";

/** Why a row is not read on: its client has not joined it again, or its channel makes up for a gap. */
export type Hold = "join" | "snapshot";

/** The bounds of what an away row keeps of its own. */
export interface AwayLimits {
  readonly topicLogMessages: number;
  readonly topicLogBytes: number;
  readonly windowMessages: number;
}

/** What is read: a topic, or the log of one that another node had. */
export interface ReadableLog {
  readonly epoch: string;
  /** The offset of the latest broadcast. */
  readonly offset: number;
  /** The oldest offset that can still be read; `offset + 1` if none can. */
  readonly firstKept: number;
  read(offset: number): Broadcast | undefined;
  isOutdated(entry: Broadcast): boolean;
}

/** For whom it is read: a session's row, or no more than the id of a session that does not run yet. */
export interface LogReader {
  readonly session: SessionRef | undefined;
  readonly kept: { readonly sid: string } | undefined;
}

/** What comes next on an away row: a broadcast, or the news that some are missing. */
export type Step = Broadcast | Gap;

/**
 * One topic of a session whose client is not there or too slow: its place in the topic's log, and what was on its way when it was put away.
 *
 * It knows no socket and no actor; `take` gives what the client gets next, in order, with what is missing announced in its place.
 */
export class AwayRow<Row extends LogReader = ChannelRow, Log extends ReadableLog = Topic> {
  readonly row: Row;
  readonly topic: Log;
  readonly #policy: Overflow;
  readonly #limits: AwayLimits;
  /** The offset of the last broadcast that was dealt with, or was on its way. */
  #cursor: number;
  /** Broadcasts that the session had in its mailbox when the row was put away, oldest first. */
  #early: Broadcast[] = [];
  #earlyBytes = 0;
  #gap: Gap | undefined;
  hold: Hold | undefined = undefined;
  /** The gap that its channel makes up for. */
  unanswered: Gap | undefined = undefined;
  /** Frames of the channel's own that a stock client gets when it has joined again. */
  frames: Body[] | undefined = undefined;

  /** It stands at the topic's latest broadcast, or at `cursor`. */
  constructor(row: Row, topic: Log, policy: Overflow, limits: AwayLimits, cursor = topic.offset) {
    this.row = row;
    this.topic = topic;
    this.#policy = policy;
    this.#limits = limits;
    this.#cursor = cursor;
  }

  /** Whether the client has all that was broadcast. */
  get isDone(): boolean {
    return (
      this.hold === undefined &&
      this.#gap === undefined &&
      this.#early.length === 0 &&
      this.#cursor === this.topic.offset
    );
  }

  /** Whether something is missing that cannot be had any more. */
  get hasLost(): boolean {
    return this.#gap?.reason === "lost" || this.topic.firstKept > this.#cursor + 1;
  }

  /** Takes a broadcast that was on its way when the row was put away. */
  keep(entry: Broadcast): void {
    this.#early.push(entry);
    this.#earlyBytes += entry.bytes;
    const { topicLogMessages, topicLogBytes } = this.#limits;
    while (this.#early.length > topicLogMessages || this.#earlyBytes > topicLogBytes) {
      const oldest = this.#shift();
      if (oldest !== undefined) this.#miss(oldest.offset, oldest.offset, "lost");
    }
  }

  /**
   * Takes one step: a broadcast for the client, a gap to announce, or `undefined` for one that is not for this client.
   *
   * Only to be called while it is not done and not held.
   */
  take(): Step | undefined {
    this.#skipOldest();
    this.#skipLost();
    const entry = this.#early[0] ?? this.topic.read(this.#cursor + 1);
    if (entry === undefined) return this.#announce();
    if (this.#policy === "conflate" && this.#isOutdated(entry)) {
      this.#pass(entry);
      this.#miss(entry.offset, entry.offset, "conflated");
      return undefined;
    }
    if (this.#gap !== undefined) return this.#announce();
    this.#pass(entry);
    const { session, kept } = this.row;
    if (entry.except !== undefined && entry.except === session) return undefined;
    return entry.exceptSid !== undefined && entry.exceptSid === kept?.sid ? undefined : entry;
  }

  #skipOldest(): void {
    if (this.#policy !== "drop_oldest") return;
    const { topic } = this;
    let surplus = this.#early.length + (topic.offset - this.#cursor) - this.#limits.windowMessages;
    if (surplus <= 0) return;
    const first = this.#early[0]?.offset ?? this.#cursor + 1;
    let last = first;
    for (; surplus > 0 && this.#early.length > 0; surplus--) last = this.#shift()?.offset ?? last;
    if (surplus > 0) {
      this.#cursor += surplus;
      last = this.#cursor;
    }
    this.#miss(first, last, "overflow");
  }

  #skipLost(): void {
    const { firstKept } = this.topic;
    if (this.#early.length > 0 || firstKept <= this.#cursor + 1) return;
    this.#miss(this.#cursor + 1, firstKept - 1, "lost");
    this.#cursor = firstKept - 1;
  }

  #isOutdated(entry: Broadcast): boolean {
    if (entry.key === undefined) return false;
    if (this.topic.isOutdated(entry)) return true;
    return this.#early.some(({ key, offset }) => key === entry.key && offset > entry.offset);
  }

  #pass(entry: Broadcast): void {
    if (this.#early.length > 0) this.#shift();
    else this.#cursor = entry.offset;
  }

  #shift(): Broadcast | undefined {
    const oldest = this.#early.shift();
    this.#earlyBytes -= oldest?.bytes ?? 0;
    return oldest;
  }

  /** Adds to the gap. It is announced before anything else is taken, so what is in it is one run. */
  #miss(from: number, to: number, reason: GapReason): void {
    const before = this.#gap;
    if (before === undefined) this.#gap = { epoch: this.topic.epoch, from, to, reason };
    // What cannot be had is worse news than what was left out.
    else this.#gap = { ...before, to, reason: before.reason === reason ? reason : "lost" };
  }

  #announce(): Gap | undefined {
    const gap = this.#gap;
    this.#gap = undefined;
    return gap;
  }
}
