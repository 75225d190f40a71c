import type { PresenceRecord } from "./presence-record.js";

/** What has changed on one topic and was not told yet. */
export interface PendingDiff {
  readonly joins: readonly PresenceRecord[];
  readonly leaves: readonly PresenceRecord[];
}

/** What became of one record since the last diff of its topic. */
interface Change {
  /** Whether it was there then. */
  readonly was: boolean;
  is: boolean;
  /** How often the topic had been read when it came or went last. */
  reads: number;
  /** Whether the topic was read between two of its changes: somebody knows something that does not hold any more. */
  seen: boolean;
}

interface TopicChanges {
  readonly changes: Map<PresenceRecord, Change>;
  reads: number;
}

/**
 * Changes that wait to be told, together, by topic.
 *
 * Who came and went in between is not told at all, unless somebody was shown the topic meanwhile: that one must hear of it. Pure.
 */
export class PendingDiffs {
  readonly #topics = new Map<string, TopicChanges>();
  #size = 0;

  /** Changes that wait. */
  get size(): number {
    return this.#size;
  }

  /** A record has become visible. */
  join(record: PresenceRecord): void {
    this.#change(record, true);
  }

  /** A record is not visible any more. */
  leave(record: PresenceRecord): void {
    this.#change(record, false);
  }

  /** Somebody was shown the whole of a topic. */
  read(topic: string): void {
    const pending = this.#topics.get(topic);
    if (pending !== undefined) pending.reads++;
  }

  /** The topics of which something waits to be told, the one that has waited longest at the front. */
  topics(): Iterable<string> {
    return this.#topics.keys();
  }

  /** What waits to be told of a topic; it does not wait any more. */
  take(topic: string): PendingDiff | undefined {
    const pending = this.#topics.get(topic);
    if (pending === undefined) return undefined;
    this.#topics.delete(topic);
    this.#size -= pending.changes.size;
    const joins: PresenceRecord[] = [];
    const leaves: PresenceRecord[] = [];
    for (const [record, { was, is }] of pending.changes) {
      if (is || !was) joins.push(record);
      if (!is) leaves.push(record);
    }
    return { joins, leaves };
  }

  clear(): void {
    this.#topics.clear();
    this.#size = 0;
  }

  #change(record: PresenceRecord, is: boolean): void {
    const { topic } = record;
    let pending = this.#topics.get(topic);
    if (pending === undefined) {
      pending = { changes: new Map(), reads: 0 };
      this.#topics.set(topic, pending);
    }
    const { changes, reads } = pending;
    const change = changes.get(record);
    if (change === undefined) {
      changes.set(record, { was: !is, is, reads, seen: false });
      this.#size++;
      return;
    }
    change.is = is;
    change.seen ||= change.reads !== reads;
    change.reads = reads;
    if (is !== change.was || change.seen) return;
    changes.delete(record);
    this.#size--;
    if (changes.size === 0) this.#topics.delete(topic);
  }
}
