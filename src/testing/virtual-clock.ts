import type { Clock, ClockTimer } from "../kernel/clock.js";

class VirtualTimer {
  readonly deadline: number;
  readonly order: number;
  readonly fire: () => void;

  constructor(deadline: number, order: number, fire: () => void) {
    this.deadline = deadline;
    this.order = order;
    this.fire = fire;
  }
}

/** Something that can say when it has nothing left to do at this moment; an actor system is one. */
export interface Quietable {
  idle(): Promise<void>;
}

const WALL_TIME_AT_START = Date.UTC(2030, 0, 1);

/**
 * A clock that stands still until a test moves it.
 *
 * Timers fire only inside {@link VirtualClock.advance}, in the order of their deadlines (those with the same one in the order in which they
 * were set), with the clock at exactly that deadline. Between two timers every attached system comes to rest, so a timer set by a handler
 * that falls inside the window fires in the same `advance`.
 */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #timers = new Set<VirtualTimer>();
  readonly #attached = new Set<Quietable>();

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return WALL_TIME_AT_START + this.#now;
  }

  setTimer(delayMs: number, fire: () => void): ClockTimer {
    const timer = new VirtualTimer(this.#now + Math.max(0, delayMs), this.#order++, fire);
    this.#timers.add(timer);
    return timer;
  }

  clearTimer(timer: ClockTimer): void {
    if (timer instanceof VirtualTimer) this.#timers.delete(timer);
  }

  /** How many timers are armed. */
  get armed(): number {
    return this.#timers.size;
  }

  /** Makes {@link VirtualClock.advance} wait until a system has come to rest before it moves on. */
  attach(system: Quietable): void {
    this.#attached.add(system);
  }

  /** Moves time forward by `durationMs` milliseconds and fires what falls due on the way. */
  async advance(durationMs: number): Promise<void> {
    if (!(durationMs >= 0))
      throw new RangeError(`Expected milliseconds from 0 to advance the clock by, got ${durationMs}`);
    const end = this.#now + durationMs;
    await this.settle();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.deadline);
      next.fire();
      await this.settle();
    }
    this.#now = end;
  }

  /** Lets everything run that can run without time passing. */
  async settle(): Promise<void> {
    // One turn of the event loop lets promises settle that no system knows of; a second one what those started.
    for (let round = 0; round < 2; round++) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      for (const system of this.#attached) await system.idle();
    }
  }

  #next(end: number): VirtualTimer | undefined {
    let next: VirtualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.deadline > end) continue;
      if (
        next === undefined ||
        timer.deadline < next.deadline ||
        (timer.deadline === next.deadline && timer.order < next.order)
      ) {
        next = timer;
      }
    }
    return next;
  }
}

/** A new virtual clock at 0. */
export function createVirtualClock(): VirtualClock {
  return new VirtualClock();
}
