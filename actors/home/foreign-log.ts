import type { SharedFrame } from "../../src/transport/shared-frame.js";
import type { ReadableLog } from "../session/away-row.js";
import { Broadcast } from "../topic/broadcast.js";
import { type LogLimits, type LogTotal, TopicLog } from "../topic/topic-log.js";

/** Where the log of another node ends. */
export interface ForeignPosition {
  /** What clients know it by. */
  readonly epoch: string;
  /** The offset of the latest broadcast that is known of. */
  readonly offset: number;
}

/**
 * The log of a topic as another node left it: its offsets mean nothing here, so whoever was on the topic there is told what comes after his place, and is
 * then on the topic of this node.
 */
export class ForeignLog implements ReadableLog {
  readonly topic: string;
  readonly epoch: string;
  readonly #log: TopicLog;
  #offset: number;
  /** Whether something is missing after its end, nobody knows how much. */
  isCut = false;

  constructor(topic: string, { epoch, offset }: ForeignPosition, limits: LogLimits, total: LogTotal) {
    this.topic = topic;
    this.epoch = epoch;
    this.#offset = offset;
    this.#log = new TopicLog(limits, total, offset + 1);
  }

  get offset(): number {
    return this.#offset;
  }

  get firstKept(): number {
    return this.#log.first;
  }

  /** Puts in what was read of it: all that comes right before its end. */
  fill(run: readonly Broadcast[], nowMs: number): void {
    if (run.length > 0) this.#log.recall(run, nowMs);
  }

  /** Adds what its node would have got next. */
  append(frame: SharedFrame, key: string | undefined, nowMs: number): void {
    this.#offset++;
    this.#log.append(new Broadcast(frame, this.#offset, key, undefined), nowMs);
  }

  read(offset: number): Broadcast | undefined {
    return this.#log.at(offset);
  }

  isOutdated(entry: Broadcast): boolean {
    return this.#log.isOutdated(entry);
  }
}
