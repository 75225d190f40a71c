import type { Clock, ClockTimer } from "../../kernel/clock.js";
import type { Executor } from "../../kernel/scheduler.js";

/**
 * What stands between one simulated process and the world: while it is shut nothing runs in the process, and what came meanwhile runs when it is
 * opened again, in its order. That is what SIGSTOP and SIGCONT do, a laptop's lid, or a collector that takes too long.
 */
export class ProcessGate {
  #waiting: (() => void)[] | undefined;
  #ended = false;

  get isShut(): boolean {
    return this.#waiting !== undefined;
  }

  /** Whether the process is gone. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Runs something in the process: now, or when it goes on; never once it has ended. */
  enter(run: () => void): void {
    if (this.#ended) return;
    if (this.#waiting === undefined) run();
    else this.#waiting.push(run);
  }

  shut(): void {
    this.#waiting ??= [];
  }

  open(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    // One of them may shut the gate again.
    for (const run of waiting) this.enter(run);
  }

  /** The process is gone: nothing runs in it any more. */
  end(): void {
    this.#ended = true;
    this.#waiting = undefined;
  }
}

/** The clock as a simulated process has it: time goes on while the process is stopped, but its timers fire only when it goes on. */
export class GatedClock implements Clock {
  readonly #clock: Clock;
  readonly #gate: ProcessGate;

  constructor(clock: Clock, gate: ProcessGate) {
    this.#clock = clock;
    this.#gate = gate;
  }

  now(): number {
    return this.#clock.now();
  }

  wallTime(): number {
    return this.#clock.wallTime();
  }

  setTimer(delayMs: number, fire: () => void): ClockTimer {
    const timer = new GatedTimer();
    timer.inner = this.#clock.setTimer(delayMs, () =>
      this.#gate.enter(() => {
        if (!timer.cleared) fire();
      }),
    );
    return timer;
  }

  clearTimer(timer: ClockTimer): void {
    if (!(timer instanceof GatedTimer)) return;
    timer.cleared = true;
    if (timer.inner !== undefined) this.#clock.clearTimer(timer.inner);
  }
}

class GatedTimer {
  inner: ClockTimer | undefined = undefined;
  /** It may have fallen due while its process was stopped, and be cleared before that goes on. */
  cleared = false;
}

/** Runs the actors of a simulated process, not while it is stopped. */
export function gatedExecutor(executor: Executor, gate: ProcessGate): Executor {
  return {
    soon: (run) => executor.soon(() => gate.enter(run)),
    later: (run) => executor.later(() => gate.enter(run)),
  };
}
