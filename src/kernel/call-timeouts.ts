import { noteWait } from "./call-cycle.js";
import type { Clock, ClockTimer } from "./clock.js";
import { type PendingCall, PendingCallList } from "./pending-call.js";

/** The calls with one time-out, oldest first, and the one timer that watches the oldest. */
class Deadlines {
  readonly calls = new PendingCallList();
  timer: ClockTimer | undefined;
}

/**
 * Times calls out without a timer or a look at the clock per call.
 *
 * A call first waits in `fresh`. At the end of that turn of the event loop, when nearly all of them have been answered, the rest get their
 * deadline and move to the list of their time-out, which is sorted by construction. So a call never times out early, and late by no more
 * than one turn.
 */
export class CallTimeouts {
  readonly fresh = new PendingCallList();
  readonly #clock: Clock;
  readonly #byTimeout = new Map<number, Deadlines>();
  readonly #endless = new PendingCallList();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Gives every call of the turn that ends its deadline. */
  endTurn(): void {
    if (this.fresh.first === null) return;
    const now = this.#clock.now();
    for (let call: PendingCall | null = this.fresh.first; call !== null; call = this.fresh.first) {
      this.fresh.remove(call);
      this.#wait(call, now);
      if (call.caller !== null) noteWait(call);
    }
  }

  /** Disarms every timer; the calls themselves are settled by the end of their callees. */
  stop(): void {
    for (const deadlines of this.#byTimeout.values()) {
      if (deadlines.timer !== undefined) this.#clock.clearTimer(deadlines.timer);
      deadlines.timer = undefined;
    }
    this.#byTimeout.clear();
  }

  #wait(call: PendingCall, now: number): void {
    if (call.timeoutMs === Number.POSITIVE_INFINITY) return this.#endless.add(call);
    let deadlines = this.#byTimeout.get(call.timeoutMs);
    if (deadlines === undefined) {
      deadlines = new Deadlines();
      this.#byTimeout.set(call.timeoutMs, deadlines);
    }
    call.deadline = now + call.timeoutMs;
    deadlines.calls.add(call);
    if (deadlines.timer === undefined) this.#arm(call.timeoutMs, deadlines, now);
  }

  #arm(timeoutMs: number, deadlines: Deadlines, now: number): void {
    const oldest = deadlines.calls.first;
    if (oldest === null) {
      // Nobody waits with this time-out any more; keeping the entry would let odd time-outs pile up.
      this.#byTimeout.delete(timeoutMs);
      return;
    }
    deadlines.timer = this.#clock.setTimer(Math.max(0, oldest.deadline - now), () => {
      deadlines.timer = undefined;
      this.#expire(timeoutMs, deadlines);
    });
  }

  #expire(timeoutMs: number, deadlines: Deadlines): void {
    const now = this.#clock.now();
    for (let call = deadlines.calls.first; call !== null && call.deadline <= now; call = deadlines.calls.first) {
      call.fail("timeout", "timeout");
    }
    this.#arm(timeoutMs, deadlines, now);
  }
}
