import type { Cell } from "./cell.js";
import type { Clock, ClockTimer } from "./clock.js";
import { DEAD } from "./flags.js";

/** What `sendAfter`, `sendAt`, `sendEvery` and `startTimer` return, for `cancelTimer` and `readTimer`. */
export interface TimerRef {
  readonly id: number;
}

/** What arrives from a timer set with `startTimer`: which timer it was, so that an old one can be told from its successor. */
export interface Timeout {
  readonly timeout: TimerRef;
  readonly message: unknown;
}

/** What a timer is made of. */
export interface TimerSetup {
  /** Who gets the message; its end disarms the timer. For a timer to a name: who set it. */
  readonly cell: Cell;
  /** Who set it, and may cancel it. */
  readonly setter: Cell;
  /** The name whose holder at the time gets the message. */
  readonly name?: string | undefined;
  readonly message: unknown;
  readonly deadline: number;
  /** 0, the default, for a timer that fires once. */
  readonly periodMs?: number;
  /** Whether the message is wrapped in a {@link Timeout}. */
  readonly wrapped?: boolean;
}

/** One armed timer. */
export class Timer implements TimerRef {
  readonly id: number;
  readonly cell: Cell;
  readonly setter: Cell;
  readonly name: string | undefined;
  readonly message: unknown;
  readonly periodMs: number;
  deadline: number;
  /** Its place in the heap, or -1 when it is not armed. */
  index = -1;

  constructor(id: number, setup: TimerSetup) {
    this.id = id;
    this.cell = setup.cell;
    this.setter = setup.setter;
    this.name = setup.name;
    this.message =
      setup.wrapped === true ? ({ timeout: this, message: setup.message } satisfies Timeout) : setup.message;
    this.deadline = setup.deadline;
    this.periodMs = setup.periodMs ?? 0;
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

  /** Arms a timer; one to an actor that has ended is not armed. */
  set(setup: TimerSetup): Timer {
    const timer = new Timer(this.#nextId++, setup);
    if ((setup.cell.flags & DEAD) !== 0) return timer;
    this.#insert(timer);
    this.#arm();
    return timer;
  }

  /** Disarms a timer and returns the milliseconds it had left, or `false` when it had fired or been cancelled. */
  cancel(timer: Timer): number | false {
    const left = this.read(timer);
    if (left !== false) this.#remove(timer);
    return left;
  }

  /** The milliseconds a timer has left, or `false` when it has fired or been cancelled. */
  read(timer: Timer): number | false {
    return timer.index < 0 ? false : Math.max(0, timer.deadline - this.#clock.now());
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
