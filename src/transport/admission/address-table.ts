import { RetrySlots } from "./retry-slots.js";
import { type BucketRule, TokenBucket } from "./token-bucket.js";

/** What is known of one group of addresses. */
export class AddressRow {
  readonly group: string;
  /** Connections that are open, those that wait for their authentication too. */
  open = 0;
  /** Connections that are not authenticated yet. */
  pending = 0;
  readonly handshakes: TokenBucket;
  #slots: RetrySlots | undefined = undefined;

  constructor(group: string, handshakes: BucketRule) {
    this.group = group;
    this.handshakes = new TokenBucket(handshakes);
  }

  /** When those of this group who were refused may come back; made for the first of them. */
  slots(perSecond: number): RetrySlots {
    this.#slots ??= new RetrySlots({ perSecond });
    return this.#slots;
  }
}

/**
 * The rows of all groups of addresses that are connected, and of as many others as it is given room for.
 *
 * A row in use is never dropped: its count would be wrong ever after; there are as many as connections at most. Of the others, the one that
 * has been unused for the longest goes first, and with it nothing but the memory of how fast its clients came.
 */
export class AddressTable {
  readonly #handshakes: BucketRule;
  readonly #room: number;
  readonly #used = new Map<string, AddressRow>();
  /** In the order in which they fell out of use. */
  readonly #unused = new Map<string, AddressRow>();

  /** `room` is how many unused rows are kept. */
  constructor(handshakes: BucketRule, room: number) {
    this.#handshakes = handshakes;
    this.#room = room;
  }

  /** Rows, used and unused. */
  get size(): number {
    return this.#used.size + this.#unused.size;
  }

  /** The row of a group; made if there is none. One that stays unused has to be given back with {@link settle}. */
  row(group: string): AddressRow {
    return this.#used.get(group) ?? this.#unused.get(group) ?? new AddressRow(group, this.#handshakes);
  }

  /** Keeps a row in the place that fits its count, after a change. */
  settle(row: AddressRow): void {
    const { group } = row;
    if (row.open > 0) {
      this.#unused.delete(group);
      this.#used.set(group, row);
      return;
    }
    this.#used.delete(group);
    // Put at the end: it is the one that was used last.
    this.#unused.delete(group);
    this.#unused.set(group, row);
    if (this.#unused.size <= this.#room) return;
    for (const oldest of this.#unused.keys()) {
      this.#unused.delete(oldest);
      break;
    }
  }
}
