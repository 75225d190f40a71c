import type { StoreChange } from "../../src/store/store-port.js";
import type { Broadcast } from "./broadcast.js";
import { encodeLogEntry } from "./log-entry.js";

/** How far a durable session is on a topic. It outlives the session's actor, so that what is broadcast until that is back is kept. */
export interface KeptPlace {
  /** The session's public id. */
  readonly sid: string;
  /** The offset of the last broadcast that has become a frame of the session's, or that is not for it. */
  cursor: number;
  /** The offset up to which its client has acknowledged all: the log is not needed for it below that. */
  acked: number;
}

/** Where the log of a topic is kept, and for how long. */
export interface LogKeeping {
  readonly topicLogMessages: number;
  readonly topicLogBytes: number;
  readonly topicLogMs: number;
  /** Takes the changes of logs. */
  readonly log: (change: StoreChange) => void;
  /** Milliseconds since 1970. */
  readonly wallTime: () => number;
}

interface Size {
  readonly offset: number;
  readonly bytes: number;
  readonly at: number;
  readonly id: string | undefined;
}

/** Broadcasts between two looks at who still needs what. */
const LOOK_EVERY = 64;
const COMPACT_ABOVE = 64;
/** The part of a log that goes in one go when it is above a bound: else each broadcast would write a trim as well. */
const SLACK = 1 / 16;

/**
 * The log of a topic in the store, for the durable sessions on it: each broadcast is written once, whatever their number.
 *
 * It is there while such a session has a place on the topic. Its entries go when all of them have acknowledged it, or when a bound of the
 * topic's log is reached.
 */
export class KeptTopic {
  readonly name: string;
  /** Tells this life of the log from earlier ones. */
  readonly epoch: number;
  readonly #keeping: LogKeeping;
  readonly #places = new Map<string, KeptPlace>();
  #sizes: Size[] = [];
  /** The ids of what is in the log. */
  readonly #ids = new Set<string>();
  #head = 0;
  #bytes = 0;
  #untilLook = LOOK_EVERY;
  #written: boolean;

  /** `epoch` of a log that is in the store; a new one gets the time as its epoch. */
  constructor(name: string, keeping: LogKeeping, epoch?: number) {
    this.name = name;
    this.#keeping = keeping;
    this.epoch = epoch ?? Math.max(0, Math.floor(keeping.wallTime()));
    this.#written = epoch !== undefined;
  }

  /** Durable sessions that have a place on it. */
  get size(): number {
    return this.#places.size;
  }

  /** Gives a session its place, a new one instead of an earlier one. */
  add(place: KeptPlace): void {
    this.#places.set(place.sid, place);
  }

  /** Takes a place back, unless the session has another one by now; true when nobody is left. */
  remove(place: KeptPlace): boolean {
    if (this.#places.get(place.sid) === place) this.#places.delete(place.sid);
    return this.#places.size === 0;
  }

  /** Writes a broadcast. */
  append(entry: Broadcast, id: string | undefined): void {
    const { log, wallTime } = this.#keeping;
    const frame = encodeLogEntry({ frame: entry.frame, key: entry.key, exceptSid: entry.exceptSid, id });
    const at = wallTime();
    log({ type: "append_log", topic: this.name, epoch: this.epoch, offset: entry.offset, frame, at });
    this.#written = true;
    this.count(entry.offset, entry.bytes, at, id);
    this.#untilLook--;
    if (this.#untilLook <= 0 || this.#isOver(at)) this.#trim(at);
  }

  /** Counts an entry that is in the store; one that is counted already changes nothing. */
  count(offset: number, bytes: number, at: number, id: string | undefined): void {
    if (offset <= (this.#sizes.at(-1)?.offset ?? 0)) return;
    this.#sizes.push({ offset, bytes, at, id });
    this.#bytes += bytes;
    if (id !== undefined) this.#ids.add(id);
  }

  /** Whether a broadcast with this id is in the log. */
  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Nobody has a place any more: the log goes. */
  end(): void {
    if (this.#written) this.#keeping.log({ type: "delete_log", topic: this.name });
    this.#written = false;
  }

  /** Whether a bound is reached, or is when it is `part` of what it was. */
  #isOver(now: number, part = 1): boolean {
    const { topicLogMessages, topicLogBytes, topicLogMs } = this.#keeping;
    const oldest = this.#sizes[this.#head];
    if (oldest === undefined) return false;
    const count = this.#sizes.length - this.#head;
    const isOver = count > topicLogMessages * part || this.#bytes > topicLogBytes * part;
    return isOver || now - oldest.at > topicLogMs;
  }

  #trim(now: number): void {
    this.#untilLook = LOOK_EVERY;
    let needed = Infinity;
    for (const { acked } of this.#places.values()) needed = Math.min(needed, acked);
    let through = 0;
    const part = this.#isOver(now) ? 1 - SLACK : 1;
    for (let oldest = this.#sizes[this.#head]; oldest !== undefined; oldest = this.#sizes[this.#head]) {
      if (oldest.offset > needed && !this.#isOver(now, part)) break;
      through = oldest.offset;
      this.#bytes -= oldest.bytes;
      if (oldest.id !== undefined) this.#ids.delete(oldest.id);
      this.#head++;
    }
    if (through > 0) this.#keeping.log({ type: "trim_log", topic: this.name, through });
    if (this.#head > COMPACT_ABOVE && this.#head * 2 > this.#sizes.length) {
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
  }
}
