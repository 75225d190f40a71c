/** How moments to come back are handed out. */
export interface SlotRule {
  /** Clients that may come back in one second. */
  readonly perSecond: number;
  /** The earliest that anybody is told to come back; 1,000 by default. */
  readonly leastMs?: number;
  /** The latest; 60,000 by default. */
  readonly mostMs?: number;
}

const LEAST_MS = 1_000;
const MOST_MS = 60_000;
/** Clients are told whole milliseconds, so a shorter slot would be the same for two. */
const SHORTEST_SLOT_MS = 1;

/**
 * Hands out moments to come back, each client its own: the n-th one refused gets the n-th slot, and a moment within it by chance.
 *
 * So those who were refused together come back one after the other, as fast as the server takes them, and not together again. When the
 * slots up to `mostMs` are gone, a moment between the bounds is drawn for each. A slot is 1 ms at least. It holds no clock and no chance: both come in as data.
 */
export class RetrySlots {
  readonly #slotMs: number;
  readonly #leastMs: number;
  readonly #mostMs: number;
  /** Where the next free slot begins. */
  #nextAtMs = 0;

  constructor({ perSecond, leastMs = LEAST_MS, mostMs = MOST_MS }: SlotRule) {
    this.#slotMs = Math.max(SHORTEST_SLOT_MS, 1_000 / perSecond);
    this.#leastMs = leastMs;
    this.#mostMs = Math.max(leastMs, mostMs);
  }

  /**
   * The delay for one more client, in whole milliseconds from `nowMs`.
   *
   * `chance` is a number from 0 to 1, below 1. `atLeastMs` is how long it is of no use to come back.
   */
  next(nowMs: number, chance: number, atLeastMs = 0): number {
    const earliest = nowMs + Math.max(this.#leastMs, Math.min(atLeastMs, this.#mostMs));
    const slot = Math.max(this.#nextAtMs, Math.ceil(earliest));
    const latest = nowMs + this.#mostMs;
    if (slot + this.#slotMs > latest) return Math.round(earliest - nowMs + chance * Math.max(0, latest - earliest));
    this.#nextAtMs = slot + this.#slotMs;
    // Whole milliseconds within the slot, so that no two clients are given the same one.
    return Math.ceil(Math.floor(slot) + Math.floor(chance * Math.floor(this.#slotMs)) - nowMs);
  }
}
