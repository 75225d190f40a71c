import {
  checkStreamOptions,
  type CheckedStreamOptions,
  type StreamOptions,
  type TaskStreamItem,
} from "./stream-options.js";
import { StreamRun } from "./stream-run.js";
import type { Task } from "./task.js";
import { accessTo, type OwnerAccess, type TaskOwner } from "./task-owner.js";

/** Starts the task for one element, in the name of an owner. */
export type StartTask<Input, Value> = (access: OwnerAccess, input: Input) => Task<Value> | Promise<Task<Value>>;

/**
 * A stream of tasks: a description that runs anew with each iteration, for the owner it was made with or another.
 *
 * Made with `Task.asyncStream` or by a task supervisor; iterated with `for await`.
 */
export class TaskStream<Input, Value> implements AsyncIterable<TaskStreamItem<Input, Value>> {
  readonly #owner: TaskOwner;
  readonly #source: Iterable<Input> | AsyncIterable<Input>;
  readonly #options: CheckedStreamOptions;
  readonly #start: StartTask<Input, Value>;

  /** @internal */
  constructor(
    owner: TaskOwner,
    source: Iterable<Input> | AsyncIterable<Input>,
    options: StreamOptions,
    start: StartTask<Input, Value>,
  ) {
    this.#owner = owner;
    this.#source = source;
    this.#options = checkStreamOptions(options);
    this.#start = start;
  }

  /** The same stream for another owner: who iterates it must be its owner. */
  ownedBy(owner: TaskOwner): TaskStream<Input, Value> {
    return new TaskStream(owner, this.#source, this.#options, this.#start);
  }

  /** Begins an iteration. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TaskStreamItem<Input, Value>, void, undefined> {
    const access = accessTo(this.#owner);
    const run = new StreamRun(access, this.#source, this.#options, (input: Input) => this.#start(access, input));
    try {
      for (let item = await run.next(); item !== undefined; item = await run.next()) yield item;
    } finally {
      await run.close();
    }
  }
}
