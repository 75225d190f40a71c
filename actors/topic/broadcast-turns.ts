import type { Clock, ClockTimer } from "../../src/index.js";

/** Something that has broadcasts to hand out to many. */
export interface Backlog {
  /** Hands out to at most so many, and returns to how many it was. */
  handOut(most: number): number;
  /** Whether there are more. */
  readonly isLeft: boolean;
}

/**
 * Hands out the broadcasts of large topics in turns of the event loop, so many at a time for all of them together.
 *
 * Between two turns whatever was handed out is handled and written, and everybody else has theirs. Topics take turns too.
 */
export class BroadcastTurns {
  readonly #clock: Pick<Clock, "setTimer" | "clearTimer">;
  /** To how many there is handed out in one turn. */
  readonly size: number;
  #waiting: Backlog[] = [];
  #timer: ClockTimer | undefined;

  constructor(clock: Pick<Clock, "setTimer" | "clearTimer">, size: number) {
    this.#clock = clock;
    this.size = size;
  }

  /** Whether nothing waits for its turn. */
  get isIdle(): boolean {
    return this.#waiting.length === 0;
  }

  /** Gives turns to a backlog from now on until nothing of it is left; at once, if none has had any of the present turn. */
  add(backlog: Backlog): void {
    this.#waiting.push(backlog);
    if (this.#timer === undefined) this.#turn();
  }

  /** Forgets what waits. */
  stop(): void {
    this.#waiting = [];
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }

  #turn(): void {
    this.#timer = undefined;
    let left = this.size;
    while (left > 0) {
      const backlog = this.#waiting.shift();
      if (backlog === undefined) return;
      left -= backlog.handOut(left);
      if (backlog.isLeft) this.#waiting.push(backlog);
    }
    // A timer, not the next thing to run: what has arrived meanwhile is read first.
    this.#timer = this.#clock.setTimer(0, () => this.#turn());
  }
}
