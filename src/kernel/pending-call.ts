import type { AnyRef } from "./actor-ref.js";
import type { Cell } from "./cell.js";
import { current } from "./current.js";
import { CallError, type CallErrorCode } from "./errors.js";
import type { ExitReason } from "./exit-reason.js";
import { settleFor } from "./resume.js";

type Settle = (value: unknown) => void;

/** One call that waits for its reply. Settled once: by the reply, by the callee's end, or by its time-out. */
export class PendingCall {
  readonly #resolve: Settle;
  readonly #reject: Settle;
  readonly callee: Cell;
  readonly caller: Cell | null;
  readonly method: string;
  readonly timeoutMs: number;
  /** When it times out; set at the end of the turn of the event loop that made the call. */
  deadline = 0;
  /** The list this call waits in, until it is settled. */
  list: PendingCallList | null = null;
  previous: PendingCall | null = null;
  next: PendingCall | null = null;
  /** Whether the callee keeps it as a deferred reply. */
  deferred = false;
  /** Which run of the caller's handler made it; -1 when it is known that nobody waits. */
  run: number;
  /** A call that the same run of the caller's handler waits for since before this one. */
  earlier: PendingCall | null = null;

  constructor(resolve: Settle, reject: Settle, callee: Cell, caller: Cell | null, method: string, timeoutMs: number) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.callee = callee;
    this.caller = caller;
    this.run = current.run;
    this.method = method;
    this.timeoutMs = timeoutMs;
  }

  get open(): boolean {
    return this.list !== null;
  }

  get callerRef(): AnyRef | undefined {
    return this.caller ?? undefined;
  }

  reply(value: unknown): void {
    if (this.list === null) return;
    this.#close(this.list);
    this.#settle(this.#resolve, value);
  }

  fail(code: CallErrorCode, reason: ExitReason, cycle?: string): void {
    if (this.list === null) return;
    this.#close(this.list);
    this.#settle(
      this.#reject,
      new CallError(code, {
        target: this.callee.describe(),
        method: this.method,
        reason,
        timeoutMs: this.timeoutMs,
        targetState: this.callee.describeState(),
        ...(cycle === undefined ? {} : { cycle }),
      }),
    );
  }

  #settle(settle: Settle, value: unknown): void {
    const busy = this.caller === null ? null : this.caller.busy;
    if (busy !== null && busy.run === this.run && this.caller?.behaviour.followed === true)
      settleFor(this, settle, value);
    else settle(value);
  }

  #close(list: PendingCallList): void {
    list.remove(this);
    if (this.deferred) this.callee.extras?.deferred?.delete(this);
  }
}

/** Calls in the order in which they were made, linked through the calls themselves. */
export class PendingCallList {
  first: PendingCall | null = null;
  last: PendingCall | null = null;

  add(call: PendingCall): void {
    const last = this.last;
    call.list = this;
    call.previous = last;
    call.next = null;
    if (last === null) this.first = call;
    else last.next = call;
    this.last = call;
  }

  remove(call: PendingCall): void {
    const { previous, next } = call;
    if (previous === null) this.first = next;
    else previous.next = next;
    if (next === null) this.last = previous;
    else next.previous = previous;
    call.list = null;
    call.previous = null;
    call.next = null;
  }
}
