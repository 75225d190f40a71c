import type { Operation } from "./operation.js";

const FIRST_CAPACITY = 8;
const LARGEST_POOLED_CAPACITY = 256;
const MOST_POOLED = 1024;

/**
 * The messages that wait behind the first one: a growing ring, as three columns (operation, payload, sender or pending call).
 *
 * The first waiting message lives in the actor's cell itself, so an actor with an empty mailbox, or with one message, owns no ring at all.
 * A ring allocates nothing per message, and goes back to a pool when it is empty.
 */
export class Mailbox {
  #operations: (Operation | null)[] = new Array<Operation | null>(FIRST_CAPACITY).fill(null);
  #payloads: unknown[] = new Array<unknown>(FIRST_CAPACITY).fill(undefined);
  #senders: unknown[] = new Array<unknown>(FIRST_CAPACITY).fill(null);
  #mask = FIRST_CAPACITY - 1;
  #head = 0;
  /** How many messages wait in the ring. */
  length = 0;

  push(operation: Operation, payload: unknown, from: unknown): void {
    if (this.length > this.#mask) this.#grow();
    const at = (this.#head + this.length) & this.#mask;
    this.#operations[at] = operation;
    this.#payloads[at] = payload;
    this.#senders[at] = from;
    this.length++;
  }

  /** The operation of the oldest message, or `null` when the ring is empty. */
  operation(): Operation | null {
    return this.#operations[this.#head] ?? null;
  }

  /** The payload of the oldest message. */
  payload(): unknown {
    return this.#payloads[this.#head];
  }

  /** The sender of the oldest message, or the pending call that waits for its reply. */
  from(): unknown {
    return this.#senders[this.#head];
  }

  /** Removes the oldest message. */
  drop(): void {
    const at = this.#head;
    this.#operations[at] = null;
    this.#payloads[at] = undefined;
    this.#senders[at] = null;
    this.#head = (at + 1) & this.#mask;
    this.length--;
  }

  /** The sender of the message at `position`, counted from the oldest (0). */
  senderAt(position: number): unknown {
    return this.#senders[(this.#head + position) & this.#mask];
  }

  get reusable(): boolean {
    return this.#mask < LARGEST_POOLED_CAPACITY;
  }

  #grow(): void {
    const size = (this.#mask + 1) * 2;
    this.#operations = unrolled(this.#operations, this.#head, size, null);
    this.#payloads = unrolled(this.#payloads, this.#head, size, undefined);
    this.#senders = unrolled(this.#senders, this.#head, size, null);
    this.#mask = size - 1;
    this.#head = 0;
  }
}

/** A ring copied to the front of an array of `size`. */
function unrolled<Value>(ring: readonly Value[], head: number, size: number, empty: Value): Value[] {
  const longer = ring.slice(head).concat(ring.slice(0, head));
  // Filled one by one: an array given its length at once would have holes, and stay slow.
  for (let index = longer.length; index < size; index++) longer.push(empty);
  return longer;
}

const pool: Mailbox[] = [];

/** A ring from the pool, or a new one. */
export function takeMailbox(): Mailbox {
  return pool.pop() ?? new Mailbox();
}

/** Gives an empty ring back; large ones are left to the garbage collector. */
export function releaseMailbox(mailbox: Mailbox): void {
  if (mailbox.reusable && pool.length < MOST_POOLED) pool.push(mailbox);
}
