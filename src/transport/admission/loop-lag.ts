import type { Clock, ClockTimer } from "../../kernel/clock.js";

const SAMPLE_MS = 100;
/** What is left of an old lag with each sample that was in time: a single pause is forgotten in half a second. */
const DECAY = 0.5;

/**
 * How late the event loop is, in milliseconds, measured only while somebody asks: an idle server has no timer.
 *
 * A timer that is overdue counts from the moment it was due, so a loop that is blocked is seen at once by whoever asks next.
 */
export class LoopLag {
  readonly #clock: Clock;
  #timer: ClockTimer | undefined;
  #dueAtMs = 0;
  #lagMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The lag now; 0 for the first who asks after a rest. */
  read(): number {
    const now = this.#clock.now();
    if (this.#timer === undefined) {
      this.#dueAtMs = now + SAMPLE_MS;
      this.#timer = this.#clock.setTimer(SAMPLE_MS, () => this.#sample());
    }
    return Math.max(this.#lagMs, now - this.#dueAtMs);
  }

  /** Ends measuring. */
  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#lagMs = 0;
  }

  #sample(): void {
    this.#timer = undefined;
    const late = this.#clock.now() - this.#dueAtMs;
    this.#lagMs = Math.max(late, this.#lagMs * DECAY);
    if (this.#lagMs < 1) this.#lagMs = 0;
    // Goes on until it has been forgotten: a server that nobody asks any more must not stay late for ever.
    else this.read();
  }
}
