import type { SessionRef } from "./session-messages.js";
import type { ActorRef } from "../../src/index.js";
import type { ChannelMessages } from "../channel/channel-messages.js";

/** One joined topic of a session. */
export class ChannelRow {
  readonly topic: string;
  readonly joinRef: string;
  readonly session: SessionRef;
  channel: ActorRef<ChannelMessages> | undefined = undefined;
  /** Whether the client has left it, or joined anew; what it still sends goes nowhere. */
  leaving = false;
  /** The numbers of the pushes it has been given and has not handled yet, oldest first. */
  outstanding: number[] | undefined = undefined;

  constructor(topic: string, joinRef: string, session: SessionRef) {
    this.topic = topic;
    this.joinRef = joinRef;
    this.session = session;
  }
}

/**
 * The topics one session has joined: few, so a list is smaller and as fast as a map.
 *
 * One row per topic that is not leaving; rows that are leaving stay until their channel has ended.
 */
export class ChannelTable {
  #rows: ChannelRow[] = [];

  /** Topics that are joined. */
  get joined(): number {
    let count = 0;
    for (const row of this.#rows) if (!row.leaving) count++;
    return count;
  }

  [Symbol.iterator](): IterableIterator<ChannelRow> {
    return this.#rows[Symbol.iterator]();
  }

  add(row: ChannelRow): void {
    this.#rows.push(row);
  }

  /** The row of a joined topic. */
  find(topic: string): ChannelRow | undefined {
    for (const row of this.#rows) if (row.topic === topic && !row.leaving) return row;
    return undefined;
  }

  /** The row of a channel actor, leaving or not. */
  ofChannel(channel: unknown): ChannelRow | undefined {
    for (const row of this.#rows) if (row.channel === channel) return row;
    return undefined;
  }

  remove(row: ChannelRow): void {
    const index = this.#rows.indexOf(row);
    if (index >= 0) this.#rows.splice(index, 1);
  }
}
