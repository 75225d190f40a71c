import { type ExitReason, errorOfReason, formatReason, HoldfastError } from "../../src/index.js";

/** What can make waiting for a task fail; see {@link TaskError}. */
export type TaskErrorCode = "timeout" | "exit" | "max_children" | "start_failed";

/** What a {@link TaskError} says of the task that was waited for. */
export interface TaskFailure {
  /** What failed: `await`, `awaitMany`, `asyncStream`, … */
  readonly operation: string;
  /** The task or the supervisor, as people see it. */
  readonly target: string;
  readonly reason: ExitReason;
  readonly timeoutMs?: number;
}

/**
 * Thrown where the value of a task was wanted and there is none.
 *
 * `code` says why: `timeout` (no result in time, or it was given up before), `exit` (the task ended without one; `reason` is its exit reason
 * and `cause` its error), `max_children` (its supervisor has as many tasks as it may have), `start_failed` (its supervisor could not start
 * it). An owner that does not catch it ends with it, as in OTP.
 */
export class TaskError extends HoldfastError {
  override readonly name = "TaskError";
  readonly code: TaskErrorCode;
  readonly reason: ExitReason;
  readonly operation: string;
  readonly target: string;

  constructor(code: TaskErrorCode, failure: TaskFailure) {
    super(textOf(code, failure), { cause: errorOfReason(failure.reason) });
    this.code = code;
    this.reason = failure.reason;
    this.operation = failure.operation;
    this.target = failure.target;
  }
}

function textOf(code: TaskErrorCode, { operation, target, reason, timeoutMs }: TaskFailure): string {
  switch (code) {
    case "timeout":
      return timeoutMs === undefined
        ? `${operation} of ${target}: its result was taken or given up before, there will be none`
        : `${operation} of ${target} got no result within ${timeoutMs} ms`;
    case "exit":
      return `${operation} of ${target}: the task ended without a result, with ${formatReason(reason)}`;
    case "max_children":
      return `${operation}: ${target} has reached the maximum number of tasks (maxChildren)`;
    case "start_failed":
      return `${operation}: ${target} could not start the task, ${formatReason(reason)}`;
  }
}
