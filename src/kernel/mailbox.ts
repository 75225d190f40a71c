import type { Operation } from "./operation.js";

const SLOTS_PER_MESSAGE = 3;
/** Messages per chunk: the first chunk of a mailbox is tiny, for a message that waits behind an `init`; the others grow. */
const CHUNK_SIZES = [2, 16, 128, 512] as const;
const LARGEST = CHUNK_SIZES.length - 1;
/** Most pooled chunks of each size: 0.1, 0.4 and 3 MB when full. */
const MOST_POOLED = [1_024, 512, 256, 256] as const;

/** A fixed run of messages, three slots each: operation, payload, and sender or pending call. */
class Chunk {
  readonly slots: unknown[];
  readonly size: number;
  next: Chunk | null = null;
  previous: Chunk | null = null;

  constructor(size: number) {
    this.size = size;
    this.slots = new Array<unknown>((CHUNK_SIZES[size] ?? 0) * SLOTS_PER_MESSAGE).fill(null);
  }
}

const pools: Chunk[][] = CHUNK_SIZES.map(() => []);

function takeChunk(size: number): Chunk {
  return pools[size]?.pop() ?? new Chunk(size);
}

function releaseChunk(chunk: Chunk): void {
  chunk.next = null;
  chunk.previous = null;
  const pool = pools[chunk.size];
  if (pool !== undefined && pool.length < (MOST_POOLED[chunk.size] ?? 0)) pool.push(chunk);
}

/**
 * The messages that wait behind the first one, in a chain of chunks.
 *
 * The first waiting message lives in the actor's cell itself, so an actor with an empty mailbox, or with one message, owns no chunk at all.
 * Nothing is allocated per message and nothing is copied when a mailbox grows; chunks that were read go back to a pool.
 */
export class Mailbox {
  #head: Chunk;
  #tail: Chunk;
  #readAt = 0;
  #writeAt = 0;
  /** How many messages wait here. */
  length = 0;

  constructor() {
    this.#head = takeChunk(0);
    this.#tail = this.#head;
  }

  push(operation: Operation, payload: unknown, from: unknown): void {
    if (this.#writeAt === this.#tail.slots.length) this.#extend();
    const { slots } = this.#tail;
    const at = this.#writeAt;
    slots[at] = operation;
    slots[at + 1] = payload;
    slots[at + 2] = from;
    this.#writeAt = at + SLOTS_PER_MESSAGE;
    this.length++;
  }

  /** The operation of the oldest message; only asked while there is one. */
  operation(): Operation {
    return this.#head.slots[this.#readAt] as Operation;
  }

  /** The payload of the oldest message. */
  payload(): unknown {
    return this.#head.slots[this.#readAt + 1];
  }

  /** The sender of the oldest message, or the pending call that waits for its reply. */
  from(): unknown {
    return this.#head.slots[this.#readAt + 2];
  }

  /** Removes the oldest message. */
  drop(): void {
    const { slots } = this.#head;
    const at = this.#readAt;
    slots[at] = null;
    slots[at + 1] = null;
    slots[at + 2] = null;
    this.#readAt = at + SLOTS_PER_MESSAGE;
    this.length--;
    if (this.#readAt === slots.length) this.#advance();
  }

  /** Calls `visit` with the senders of the newest `most` messages, newest first, until it returns true; the count of those visited then, or -1. */
  findFromNewest(most: number, visit: (from: unknown) => boolean): number {
    let chunk: Chunk | null = this.#tail;
    let at = this.#writeAt;
    for (let count = 1; count <= Math.min(most, this.length); count++) {
      if (at === 0) {
        chunk = chunk.previous;
        if (chunk === null) return -1;
        at = chunk.slots.length;
      }
      at -= SLOTS_PER_MESSAGE;
      if (visit(chunk.slots[at + 2])) return count;
    }
    return -1;
  }

  /** Calls `visit` with the oldest `most` messages, oldest first. */
  eachFromOldest(most: number, visit: (operation: Operation, payload: unknown) => void): void {
    let chunk: Chunk | null = this.#head;
    let at = this.#readAt;
    for (let count = 0; count < Math.min(most, this.length); count++) {
      if (at === chunk.slots.length) {
        chunk = chunk.next;
        if (chunk === null) return;
        at = 0;
      }
      visit(chunk.slots[at] as Operation, chunk.slots[at + 1]);
      at += SLOTS_PER_MESSAGE;
    }
  }

  /** Gives the last chunk back; the mailbox is empty and not used any more. */
  release(): void {
    releaseChunk(this.#head);
  }

  #extend(): void {
    const chunk = takeChunk(Math.min(this.#tail.size + 1, LARGEST));
    chunk.previous = this.#tail;
    this.#tail.next = chunk;
    this.#tail = chunk;
    this.#writeAt = 0;
  }

  #advance(): void {
    const read = this.#head;
    this.#readAt = 0;
    if (read.next === null) {
      this.#writeAt = 0;
      return;
    }
    this.#head = read.next;
    this.#head.previous = null;
    releaseChunk(read);
  }
}
