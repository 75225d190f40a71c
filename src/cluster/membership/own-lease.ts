/** How far the wall clock may run ahead of the monotonic one before the machine is taken to have slept. */
const SLEEP_SHARE = 0.5;

/**
 * A node's own lease on its place, by its own clock.
 *
 * It counts from the moment at which the latest confirmed renewal was *sent*, so it ends before anybody else may act on its end. The monotonic
 * clock goes on while a process is stopped, but not while the machine sleeps; so a wall clock that has run ahead of it ends the lease as well.
 * Takes no clock: every method is told the time.
 */
export class OwnLease {
  readonly ttlMs: number;
  #until = Number.NEGATIVE_INFINITY;
  #sentAt = 0;
  #sentAtWall = 0;

  constructor(ttlMs: number) {
    this.ttlMs = ttlMs;
  }

  /** A renewal that was sent at this time is confirmed. */
  renewed(sentAt: number, sentAtWall: number): void {
    this.#until = sentAt + this.ttlMs;
    this.#sentAt = sentAt;
    this.#sentAtWall = sentAtWall;
  }

  /** Whether the place is certain at this moment. */
  holds(now: number, wall: number): boolean {
    const slept = wall - this.#sentAtWall - (now - this.#sentAt);
    return now < this.#until && slept < this.ttlMs * SLEEP_SHARE;
  }

  /** Gives the lease up. */
  end(): void {
    this.#until = Number.NEGATIVE_INFINITY;
  }
}
