import type { Publication } from "./publication.js";
import { TopicLog, type LogTotal } from "./topic-log.js";
import type { TopicGap, TopicPosition } from "./topic-message.js";

/** The bounds of the log of one topic. */
export interface LogRule {
  readonly messages: number;
  readonly bytes: number;
  readonly ageMs: number;
}

/** The bounds of all logs together. */
export interface LogsLimits {
  /** Most topics of which a log, or at least a position, is kept. */
  readonly maxLogs: number;
  /** Most bytes of all logs. */
  readonly logBytes: number;
}

/** What a reader gets of a log. */
export interface LogPart {
  readonly publications: readonly Publication[];
  /** What is missing before the first of them. */
  readonly gap: TopicGap | undefined;
  /** Where the log ends. */
  readonly position: TopicPosition;
}

/** Where a reader goes on: behind what it had last, or at the oldest that there is. */
export type LogStart = TopicPosition | "oldest";

/** The log of one topic, and its position, which it keeps when the log is empty. */
class LoggedTopic {
  readonly epoch: string;
  offset: number;
  readonly log: TopicLog<Publication>;

  constructor({ epoch, offset }: TopicPosition, rule: LogRule, total: LogTotal) {
    this.epoch = epoch;
    this.offset = offset;
    this.log = new TopicLog(
      // Room for all of them is made below, at the cost of the topic that was quiet for the longest.
      { topicLogMessages: rule.messages, topicLogBytes: rule.bytes, topicLogMs: rule.ageMs, logBytes: Infinity },
      total,
      offset + 1,
    );
  }
}

/**
 * The logs of the topics that have one.
 *
 * What is above a topic's own bounds goes, the oldest first. When all together have too much, the topic that was quiet for the longest loses its
 * messages but not its position, so that who comes back is told which are missing. Pure: times and new epochs come in.
 */
export class TopicLogs {
  limits: LogsLimits;
  readonly #newEpoch: () => string;
  readonly #total: LogTotal = { bytes: 0 };
  /** The one that was quiet for the longest at the front. */
  readonly #topics = new Map<string, LoggedTopic>();
  /** Those of them with messages, in the same order. */
  readonly #filled = new Map<string, LoggedTopic>();
  readonly #changed: (topic: string) => void;
  #dropped = 0;

  /** `changed` hears of each topic that gets a position, or loses it. */
  constructor(limits: LogsLimits, newEpoch: () => string, changed: (topic: string) => void = () => undefined) {
    this.limits = limits;
    this.#newEpoch = newEpoch;
    this.#changed = changed;
  }

  /** Topics with a log or a position. */
  get size(): number {
    return this.#topics.size;
  }

  get bytes(): number {
    return this.#total.bytes;
  }

  /** The topics with a log or a position. */
  get topics(): Iterable<string> {
    return this.#topics.keys();
  }

  /** Topics that have lost all messages so far, so that others have room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Where the log of a topic ends; `undefined` for one that has none. */
  position(topic: string): TopicPosition | undefined {
    const known = this.#topics.get(topic);
    return known === undefined ? undefined : { epoch: known.epoch, offset: known.offset };
  }

  /** Begins the log of a topic, if there is none, behind `start` if given; gives where it ends. */
  begin(topic: string, rule: LogRule, start?: TopicPosition): TopicPosition {
    const { epoch, offset } = this.#open(topic, rule, start);
    return { epoch, offset };
  }

  /** Puts a message into its topic's log, which is begun if need be, and gives it its position. */
  append(publication: Publication, rule: LogRule, nowMs: number, start?: TopicPosition): void {
    const { topic } = publication;
    const known = this.#open(topic, rule, start);
    known.offset++;
    publication.position = { epoch: known.epoch, offset: known.offset };
    known.log.append(publication, nowMs);
    // Out and in again: it is the one that was quiet for the shortest time.
    this.#topics.delete(topic);
    this.#topics.set(topic, known);
    this.#filled.delete(topic);
    this.#filled.set(topic, known);
    this.#makeRoom();
  }

  /** What a topic's log has behind a position; of several with the same key only the latest, if asked. `undefined` for a topic without log. */
  read(topic: string, from: LogStart, nowMs: number, most = Infinity, conflate = false): LogPart | undefined {
    const known = this.#topics.get(topic);
    if (known === undefined) return undefined;
    const { epoch, offset, log } = known;
    log.trim(nowMs);
    const isOther = from !== "oldest" && (from.epoch !== epoch || from.offset > offset);
    const wanted = from === "oldest" || isOther ? 1 : from.offset + 1;
    const first = Math.max(wanted, log.first);
    const publications: Publication[] = [];
    let end = offset;
    for (let at = first; at <= offset; at++) {
      const publication = log.at(at);
      if (publication === undefined || (conflate && log.isOutdated(publication))) continue;
      if (publications.length === most) {
        end = at - 1;
        break;
      }
      publications.push(publication);
    }
    const isLost = from !== "oldest" && first > wanted;
    const gap: TopicGap | undefined =
      isOther || isLost ? { epoch, from: wanted, to: first - 1, reason: isOther ? "epoch" : "lost" } : undefined;
    return { publications, gap, position: { epoch, offset: end } };
  }

  /** Lets go of what is kept for too long, also of topics that are quiet. */
  sweep(nowMs: number): void {
    for (const [topic, { log }] of this.#filled) {
      log.trim(nowMs);
      if (log.length === 0) this.#filled.delete(topic);
    }
  }

  /** Whether there is anything that may get too old. */
  get isEmpty(): boolean {
    return this.#filled.size === 0;
  }

  clear(): void {
    const topics = [...this.#topics.keys()];
    for (const { log } of this.#topics.values()) log.clear();
    this.#topics.clear();
    this.#filled.clear();
    for (const topic of topics) this.#changed(topic);
  }

  #open(topic: string, rule: LogRule, start: TopicPosition | undefined): LoggedTopic {
    let known = this.#topics.get(topic);
    if (known === undefined) {
      known = new LoggedTopic(start ?? { epoch: this.#newEpoch(), offset: 0 }, rule, this.#total);
      this.#topics.set(topic, known);
      this.#changed(topic);
      this.#makeRoom();
    }
    return known;
  }

  #makeRoom(): void {
    const { maxLogs, logBytes } = this.limits;
    for (const [topic, { log }] of this.#filled) {
      if (this.#total.bytes <= logBytes) break;
      this.#filled.delete(topic);
      log.clear();
      this.#dropped++;
    }
    for (const [topic, { log }] of this.#topics) {
      if (this.#topics.size <= maxLogs) break;
      log.clear();
      this.#topics.delete(topic);
      this.#filled.delete(topic);
      this.#changed(topic);
    }
  }
}
