import type { Cell } from "../kernel/cell.js";
import { QUEUED, STARTING } from "../kernel/flags.js";
import { awaitsInit } from "../kernel/starting.js";
import { type Random, seededRandom } from "../kernel/random.js";
import { type Executor, nodeExecutor, type SchedulerSetup, type TurnScheduler } from "../kernel/scheduler.js";

/** Of so many steps one waits for a turn of the event loop, so that I/O and `setImmediate` fall between any two turns. */
const TURN_OF_LOOP_EVERY = 16;

/**
 * Gives runnable actors their turns in an order drawn from a seed: every interleaving it makes is legal, and the same seed makes it again.
 *
 * Any runnable actor may be next. A turn is one message, one signal or one `init`. Between two turns promises may settle, or the event loop
 * may turn, or neither. What the runtime promises is kept: the order between each pair, and one message at a time.
 */
export class SeededScheduler implements TurnScheduler {
  handled = 0;
  readonly #runnable: Cell[] = [];
  readonly #setup: SchedulerSetup;
  readonly #random: Random;
  readonly #executor: Executor;
  #awake = false;
  #turnOfLoopPending = false;
  #idleWaiters: (() => void)[] = [];

  constructor(setup: SchedulerSetup, seed: number, executor: Executor = nodeExecutor) {
    this.#setup = setup;
    this.#random = seededRandom(seed);
    this.#executor = executor;
  }

  enqueue(cell: Cell): void {
    cell.flags |= QUEUED;
    this.#runnable.push(cell);
    this.expectEndOfTurn();
    if (this.#awake) return;
    this.#awake = true;
    this.#executor.soon(() => this.#run());
  }

  expectEndOfTurn(): void {
    if (this.#turnOfLoopPending) return;
    this.#turnOfLoopPending = true;
    this.#executor.later(() => {
      this.#turnOfLoopPending = false;
      this.#setup.endOfTurn();
      this.#wakeWaiters();
    });
  }

  idle(): Promise<void> {
    if (!this.#awake && !this.#turnOfLoopPending) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idleWaiters.push(resolve);
    });
  }

  #run(): void {
    for (let cell = this.#take(); cell !== undefined; cell = this.#take()) {
      const isInit = (cell.flags & STARTING) !== 0 && awaitsInit(cell);
      cell.behaviour.turnLength = isInit ? 0 : 1;
      this.handled += this.#setup.runTurn(cell);
      if (this.#runnable.length === 0) break;
      const next = this.#draw(TURN_OF_LOOP_EVERY);
      if (next === 0) return this.#executor.later(() => this.#run());
      if (next % 2 === 1) return this.#executor.soon(() => this.#run());
    }
    this.#awake = false;
    this.#wakeWaiters();
  }

  /** Takes any runnable actor. */
  #take(): Cell | undefined {
    const at = this.#draw(this.#runnable.length);
    const taken = this.#runnable[at];
    const last = this.#runnable.pop();
    if (last !== undefined && last !== taken) this.#runnable[at] = last;
    return taken;
  }

  #draw(choices: number): number {
    return choices < 2 ? 0 : Math.floor(this.#random.next() * choices);
  }

  #wakeWaiters(): void {
    if (this.#awake || this.#turnOfLoopPending) return;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
