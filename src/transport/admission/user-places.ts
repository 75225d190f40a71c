/** A place that a user's connection holds until it is given back. */
export class UserPlace {
  #places: UserPlaces | undefined;
  #user: string;

  /** @internal */
  constructor(places: UserPlaces, user: string) {
    this.#places = places;
    this.#user = user;
  }

  /** Gives the place back. Once is enough; more often does nothing. */
  leave(): void {
    const places = this.#places;
    this.#places = undefined;
    places?.free(this.#user);
    this.#user = "";
  }
}

/**
 * How many connections each user has open. A user without any takes no room.
 *
 * A place is a lease without end: whoever took it gives it back in the hook that runs however it ends, a crash and a kill included.
 */
export class UserPlaces {
  readonly #most: number;
  readonly #taken = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Users with a connection. */
  get size(): number {
    return this.#taken.size;
  }

  /** The connections of a user. */
  of(user: string): number {
    return this.#taken.get(user) ?? 0;
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
    this.#taken.set(user, this.of(user) + 1);
    return new UserPlace(this, user);
  }

  /** @internal */
  free(user: string): void {
    const left = this.of(user) - 1;
    if (left > 0) this.#taken.set(user, left);
    else this.#taken.delete(user);
  }
}
