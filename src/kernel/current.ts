import type { Cell } from "./cell.js";
import type { PendingCall } from "./pending-call.js";

/** The type of {@link current}. */
export interface Current {
  cell: Cell | null;
  call: PendingCall | null;
  /** Tells one run of a handler from the next, so that a call is known as made by this one; see {@link nextRun}. */
  run: number;
  /** Whether the handler goes on after the reply to one of its calls, in place of running for the first time. */
  resumed: boolean;
}

/**
 * Whose handler runs right now, and which call it answers.
 *
 * Set while a handler runs synchronously, and while it goes on after the reply to a call that it awaited (see `resume.ts`). After any other
 * `await` nobody can say whose continuation runs without tracking every promise of the process, which would cost more than all of the runtime
 * (measured on Node 20: a promise takes 2.5 times as long); a system that wants it can have it, see {@link CallerContext}.
 * Nor can it be guessed: continuations of several actors run one after the other with nothing between them.
 */
export const current: Current = { cell: null, call: null, run: 0, resumed: false };

const LARGEST_RUN = 0x3fff_ffff;

/** Begins the run of another handler. Wraps around within the small integers, which no engine has to allocate. */
export function nextRun(): void {
  current.run = (current.run + 1) & LARGEST_RUN;
}
