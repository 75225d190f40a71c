import { MessageRate } from "./message-rate.js";

/** What is known of one user: the open connections, and how much all of them have sent lately. */
class UserRow extends MessageRate {
  readonly user: string;
  open = 0;

  constructor(user: string) {
    super();
    this.user = user;
  }
}

/** A place that a user's connection holds until it is given back. */
export class UserPlace {
  #places: UserPlaces | undefined;
  #row: UserRow | undefined;

  /** @internal */
  constructor(places: UserPlaces, row: UserRow) {
    this.#places = places;
    this.#row = row;
  }

  /** How much all connections of the user have sent lately; `undefined` once the place has been given back. */
  get rate(): MessageRate | undefined {
    return this.#row;
  }

  /** Gives the place back. Once is enough; more often does nothing. */
  leave(): void {
    const [places, row] = [this.#places, this.#row];
    this.#places = undefined;
    this.#row = undefined;
    if (row !== undefined) places?.free(row);
  }
}

/**
 * How many connections each user has open, and what they send together.
 *
 * A place is a lease without end: whoever took it gives it back in the hook that runs however it ends, a crash and a kill included. A user
 * without any is remembered for as long as there is room, so that nobody sends more by coming again and again; who has been gone for the
 * longest is forgotten first.
 */
export class UserPlaces {
  readonly #most: number;
  readonly #room: number;
  readonly #taken = new Map<string, UserRow>();
  /** In the order in which their last connection ended. */
  readonly #gone = new Map<string, UserRow>();

  /** `room` is how many users without a connection are remembered. */
  constructor(most: number, room: number) {
    this.#most = most;
    this.#room = room;
  }

  /** Users with a connection. */
  get size(): number {
    return this.#taken.size;
  }

  /** Users that are remembered, those with a connection among them. */
  get known(): number {
    return this.#taken.size + this.#gone.size;
  }

  /** The connections of a user. */
  of(user: string): number {
    return this.#taken.get(user)?.open ?? 0;
  }

  /** Takes a place; `undefined` when the user has as many as allowed. */
  take(user: string): UserPlace | undefined {
    return this.of(user) < this.#most ? this.takeAnyway(user) : undefined;
  }

  /**
   * Takes a place above the limit too: for a connection that replaces one of the user's own.
   *
   * The replaced one may look open for a while yet, and must not keep its successor out.
   */
  takeAnyway(user: string): UserPlace {
    const row = this.#taken.get(user) ?? this.#gone.get(user) ?? new UserRow(user);
    this.#gone.delete(user);
    this.#taken.set(user, row);
    row.open += 1;
    return new UserPlace(this, row);
  }

  /** @internal */
  free(row: UserRow): void {
    row.open -= 1;
    if (row.open > 0) return;
    this.#taken.delete(row.user);
    this.#gone.set(row.user, row);
    if (this.#gone.size <= this.#room) return;
    for (const oldest of this.#gone.keys()) {
      this.#gone.delete(oldest);
      break;
    }
  }
}
