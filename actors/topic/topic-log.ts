import type { Broadcast } from "./broadcast.js";

/** The bounds of the logs of an endpoint. */
export interface LogLimits {
  /** Most broadcasts kept of one topic. */
  readonly topicLogMessages: number;
  /** Most bytes kept of one topic. */
  readonly topicLogBytes: number;
  /** The longest that a broadcast is kept. */
  readonly topicLogMs: number;
  /** Most bytes kept of all topics together. */
  readonly logBytes: number;
}

/** What is kept in a log. */
export interface LogEntry {
  readonly offset: number;
  readonly bytes: number;
  readonly key: string | undefined;
  /** When it was put in, in milliseconds. */
  loggedAt: number;
}

/** What all logs of an endpoint keep together. */
export interface LogTotal {
  bytes: number;
}

const COMPACT_ABOVE = 64;

/**
 * The latest broadcasts of one topic, for whoever could not take them at once.
 *
 * Pure: times come in as data. It keeps whole runs: from `first` on nothing is missing. When a bound is reached the oldest go.
 */
export class TopicLog<Entry extends LogEntry = Broadcast> {
  readonly #limits: LogLimits;
  readonly #total: LogTotal;
  #entries: Entry[] = [];
  /** Entries before this index are gone. */
  #head = 0;
  #bytes = 0;
  #next: number;
  /** For each key the offset of its latest broadcast; only there once a broadcast had one. */
  #latest: Map<string, number> | undefined;

  /** Starts empty; the first broadcast it gets will have the offset `next`. */
  constructor(limits: LogLimits, total: LogTotal, next: number) {
    this.#limits = limits;
    this.#total = total;
    this.#next = next;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The offset of the oldest broadcast kept; of the next one to come if none is. */
  get first(): number {
    return this.#next - this.length;
  }

  append(entry: Entry, nowMs: number): void {
    entry.loggedAt = nowMs;
    this.#entries.push(entry);
    this.#next = entry.offset + 1;
    this.#charge(entry.bytes);
    if (entry.key !== undefined) {
      this.#latest ??= new Map();
      this.#latest.set(entry.key, entry.offset);
    }
    this.trim(nowMs);
  }

  /** Puts in what comes right before the oldest one kept; as much of it as the bounds allow. */
  recall(entries: readonly Entry[], nowMs: number): void {
    this.#entries = [...entries, ...this.#entries.slice(this.#head)];
    this.#head = 0;
    for (const entry of entries) {
      this.#charge(entry.bytes);
      if (entry.key === undefined) continue;
      this.#latest ??= new Map();
      this.#latest.set(entry.key, Math.max(entry.offset, this.#latest.get(entry.key) ?? 0));
    }
    this.trim(nowMs);
  }

  /** The broadcast with an offset, or `undefined` when it is gone or has not come. */
  at(offset: number): Entry | undefined {
    return offset < this.first ? undefined : this.#entries[this.#head + offset - this.first];
  }

  /** Whether a broadcast with the same key came after this one. */
  isOutdated(entry: Entry): boolean {
    return entry.key !== undefined && (this.#latest?.get(entry.key) ?? 0) > entry.offset;
  }

  /** Forgets everything. */
  clear(): void {
    this.#charge(-this.#bytes);
    this.#entries = [];
    this.#head = 0;
    this.#latest = undefined;
  }

  /** Lets go of what is kept for too long; whatever is put in does so, too. */
  trim(nowMs: number): void {
    const { topicLogMessages, topicLogBytes, topicLogMs, logBytes } = this.#limits;
    for (let oldest = this.#entries[this.#head]; oldest !== undefined; oldest = this.#entries[this.#head]) {
      const fits = this.length <= topicLogMessages && this.#bytes <= topicLogBytes && this.#total.bytes <= logBytes;
      if (fits && nowMs - oldest.loggedAt <= topicLogMs) break;
      this.#head++;
      this.#charge(-oldest.bytes);
      if (oldest.key !== undefined && this.#latest?.get(oldest.key) === oldest.offset) this.#latest.delete(oldest.key);
    }
    if (this.#head > COMPACT_ABOVE && this.#head * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }

  #charge(bytes: number): void {
    this.#bytes += bytes;
    this.#total.bytes += bytes;
  }
}
