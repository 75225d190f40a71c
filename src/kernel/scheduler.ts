import type { Cell } from "./cell.js";
import type { Clock } from "./clock.js";
import { QUEUED } from "./flags.js";

const FIRST_CAPACITY = 1024;
const LARGEST_KEPT_CAPACITY = 65_536;
/** Messages between two looks at the clock, when handlers are quick. */
const CREDIT = 128;
/** How many messages an actor may handle in one turn, when its handlers are quick. */
const LONGEST_TURN = 128;
const QUICK_MS = 0.5;
const SLOW_MS = 1;
/** Looks at the clock after which a slice ends whatever it says: a virtual clock stands still, and must not keep I/O waiting for ever. */
const MOST_LOOKS = 4_096;

/** Runs one turn of an actor and returns how many messages it handled. Never throws. */
export type RunTurn = (cell: Cell) => number;

/** How the scheduler gets to run: soon, after the current stack; later, after I/O had its turn. */
export interface Executor {
  soon(run: () => void): void;
  later(run: () => void): void;
}

/** What a scheduler is made of. */
export interface SchedulerSetup {
  readonly runTurn: RunTurn;
  /** Called once after each turn of the event loop in which something ran or was expected. */
  readonly endOfTurn: () => void;
  readonly clock: Clock;
}

/** Decides which runnable actor gets its turn next. */
export interface TurnScheduler {
  /** Messages and signals handled since the system was made. */
  readonly handled: number;
  /** Queues an actor that is not queued yet. */
  enqueue(cell: Cell): void;
  /** Makes sure that the end of a turn of the event loop is told, although nothing was queued. */
  expectEndOfTurn(): void;
  /** Resolves when nothing is runnable and no end of turn is due. */
  idle(): Promise<void>;
}

/** Makes the scheduler of a system. */
export type SchedulerFactory = (setup: SchedulerSetup) => TurnScheduler;

const resolved = Promise.resolve();

/** Microtasks and `setImmediate`. */
export const nodeExecutor: Executor = {
  soon: (run) => {
    void resolved.then(run);
  },
  later: (run) => {
    setImmediate(run);
  },
};

/**
 * Gives runnable actors their turns, first come first served.
 *
 * A message wakes the scheduler in a microtask, so that a reply does not wait for a turn of the event loop. When actors have run for
 * `sliceMs` without a break, the rest waits until timers and I/O had their turn. One actor handles at most {@link LONGEST_TURN} messages in
 * a row, fewer when its handlers are slow: the length of its turn halves while it takes above a millisecond and doubles while it is quick,
 * so the clock is read once per 128 quick messages, and after each slow one.
 */
export class Scheduler implements TurnScheduler {
  /** Messages and signals handled since the system was made. */
  handled = 0;
  #ring: (Cell | undefined)[] = new Array<Cell | undefined>(FIRST_CAPACITY).fill(undefined);
  #mask = FIRST_CAPACITY - 1;
  #head = 0;
  #length = 0;
  #awake = false;
  #turnOfLoopPending = false;
  #sliceSpent = false;
  #sliceStart = 0;
  #lastLook = 0;
  #credit = CREDIT;
  #looks = 0;
  #idleWaiters: (() => void)[] = [];
  readonly #runTurn: RunTurn;
  readonly #clock: Clock;
  readonly #executor: Executor;
  readonly #sliceMs: number;
  readonly #endOfTurn: () => void;
  readonly #drainCallback = (): void => this.#drain();
  readonly #turnOfLoopCallback = (): void => this.#turnOfLoop();

  constructor({ runTurn, endOfTurn, clock }: SchedulerSetup, executor: Executor, sliceMs: number) {
    this.#runTurn = runTurn;
    this.#endOfTurn = endOfTurn;
    this.#clock = clock;
    this.#executor = executor;
    this.#sliceMs = sliceMs;
  }

  /** Queues an actor that is not queued yet. */
  enqueue(cell: Cell): void {
    cell.flags |= QUEUED;
    if (this.#length > this.#mask) this.#grow();
    this.#ring[(this.#head + this.#length) & this.#mask] = cell;
    this.#length++;
    if (!this.#awake) this.#wake();
  }

  /** Makes sure that {@link CallTimeouts.endTurn} follows, although nothing was queued. */
  expectEndOfTurn(): void {
    if (!this.#turnOfLoopPending) this.#beginSlice();
  }

  /** Resolves when nothing is runnable and no end of turn is due; used by the test kit. */
  idle(): Promise<void> {
    if (!this.#awake && !this.#turnOfLoopPending) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
    });
  }

  #wake(): void {
    this.#awake = true;
    if (!this.#turnOfLoopPending) this.#beginSlice();
    // With the slice spent, the pending turn of the loop goes on with the queue.
    if (!this.#sliceSpent) this.#executor.soon(this.#drainCallback);
  }

  #beginSlice(): void {
    this.#turnOfLoopPending = true;
    this.#sliceSpent = false;
    this.#sliceStart = this.#clock.now();
    this.#lastLook = this.#sliceStart;
    this.#looks = 0;
    this.#credit = CREDIT;
    this.#executor.later(this.#turnOfLoopCallback);
  }

  #drain(): void {
    const runTurn = this.#runTurn;
    while (this.#length > 0) {
      const cell = this.#ring[this.#head];
      this.#ring[this.#head] = undefined;
      this.#head = (this.#head + 1) & this.#mask;
      this.#length--;
      if (cell === undefined) continue;
      const handled = runTurn(cell);
      this.handled += handled;
      // A turn without a message may have run an init, which takes time as well.
      const spent = handled === 0 ? 1 : handled;
      const turnLength = cell.behaviour.turnLength;
      this.#credit -= turnLength === LONGEST_TURN ? spent : (spent * CREDIT) / turnLength;
      if (this.#credit <= 0 && this.#look(cell, handled)) return;
    }
    this.#awake = false;
    if (this.#ring.length > LARGEST_KEPT_CAPACITY) this.#shrink();
  }

  /** Reads the clock, adapts the actor's turn length and says whether the slice is spent. */
  #look(cell: Cell, handled: number): boolean {
    const now = this.#clock.now();
    const took = now - this.#lastLook;
    const behaviour = cell.behaviour;
    if (took > SLOW_MS) behaviour.turnLength = Math.max(1, behaviour.turnLength >> 1);
    else if (took < QUICK_MS && handled > 0) behaviour.turnLength = Math.min(LONGEST_TURN, behaviour.turnLength << 1);
    this.#lastLook = now;
    this.#credit = CREDIT;
    this.#sliceSpent = now - this.#sliceStart >= this.#sliceMs || ++this.#looks > MOST_LOOKS;
    return this.#sliceSpent;
  }

  #turnOfLoop(): void {
    this.#turnOfLoopPending = false;
    this.#sliceSpent = false;
    this.#endOfTurn();
    if (this.#length > 0) {
      this.#awake = true;
      this.#beginSlice();
      this.#drain();
    } else {
      this.#awake = false;
      const waiters = this.#idleWaiters;
      this.#idleWaiters = [];
      for (const resolve of waiters) resolve();
    }
  }

  #grow(): void {
    const old = this.#ring;
    const size = old.length * 2;
    const ring = old.slice(this.#head).concat(old.slice(0, this.#head));
    for (let index = ring.length; index < size; index++) ring.push(undefined);
    this.#ring = ring;
    this.#mask = size - 1;
    this.#head = 0;
  }

  #shrink(): void {
    this.#ring = new Array<Cell | undefined>(FIRST_CAPACITY).fill(undefined);
    this.#mask = FIRST_CAPACITY - 1;
    this.#head = 0;
  }
}
