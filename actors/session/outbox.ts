import type { SharedFrame } from "../../src/transport/shared-frame.js";

/** A frame without its numbers: text of its own, or one that many receivers share. */
export type Body = string | SharedFrame;

/** The bounds of an outbox. */
export interface OutboxLimits {
  /** Most frames kept until they are acknowledged. */
  readonly outboxMessages: number;
  /** Most bytes kept until they are acknowledged. */
  readonly outboxBytes: number;
  /** Most frames written and not acknowledged. */
  readonly windowMessages: number;
  /** Most bytes written and not acknowledged. */
  readonly windowBytes: number;
}

const COMPACT_ABOVE = 64;

/**
 * The numbered frames that a client has not acknowledged, oldest first, and how far they have been written to the present socket.
 *
 * Pure: it knows neither socket nor clock. Frames are refs to what all receivers share, never copies.
 */
export class Outbox {
  readonly #limits: OutboxLimits;
  #bodies: Body[] = [];
  #sizes: number[] = [];
  /** Entries before this index are acknowledged. */
  #head = 0;
  /** The number of the entry at `#head`. */
  #firstSeq: number;
  #bytes = 0;
  #sent = 0;
  #sentBytes = 0;

  /** Starts empty; the first frame appended gets the number `firstSeq`. */
  constructor(limits: OutboxLimits, firstSeq: number) {
    this.#limits = limits;
    this.#firstSeq = firstSeq;
  }

  /** Frames kept. */
  get length(): number {
    return this.#bodies.length - this.#head;
  }

  /** Bytes kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Frames kept that were not written to the present socket. */
  get unsent(): number {
    return this.length - this.#sent;
  }

  /** Their bytes. */
  get unsentBytes(): number {
    return this.#bytes - this.#sentBytes;
  }

  /** The number of the oldest frame kept; that of the next one to come when there is none. */
  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** The number of the newest frame. */
  get lastSeq(): number {
    return this.#firstSeq + this.length - 1;
  }

  /** Keeps a frame under the next number; false, and nothing is kept, when it does not fit any more. */
  append(body: Body, bytes: number): boolean {
    if (this.length >= this.#limits.outboxMessages || this.#bytes + bytes > this.#limits.outboxBytes) return false;
    if (this.#bodies.length === 0) {
      // Made with its first entry an array has room for that alone, and most outboxes never hold a second one.
      this.#bodies = [body];
      this.#sizes = [bytes];
    } else {
      this.#bodies.push(body);
      this.#sizes.push(bytes);
    }
    this.#bytes += bytes;
    return true;
  }

  /** Keeps a frame that was kept before, whatever the bounds are now. */
  restore(body: Body, bytes: number): void {
    this.#bodies.push(body);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** The frames above a number, oldest first. */
  above(seq: number): Body[] {
    return this.#bodies.slice(this.#head + Math.max(0, seq + 1 - this.#firstSeq));
  }

  /** Drops what the client has acknowledged: everything up to `seq`. An older or unknown number changes nothing. */
  acknowledge(seq: number): void {
    const count = Math.min(seq, this.lastSeq) - this.#firstSeq + 1;
    for (let index = 0; index < count; index++) this.#dropFirst();
    if (this.#head > COMPACT_ABOVE && this.#head * 2 > this.#bodies.length) {
      this.#bodies = this.#bodies.slice(this.#head);
      this.#sizes = this.#sizes.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Forgets what was written: a new socket has seen nothing. */
  rewind(): void {
    this.#sent = 0;
    this.#sentBytes = 0;
  }

  /** The number of the next frame to write, or `undefined` when all are written or the window is full. */
  get nextToSend(): number | undefined {
    if (this.#sent >= this.length) return undefined;
    const { windowMessages, windowBytes } = this.#limits;
    const size = this.#sizes[this.#head + this.#sent] ?? 0;
    // The first frame of a window always fits: else one larger than the window would never leave.
    const fits = this.#sent === 0 || (this.#sent < windowMessages && this.#sentBytes + size <= windowBytes);
    return fits ? this.#firstSeq + this.#sent : undefined;
  }

  /** Takes the next frame to write and counts it as written. */
  send(): Body | undefined {
    const index = this.#head + this.#sent;
    const body = this.#bodies[index];
    if (body === undefined) return undefined;
    this.#sent++;
    this.#sentBytes += this.#sizes[index] ?? 0;
    return body;
  }

  #dropFirst(): void {
    const size = this.#sizes[this.#head] ?? 0;
    // Replaced, not spliced: the tail moves once in a while, in `acknowledge`.
    this.#bodies[this.#head] = "";
    this.#head++;
    this.#firstSeq++;
    this.#bytes -= size;
    if (this.#sent > 0) {
      this.#sent--;
      this.#sentBytes -= size;
    }
  }
}
