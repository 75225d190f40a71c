import type { Clock, ClockTimer } from "../../kernel/clock.js";
import { TurnQueue, type TurnRules } from "./turn-queue.js";

/**
 * A {@link TurnQueue} with a clock: a turn that nobody ends is taken away even when nothing else happens.
 *
 * For replays: a session that has something to send again joins; when its turn comes it sends one bounded batch and says whether there is
 * more. So a storm of resumes shares what live traffic leaves, and no session waits for the whole replay of another.
 */
export class ReplayTurns<Item> {
  readonly #clock: Clock;
  readonly #queue: TurnQueue<Item>;
  #timer: ClockTimer | undefined;

  constructor(clock: Clock, rules: TurnRules<Item>) {
    this.#clock = clock;
    this.#queue = new TurnQueue(rules);
  }

  /** How many wait, and how many have a turn. */
  get counts(): { readonly waiting: number; readonly granted: number } {
    return { waiting: this.#queue.waiting, granted: this.#queue.granted };
  }

  /** Asks for a turn; `grant` is called, now or later. */
  join(item: Item): void {
    this.#queue.join(item, this.#clock.now());
    this.#arm();
  }

  /** Ends a turn; with `more` the item queues up again. */
  done(item: Item, more: boolean): void {
    this.#queue.done(item, more, this.#clock.now());
    this.#arm();
  }

  /** Forgets an item that has ended, or has nothing to replay any more. */
  leave(item: Item): void {
    this.done(item, false);
  }

  /** Ends the timer; whoever waits is not granted a turn by time any more. */
  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    const dueAtMs = this.#queue.waiting === 0 ? undefined : this.#queue.overdueAtMs;
    if (this.#timer !== undefined || dueAtMs === undefined) return;
    this.#timer = this.#clock.setTimer(Math.max(0, dueAtMs - this.#clock.now()), () => {
      this.#timer = undefined;
      this.#queue.expire(this.#clock.now());
      this.#arm();
    });
  }
}
