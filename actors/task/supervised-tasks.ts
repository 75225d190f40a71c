import type { ActorRef, AnyRef } from "../../src/index.js";
import type { ChildPolicy } from "../../supervisors/child-spec.js";
import { type ChildTemplate, childTemplate } from "../../supervisors/child-template.js";
import type { DynamicStartResult } from "../../supervisors/results.js";
import { startChild } from "../../supervisors/start-child.js";
import type { TaskSupervisor } from "../../supervisors/task-supervisor.js";
import type { StreamFunction, StreamOptions } from "./stream-options.js";
import { Task } from "./task.js";
import { TaskError } from "./task-error.js";
import { checkFunction, type TaskOptions } from "./task-options.js";
import { accessTo, type OwnerAccess, type TaskOwner } from "./task-owner.js";
import { type Bond, type TaskFunction, TaskRunner } from "./task-runner.js";
import { type Named, taskRun, titleOf } from "./task-start.js";
import { TaskSlot } from "./task-slot.js";
import { TaskStream } from "./task-stream.js";

/** Options of a task under a supervisor. */
export interface SupervisedTaskOptions extends TaskOptions, Pick<ChildPolicy, "shutdown"> {}

/** Options of a task that its supervisor starts for its effect. */
export interface TaskChildOptions extends SupervisedTaskOptions, Pick<ChildPolicy, "restart"> {}

/** Options of a stream whose tasks are supervised. */
export interface SupervisedStreamOptions extends StreamOptions, Pick<ChildPolicy, "shutdown"> {}

/** What a supervised task is started from. */
interface Order<Value> {
  readonly access: OwnerAccess;
  readonly run: TaskFunction<Value>;
  readonly named: Named;
  readonly bond: Bond;
  readonly options: SupervisedTaskOptions;
  readonly operation: string;
  readonly args?: readonly unknown[];
}

const temporary = childTemplate(TaskRunner, { restart: "temporary" });

/**
 * What can be done with tasks under a supervisor; made with {@link tasksUnder}.
 *
 * Each method sends a message to the supervisor and resolves when it has started the task.
 */
export class SupervisedTasks {
  readonly #supervisor: ActorRef<TaskSupervisor>;

  /** @internal */
  constructor(supervisor: ActorRef<TaskSupervisor>) {
    this.#supervisor = supervisor;
  }

  /**
   * Runs a function as a task that is a child of the supervisor and linked to its owner.
   *
   * @throws {TaskError} `max_children` when there are as many as there may be
   * @throws {CallError} when the supervisor has ended
   */
  async async<Value>(
    owner: TaskOwner,
    run: TaskFunction<Value>,
    options: SupervisedTaskOptions = {},
  ): Promise<Task<Value>> {
    return this.#start({ access: accessTo(owner), run, named: run, bond: "linked", options, operation: "async" });
  }

  /**
   * Runs a function as a task that is not linked to its owner: its failure is an outcome, and no more. It goes on when the owner ends.
   *
   * @throws {TaskError} `max_children` when there are as many as there may be
   * @throws {CallError} when the supervisor has ended
   */
  async asyncNolink<Value>(
    owner: TaskOwner,
    run: TaskFunction<Value>,
    options: SupervisedTaskOptions = {},
  ): Promise<Task<Value>> {
    return this.#start({ access: accessTo(owner), run, named: run, bond: "none", options, operation: "asyncNolink" });
  }

  /**
   * Has the supervisor run a function for its effect; nobody waits for the result. With `restart` it is run again when it ends so.
   *
   * `max_children` is an answer here, not an error.
   *
   * @throws {CallError} when the supervisor has ended
   */
  async startChild(run: TaskFunction<unknown>, options: TaskChildOptions = {}): Promise<DynamicStartResult> {
    checkFunction(run);
    const { restart = "temporary" } = options;
    const access = { ref: undefined, callers: [] };
    const parts = taskRun({ access, run, named: run, bond: "none", options, fostered: true });
    return startChild(this.#supervisor, templateFor(options, restart), parts, shown(run, options));
  }

  /** Like `Task.asyncStream`, with tasks that are children of the supervisor. @throws {TaskError} `max_children`, out of the iteration */
  asyncStream<Input, Value>(
    owner: TaskOwner,
    source: Iterable<Input> | AsyncIterable<Input>,
    run: StreamFunction<Input, Value>,
    options: SupervisedStreamOptions = {},
  ): TaskStream<Input, Value> {
    return this.#stream(owner, source, run, options, "linked");
  }

  /** Like {@link SupervisedTasks.asyncStream}, but a task that fails ends nobody else. The tasks still end with the owner. */
  asyncStreamNolink<Input, Value>(
    owner: TaskOwner,
    source: Iterable<Input> | AsyncIterable<Input>,
    run: StreamFunction<Input, Value>,
    options: SupervisedStreamOptions = {},
  ): TaskStream<Input, Value> {
    return this.#stream(owner, source, run, options, "follows");
  }

  /** The tasks that run, the newest first. */
  async children(): Promise<AnyRef[]> {
    const entries = await this.#supervisor.call.whichChildren();
    return entries.flatMap(({ ref }) => (ref === undefined ? [] : [ref]));
  }

  #stream<Input, Value>(
    owner: TaskOwner,
    source: Iterable<Input> | AsyncIterable<Input>,
    run: StreamFunction<Input, Value>,
    options: SupervisedStreamOptions,
    bond: Bond,
  ): TaskStream<Input, Value> {
    checkFunction(run);
    return new TaskStream(owner, source, options, (access, input: Input) =>
      this.#start({
        access,
        run: (context) => run(input, context),
        named: run,
        bond,
        options,
        operation: "asyncStream",
        args: [input],
      }),
    );
  }

  async #start<Value>({ access, run, named, bond, options, operation, args = [] }: Order<Value>): Promise<Task<Value>> {
    checkFunction(run);
    const slot = new TaskSlot<Value>();
    const parts = taskRun({ access, run, named, bond, options, slot, args, fostered: true });
    const started = await startChild(this.#supervisor, templateFor(options, "temporary"), parts, shown(named, options));
    if (started.ok) {
      const { ref } = started;
      return new Task({ ref, access, bond, slot, title: titleOf(ref, named, options) });
    }
    const { reason } = started;
    const code = reason === "max_children" ? reason : "start_failed";
    throw new TaskError(code, { operation, target: `task supervisor ${this.#supervisor}`, reason });
  }
}

/**
 * The tasks of a supervisor.
 *
 * ```ts
 * const tasks = tasksUnder(supervisor);
 * const task = await tasks.asyncNolink(this, () => fetchPrice(id));
 * const outcome = await task.yield(2_000);
 * ```
 */
export function tasksUnder(supervisor: ActorRef<TaskSupervisor>): SupervisedTasks {
  return new SupervisedTasks(supervisor);
}

function templateFor(
  { shutdown }: Pick<ChildPolicy, "shutdown">,
  restart: NonNullable<ChildPolicy["restart"]>,
): ChildTemplate<TaskRunner> {
  if (shutdown === undefined) return restart === "temporary" ? temporary : childTemplate(TaskRunner, { restart });
  return childTemplate(TaskRunner, { restart, shutdown });
}

function shown(named: Named, { label }: TaskOptions): { readonly label?: string } {
  const text = label ?? named.name;
  return text === "" ? {} : { label: text };
}
