import { type ActorSystem, type AnyRef, type ExitReason, formatReason } from "../../src/index.js";
import type { TaskRunner } from "./task-runner.js";

/** What a task function throws to end its task with a reason of its choice. */
export class TaskExit extends Error {
  override readonly name = "TaskExit";
  readonly reason: ExitReason;

  constructor(reason: ExitReason) {
    super(`A task ended itself with ${formatReason(reason)}; catch blocks of its function let this error pass`);
    this.reason = reason;
  }
}

/**
 * What the function of a task is given: who it is, for whom it works, and when to stop.
 *
 * It may own tasks itself: `Task.async(context, …)` starts one that is linked to this task.
 */
export class TaskContext {
  /** The actor that runs the function. */
  readonly self: AnyRef;
  readonly system: ActorSystem;
  /** Who started the task; `undefined` for the program. */
  readonly owner: AnyRef | undefined;
  /** The owner, then, where that is a task, its owner, and so on: `$callers` of Elixir. */
  readonly callers: readonly AnyRef[];
  /** @internal */
  readonly runner: TaskRunner;

  /** @internal */
  constructor(
    runner: TaskRunner,
    self: AnyRef,
    system: ActorSystem,
    owner: AnyRef | undefined,
    callers: readonly AnyRef[],
  ) {
    this.runner = runner;
    this.self = self;
    this.system = system;
    this.owner = owner;
    this.callers = callers;
  }

  /** Aborted when the task has ended from outside, and, in a task that traps exits, when it is asked to end. Pass it to `fetch` and the like. */
  get signal(): AbortSignal {
    return this.runner.abortSignal();
  }

  /**
   * Makes this task outlive an exit signal: {@link TaskContext.signal} is aborted, and the function has time to end by itself.
   *
   * Whoever shuts the task down waits for so long as its shutdown says, and kills it then.
   */
  trapExit(): void {
    this.runner.trapExits();
  }

  /** Ends the task here with a reason; with `"normal"` or `"shutdown"` that is no failure, but there is no value either. */
  exit(reason: ExitReason): never {
    throw new TaskExit(reason);
  }
}
