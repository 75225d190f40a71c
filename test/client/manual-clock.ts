import type { ClientClock } from "../../src/client/clock.js";

interface ManualTimer {
  readonly atMs: number;
  readonly order: number;
  readonly fire: () => void;
}

/** A clock that stands still until a test moves it; timers fire in the order of their times, on the way. */
export class ManualClock implements ClientClock {
  #nowMs = 0;
  #order = 0;
  readonly #timers = new Set<ManualTimer>();

  now(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, fire: () => void): object {
    this.#order += 1;
    const timer = { atMs: this.#nowMs + delayMs, order: this.#order, fire };
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(timer: unknown): void {
    for (const known of this.#timers) if (known === timer) this.#timers.delete(known);
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let due = this.#next(untilMs); due !== undefined; due = this.#next(untilMs)) {
      this.#timers.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.fire();
    }
    this.#nowMs = untilMs;
  }

  /** Time passes and nothing runs, as in a frozen tab or on a machine that sleeps; then all that is overdue fires. */
  sleep(ms: number): void {
    this.#nowMs += ms;
    this.advance(0);
  }

  #next(untilMs: number): ManualTimer | undefined {
    let first: ManualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs > untilMs) continue;
      if (first === undefined || timer.atMs < first.atMs || (timer.atMs === first.atMs && timer.order < first.order)) {
        first = timer;
      }
    }
    return first;
  }
}
