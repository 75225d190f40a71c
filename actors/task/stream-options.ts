import { BadArgumentError, whatCame } from "../../src/index.js";
import type { TaskContext } from "./task-context.js";
import { checkWait, DEFAULT_WAIT_MS, type TaskOptions } from "./task-options.js";
import type { TaskOutcome } from "./task-outcome.js";

/** The function of a stream of tasks: gets an element of the source and the context of its task. */
export type StreamFunction<Input, Value> = (input: Input, context: TaskContext) => Value | PromiseLike<Value>;

/** What a stream of tasks yields: the outcome for one element, and the element. */
export type TaskStreamItem<Input, Value> = TaskOutcome<Value> & { readonly input: Input };

/** Options of a stream of tasks. */
export interface StreamOptions extends TaskOptions {
  /** How many tasks run at a time at most; 8 by default. */
  readonly maxConcurrency?: number;
  /** Whether outcomes come in the order of the source, or as they are ready; true by default. */
  readonly ordered?: boolean;
  /** How many outcomes of an ordered stream may wait for an earlier one before no more tasks are started; 1,000 by default. */
  readonly maxBuffered?: number;
  /** How long one task may take, in milliseconds; 5,000 by default, `Infinity` for as long as it takes. */
  readonly timeoutMs?: number;
  /** What a task that takes too long does: it ends the whole iteration with an error, or it is killed and its outcome is `timeout`. `"exit"` by default. */
  readonly onTimeout?: "exit" | "kill_task";
}

/** Options of a stream with every default filled in. */
export type CheckedStreamOptions = Required<Omit<StreamOptions, "label">>;

const DEFAULT_CONCURRENCY = 8;
const DEFAULT_BUFFERED = 1_000;

/** Checks the options of a stream and fills in the defaults. @throws {BadArgumentError} for the first that cannot be used */
export function checkStreamOptions(options: StreamOptions): CheckedStreamOptions {
  const {
    maxConcurrency = DEFAULT_CONCURRENCY,
    ordered = true,
    maxBuffered = DEFAULT_BUFFERED,
    timeoutMs = DEFAULT_WAIT_MS,
    onTimeout = "exit",
  } = options;
  checkCount("maxConcurrency", maxConcurrency, 1);
  checkCount("maxBuffered", maxBuffered, 0);
  checkWait("timeoutMs", timeoutMs);
  if (onTimeout !== "exit" && onTimeout !== "kill_task") {
    throw new BadArgumentError(`Expected onTimeout to be "exit" or "kill_task"; got ${whatCame(onTimeout)}`);
  }
  return { maxConcurrency, ordered, maxBuffered, timeoutMs, onTimeout };
}

function checkCount(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new BadArgumentError(`Expected ${name} to be a whole number from ${least}; got ${whatCame(value)}`);
}
