import { type Clock, HoldfastError } from "../../src/index.js";

/** What came of an operation on a resource. */
export type WorkOutcome<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: unknown };

/** An operation of a resource's factory that took too long. */
export class ResourceTimeoutError extends HoldfastError {
  override readonly name = "ResourceTimeoutError";
  readonly code = "resource_timeout";

  constructor(what: string, timeoutMs: number) {
    super(`Expected a resource's ${what} to take at most ${timeoutMs} ms: it counts as failed`);
  }
}

/** How an operation is run. */
export interface WorkOptions<Value> {
  /** The name of the operation, for its error. */
  readonly what: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Ends the wait at once. */
  readonly signal: AbortSignal;
  /** Is given the value of an operation that was given up and succeeded after all. */
  readonly late?: (value: Value) => void;
}

/**
 * Runs an operation and gives up when it takes too long, or when nobody waits any more. Never rejects.
 *
 * The operation is told by its signal; whether it listens or not, the outcome is there in time.
 */
export function runWork<Value>(
  operation: (signal: AbortSignal) => Value | Promise<Value>,
  { what, clock, timeoutMs, signal, late }: WorkOptions<Value>,
): Promise<WorkOutcome<Value>> {
  return new Promise((resolve) => {
    const abort = new AbortController();
    let over = false;
    const settle = (outcome: WorkOutcome<Value>): void => {
      if (over) {
        if (outcome.ok) late?.(outcome.value);
        return;
      }
      over = true;
      if (timer !== undefined) clock.clearTimer(timer);
      signal.removeEventListener("abort", giveUp);
      resolve(outcome);
    };
    const giveUp = (): void => {
      settle({ ok: false, error: signal.reason });
      abort.abort(signal.reason);
    };
    const timer =
      timeoutMs === Number.POSITIVE_INFINITY
        ? undefined
        : clock.setTimer(timeoutMs, () => {
            const error = new ResourceTimeoutError(what, timeoutMs);
            settle({ ok: false, error });
            abort.abort(error);
          });
    if (signal.aborted) return giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    perform(operation, abort.signal).then(
      (value) => settle({ ok: true, value }),
      (error: unknown) => settle({ ok: false, error }),
    );
  });
}

/** Makes a rejection of what an operation throws at once. */
async function perform<Value>(
  operation: (signal: AbortSignal) => Value | Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  return operation(signal);
}
