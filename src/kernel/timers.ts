import type { Cell } from "./cell.js";
import type { Clock, ClockTimer } from "./clock.js";
import { DEAD } from "./flags.js";

/** What `sendAfter` and `sendEvery` return, for `cancelTimer`. */
export interface TimerRef {
  readonly id: number;
}

/** One armed timer of an actor. */
export class Timer implements TimerRef {
  readonly id: number;
  readonly cell: Cell;
  readonly message: unknown;
  /** 0 for a timer that fires once. */
  readonly periodMs: number;
  deadline: number;
  /** Its place in the heap, or -1 when it is not armed. */
  index = -1;

  constructor(id: number, cell: Cell, message: unknown, deadline: number, periodMs: number) {
    this.id = id;
    this.cell = cell;
    this.message = message;
    this.deadline = deadline;
    this.periodMs = periodMs;
  }
}

/**
 * The timers of all actors of a system: one binary heap, and one timer of the clock for its top.
 *
 * Timers with the same deadline fire in the order in which they were set. A fired timer puts a message in its actor's mailbox; it never
 * runs anything itself.
 */
export class Timers {
  readonly #heap: Timer[] = [];
  readonly #clock: Clock;
  readonly #deliver: (timer: Timer) => void;
  #armed: ClockTimer | undefined;
  #armedFor = Number.POSITIVE_INFINITY;
  #nextId = 1;

  constructor(clock: Clock, deliver: (timer: Timer) => void) {
    this.#clock = clock;
    this.#deliver = deliver;
  }

  /** How many timers are armed. */
  get size(): number {
    return this.#heap.length;
  }

  set(cell: Cell, delayMs: number, message: unknown, periodMs: number): Timer {
    const timer = new Timer(this.#nextId++, cell, message, this.#clock.now() + delayMs, periodMs);
    this.#insert(timer);
    this.#arm();
    return timer;
  }

  /** Disarms a timer and returns the milliseconds it had left, or `false` when it had fired or been cancelled. */
  cancel(timer: Timer): number | false {
    if (timer.index < 0) return false;
    this.#remove(timer);
    return Math.max(0, timer.deadline - this.#clock.now());
  }

  /** Disarms everything. */
  stop(): void {
    for (const timer of this.#heap) timer.index = -1;
    this.#heap.length = 0;
    if (this.#armed !== undefined) this.#clock.clearTimer(this.#armed);
    this.#armed = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    const top = this.#heap[0];
    if (top === undefined || top.deadline >= this.#armedFor) return;
    if (this.#armed !== undefined) this.#clock.clearTimer(this.#armed);
    this.#armedFor = top.deadline;
    this.#armed = this.#clock.setTimer(Math.max(0, top.deadline - this.#clock.now()), this.#fire);
  }

  readonly #fire = (): void => {
    this.#armed = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#clock.now();
    for (let top = this.#heap[0]; top !== undefined && top.deadline <= now; top = this.#heap[0]) {
      this.#remove(top);
      if ((top.cell.flags & DEAD) === 0) this.#deliver(top);
      if (top.periodMs > 0 && (top.cell.flags & DEAD) === 0) {
        // From the last deadline, not from now, so that a late turn does not make the rhythm drift; missed beats are not caught up.
        top.deadline += top.periodMs;
        if (top.deadline <= now) top.deadline = now + top.periodMs;
        this.#insert(top);
      }
    }
    this.#arm();
  };

  #insert(timer: Timer): void {
    timer.index = this.#heap.length;
    this.#heap.push(timer);
    this.#up(timer);
  }

  #remove(timer: Timer): void {
    const { index } = timer;
    timer.index = -1;
    const last = this.#heap.pop();
    if (last === undefined || last === timer) {
      if (this.#heap.length === 0) this.#disarm();
      return;
    }
    this.#heap[index] = last;
    last.index = index;
    this.#up(last);
    this.#down(last);
  }

  #disarm(): void {
    if (this.#armed !== undefined) this.#clock.clearTimer(this.#armed);
    this.#armed = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #up(timer: Timer): void {
    while (timer.index > 0) {
      const parentIndex = (timer.index - 1) >> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || isBefore(parent, timer)) return;
      this.#swap(parent, timer);
    }
  }

  #down(timer: Timer): void {
    for (;;) {
      const left = this.#heap[timer.index * 2 + 1];
      const right = this.#heap[timer.index * 2 + 2];
      const least = right !== undefined && left !== undefined && isBefore(right, left) ? right : left;
      if (least === undefined || isBefore(timer, least)) return;
      this.#swap(timer, least);
    }
  }

  /** Exchanges a timer with its child in the heap. */
  #swap(upper: Timer, lower: Timer): void {
    const upperIndex = upper.index;
    upper.index = lower.index;
    lower.index = upperIndex;
    this.#heap[upper.index] = upper;
    this.#heap[lower.index] = lower;
  }
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.deadline < other.deadline || (one.deadline === other.deadline && one.id < other.id);
}
