import type { SessionRef } from "./session-messages.js";
import type { ActorRef } from "../../src/index.js";
import type { ChannelMessages } from "../channel/channel-messages.js";
import type { Overflow } from "../channel/overflow.js";
import type { KeptRow } from "./kept-row.js";
import type { IdempotentPush } from "./push-outcome.js";

/** One joined topic of a session. */
export class ChannelRow {
  readonly topic: string;
  /** That of the join; a stock client that comes back joins again, under a new one. */
  joinRef: string;
  readonly session: SessionRef;
  channel: ActorRef<ChannelMessages> | undefined = undefined;
  /** What becomes of its broadcasts that the client cannot take at once, if the answer to the join has said so; else as its class says. */
  overflow: Overflow | undefined = undefined;
  /** Whether the client has left it, or joined anew; what it still sends goes nowhere. */
  leaving = false;
  /** The pushes it has been given and has not handled yet, oldest first: their numbers, or more of those that are idempotent. */
  outstanding: (number | IdempotentPush)[] | undefined = undefined;
  /** Only there in a session that is kept in a store. */
  kept: KeptRow | undefined = undefined;
  /** The offset of the latest broadcast that it got in turns; see `LiveRows`. */
  handedOut = 0;
  /** The next row of the same session. */
  next: ChannelRow | undefined = undefined;

  constructor(topic: string, joinRef: string, session: SessionRef) {
    this.topic = topic;
    this.joinRef = joinRef;
    this.session = session;
  }
}

/**
 * The topics one session has joined: few, so a chain of rows is smaller than a map and as fast.
 *
 * One row per topic that is not leaving; rows that are leaving stay until their channel has ended.
 */
export class ChannelTable {
  #first: ChannelRow | undefined;

  /** Topics that are joined. */
  get joined(): number {
    let count = 0;
    for (let row = this.#first; row !== undefined; row = row.next) if (!row.leaving) count++;
    return count;
  }

  /** All rows, leaving ones too, newest first. */
  *[Symbol.iterator](): Generator<ChannelRow, void, undefined> {
    for (let row = this.#first; row !== undefined; row = row.next) yield row;
  }

  add(row: ChannelRow): void {
    row.next = this.#first;
    this.#first = row;
  }

  /** The row of a joined topic. */
  find(topic: string): ChannelRow | undefined {
    for (let row = this.#first; row !== undefined; row = row.next) if (row.topic === topic && !row.leaving) return row;
    return undefined;
  }

  /** The row of a topic that was left, and whose channel has not ended yet; the latest. */
  leaving(topic: string): ChannelRow | undefined {
    for (let row = this.#first; row !== undefined; row = row.next) if (row.topic === topic && row.leaving) return row;
    return undefined;
  }

  /** The row of a channel actor, leaving or not. */
  ofChannel(channel: unknown): ChannelRow | undefined {
    for (let row = this.#first; row !== undefined; row = row.next) if (row.channel === channel) return row;
    return undefined;
  }

  remove(row: ChannelRow): void {
    let previous: ChannelRow | undefined;
    for (let at = this.#first; at !== undefined; at = at.next) {
      if (at === row) {
        if (previous === undefined) this.#first = row.next;
        else previous.next = row.next;
        row.next = undefined;
        return;
      }
      previous = at;
    }
  }
}
