/** Something that is sent to whoever listens. */
export interface Deliverable {
  readonly topic: string;
}

/** One that listens, since when. */
export interface Listening {
  /** Deliveries up to this number began before it was there. */
  readonly since: number;
}

/** One message on its way to everybody who listened when it was published. */
interface Delivery<Item, Listener> {
  readonly item: Item;
  readonly number: number;
  /** Where it goes on. A list may lose and gain listeners meanwhile: who is new gets what comes later. */
  readonly listeners: Iterator<Listener>;
}

/** Sends one item to one listener; told for each that the item is for. */
export type Deliver<Item, Listener> = (item: Item, listener: Listener) => void;

/**
 * Messages on their way to many, a bounded number at a time, so that one to 100,000 does not keep the others waiting.
 *
 * What fits in a turn is sent at once. The rest goes on in later turns: the messages of one topic one after the other, those of different topics side
 * by side. So a listener gets the messages of one topic in order; with a message to many on its way, those of another topic may overtake it.
 * Pure: whoever runs it calls {@link DeliveryQueue.turn}.
 */
export class DeliveryQueue<Item extends Deliverable, Listener extends Listening> {
  readonly #deliver: Deliver<Item, Listener>;
  readonly #perTurn: number;
  /** Unfinished ones, by topic, oldest first. */
  readonly #waiting = new Map<string, Delivery<Item, Listener>[]>();
  #length = 0;
  #number = 0;

  /** `perTurn` is how many listeners get something in one turn. */
  constructor(deliver: Deliver<Item, Listener>, perTurn: number) {
    this.#deliver = deliver;
    this.#perTurn = perTurn;
  }

  /** Messages that are not with all of their listeners yet. */
  get length(): number {
    return this.#length;
  }

  /** The number of the latest message: who listens from now on gets those above it. */
  get latest(): number {
    return this.#number;
  }

  /** Sends an item to all listeners, or begins to; false when it goes on later. */
  start(item: Item, lists: readonly Iterable<Listener>[]): boolean {
    const number = ++this.#number;
    const before = this.#waiting.get(item.topic);
    const delivery = { item, number, listeners: everyOf(lists) };
    if (before !== undefined) before.push(delivery);
    else if (this.#go(delivery, this.#perTurn) >= 0) return true;
    else this.#waiting.set(item.topic, [delivery]);
    this.#length++;
    return false;
  }

  /** Goes on for a turn; false when nothing is left to do. */
  turn(): boolean {
    let left = this.#perTurn;
    for (const [topic, deliveries] of this.#waiting) {
      left = this.#topicTurn(topic, deliveries, left);
      if (left > 0) continue;
      // It goes on when the others had their turn.
      if (this.#waiting.delete(topic) && deliveries.length > 0) this.#waiting.set(topic, deliveries);
      break;
    }
    return this.#waiting.size > 0;
  }

  /** Sends what of a topic the turn has room for; gives what room is left. */
  #topicTurn(topic: string, deliveries: Delivery<Item, Listener>[], room: number): number {
    let left = room;
    while (left > 0) {
      const [oldest] = deliveries;
      if (oldest === undefined) {
        this.#waiting.delete(topic);
        return left;
      }
      const after = this.#go(oldest, left);
      if (after < 0) return 0;
      left = after;
      deliveries.shift();
      this.#length--;
    }
    return left;
  }

  /** Sends to at most so many listeners; gives how many it could have been more, or -1 when some are left. */
  #go({ item, number, listeners }: Delivery<Item, Listener>, most: number): number {
    for (let left = most; left > 0; left--) {
      const next = listeners.next();
      if (next.done === true) return left;
      if (next.value.since < number) this.#deliver(item, next.value);
    }
    return -1;
  }
}

function* everyOf<Listener>(lists: readonly Iterable<Listener>[]): Generator<Listener, void, undefined> {
  for (const list of lists) yield* list;
}
