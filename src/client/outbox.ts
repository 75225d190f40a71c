import { nextSeq } from "../protocol/sequence.js";

/** How much may wait for the server. */
export interface OutboxBound {
  /** The most messages, in flight or waiting. Default 1,000. */
  readonly messages: number;
  /** The most bytes of them. Default 1 MiB. */
  readonly bytes: number;
}

/** A message with the bytes that it counts for. */
export interface Sized {
  readonly bytes: number;
}

/** A message that was written: its number and text stay the same whenever it is written again. */
export interface Sent<T> {
  readonly item: T;
  readonly seq: number;
  readonly body: string;
}

/**
 * Keeps what the server has not acknowledged, in two lines: messages written under a number, and messages that wait.
 *
 * A message gets its number when it is first written, so one that waits can be withdrawn without leaving a hole.
 */
export class Outbox<T extends Sized> {
  readonly #bound: OutboxBound;
  #waiting: T[] = [];
  #sent: Sent<T>[] = [];
  #last = 0;
  #waitingBytes = 0;
  #sentBytes = 0;

  constructor(bound: OutboxBound) {
    this.#bound = bound;
  }

  /** How many messages it keeps. */
  get messages(): number {
    return this.#waiting.length + this.#sent.length;
  }

  /** How many bytes it keeps. */
  get bytes(): number {
    return this.#waitingBytes + this.#sentBytes;
  }

  /** What was written and not acknowledged, in order. */
  get sent(): readonly Sent<T>[] {
    return this.#sent;
  }

  /** What was never written, in order. */
  get waiting(): readonly T[] {
    return this.#waiting;
  }

  /** The lowest number that can be sent again; the next new one if there is none. */
  get first(): number {
    return this.#sent[0]?.seq ?? this.next;
  }

  /** The number of the next message that is written for the first time. */
  get next(): number {
    return nextSeq(this.#last);
  }

  /** Tells whether a message of `bytes` stays within the bound. */
  fits(bytes: number): boolean {
    return this.messages < this.#bound.messages && this.bytes + bytes <= this.#bound.bytes;
  }

  /** Adds a message to those that wait. The bound is the caller's to ask about first. */
  add(item: T): void {
    this.#waiting.push(item);
    this.#waitingBytes += item.bytes;
  }

  /** Withdraws a message that waits; `false` if it does not wait here. */
  remove(item: T): boolean {
    const at = this.#waiting.indexOf(item);
    if (at < 0) return false;
    this.#waiting.splice(at, 1);
    this.#waitingBytes -= item.bytes;
    return true;
  }

  /**
   * Numbers and writes what waits, in order, as far as the window allows.
   *
   * Messages that are not ready keep their place; others overtake them. `encode` gives a message's text, `write` sends it.
   */
  drain(
    window: OutboxBound,
    ready: (item: T) => boolean,
    encode: (item: T) => string,
    write: (sent: Sent<T>) => void,
  ): void {
    for (let i = 0; i < this.#waiting.length && this.#sent.length < window.messages; ) {
      const item = this.#waiting[i];
      if (item === undefined || !ready(item)) {
        i += 1;
        continue;
      }
      if (this.#sent.length > 0 && this.#sentBytes + item.bytes > window.bytes) return;
      this.remove(item);
      this.#last = this.next;
      const sent = { item, seq: this.#last, body: encode(item) };
      this.#sent.push(sent);
      this.#sentBytes += item.bytes;
      write(sent);
    }
  }

  /** Drops what the server has taken, up to `seq`; `false` if that number was never written, which breaks the protocol. */
  acknowledge(seq: number): boolean {
    if (seq > this.#last) return false;
    let taken = 0;
    for (const sent of this.#sent) {
      if (sent.seq > seq) break;
      taken += 1;
      this.#sentBytes -= sent.item.bytes;
    }
    this.#sent.splice(0, taken);
    return true;
  }

  /** Starts a new session: numbers from 1 again, with `waiting` as all there is. */
  restart(waiting: T[]): void {
    this.#sent = [];
    this.#sentBytes = 0;
    this.#last = 0;
    this.#waiting = waiting;
    this.#waitingBytes = waiting.reduce((sum, item) => sum + item.bytes, 0);
  }
}
