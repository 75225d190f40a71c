import { type AnyRef, BadArgumentError, type Clock, type ExitReason } from "../../src/index.js";
import type { Shutdown } from "../../supervisors/strategy/terms.js";
import { TaskError } from "./task-error.js";
import { checkFunction, checkShutdown, checkWait, DEFAULT_WAIT_MS, type TaskOptions } from "./task-options.js";
import { outcomeOfShutdown, type TaskOutcome } from "./task-outcome.js";
import { accessTo, type OwnerAccess, type TaskOwner } from "./task-owner.js";
import { type Bond, type TaskFunction, TaskRunner } from "./task-runner.js";
import { TaskSlot, waitForSlots } from "./task-slot.js";
import { spawnOptions, taskRun, titleOf } from "./task-start.js";
import type { StreamFunction, StreamOptions } from "./stream-options.js";
import { TaskStream } from "./task-stream.js";

/** Options of {@link Task.start}. */
export interface TaskStartOptions extends TaskOptions {
  /** Whether the task and its owner are linked; false by default. */
  readonly link?: boolean;
}

/** Options of {@link Task.yieldMany}. */
export interface YieldManyOptions {
  /** How long to wait for all together, in milliseconds; 5,000 by default. */
  readonly timeoutMs?: number;
  /** After how many results to stop waiting; all by default. */
  readonly limit?: number;
  /** What becomes of the tasks that have no result then: nothing, or they are ignored, or killed. `"nothing"` by default. */
  readonly onTimeout?: "nothing" | "ignore" | "kill_task";
}

/** One entry of the answer of {@link Task.yieldMany}; `outcome` is `undefined` for a task without a result. */
export interface YieldedTask<Value, Ref extends AnyRef | undefined = AnyRef> {
  readonly task: Task<Value, Ref>;
  readonly outcome: TaskOutcome<Value> | undefined;
}

/** Any task, those that have no actor included. */
type AnyTask<Value = unknown> = Task<Value, AnyRef | undefined>;

/** What a {@link Task} is made of. For those who start tasks. */
export interface TaskParts<Value, Ref extends AnyRef | undefined = AnyRef> {
  readonly ref: Ref;
  readonly access: OwnerAccess;
  readonly bond: Bond;
  readonly slot: TaskSlot<Value>;
  readonly title: string;
}

/**
 * A function that runs in an actor of its own, and whose result its owner waits for: Elixir's `Task`.
 *
 * ```ts
 * const price = Task.async(this, () => fetchPrice(id));
 * const stock = Task.async(this, () => fetchStock(id));
 * return { price: await price.await(), stock: await stock.await() };
 * ```
 *
 * The first argument is the owner: `this` in an actor, the context in the function of a task, the system in the program. Task and owner are
 * linked: a task that crashes ends its owner, unless that traps exits, and the end of the owner ends the task. The program is linked to nothing.
 * For a failure that the owner should survive use a task supervisor.
 *
 * The handle belongs to its owner: only the owner waits with it, since only the owner's end ends the wait. The result can be had once, by
 * {@link Task.await}, {@link Task.yield}, {@link Task.shutdown} or {@link Task.ignore}; it goes through no mailbox, and a late one is dropped
 * unseen. While an actor awaits a task in a handler it handles no other message, so a task must not call its owner.
 *
 * JavaScript has one thread: tasks wait at the same time, they do not compute at the same time. What a killed function still does has no effect
 * on its task; give `context.signal` to what it waits for.
 */
export class Task<Value = unknown, Ref extends AnyRef | undefined = AnyRef> {
  /** The actor that runs the function; a task made by {@link Task.completed} has none. */
  readonly ref: Ref;
  readonly #access: OwnerAccess;
  readonly #bond: Bond;
  readonly #slot: TaskSlot<Value>;
  readonly #title: string;

  /** @internal */
  constructor({ ref, access, bond, slot, title }: TaskParts<Value, Ref>) {
    this.ref = ref;
    this.#access = access;
    this.#bond = bond;
    this.#slot = slot;
    this.#title = title;
  }

  /**
   * Runs a function as a task that is linked to its owner, and returns at once. Its result must be awaited, or the task ignored.
   *
   * @throws {NoContextError} when the owner has ended or the system stops
   */
  static async<Value>(owner: TaskOwner, run: TaskFunction<Value>, options: TaskOptions = {}): Task<Value> {
    checkFunction(run);
    const access = accessTo(owner);
    const slot = new TaskSlot<Value>();
    const ref = access.spawn(
      TaskRunner,
      taskRun({ access, run, named: run, bond: "linked", options, slot }),
      spawnOptions(run, options, true),
    );
    return new Task({ ref, access, bond: "linked", slot, title: titleOf(ref, run, options) });
  }

  /**
   * Makes a task that has its value already, without an actor: for an answer that is at hand where others take their time.
   *
   * ```ts
   * const price = this.#prices.has(id) ? Task.completed(this, this.#prices.get(id)) : Task.async(this, () => fetchPrice(id));
   * ```
   */
  static completed<Value>(owner: TaskOwner, value: Value): Task<Value, undefined> {
    const access = accessTo(owner);
    const slot = new TaskSlot<Value>();
    slot.settle({ ok: true, value });
    return new Task({ ref: undefined, access, bond: "none", slot, title: "completed task" });
  }

  /** Runs a function as a task whose result nobody wants: for what is done for its effect. Returns its ref. */
  static start(owner: TaskOwner, run: TaskFunction<unknown>, options: TaskStartOptions = {}): AnyRef {
    checkFunction(run);
    const access = accessTo(owner);
    const { link = false } = options;
    return access.spawn(
      TaskRunner,
      taskRun({ access, run, named: run, bond: link ? "linked" : "none", options }),
      spawnOptions(run, options, link),
    );
  }

  /**
   * Runs a function for each element of a source, at most `maxConcurrency` at a time, and yields their outcomes as an async iterable.
   *
   * ```ts
   * for await (const page of Task.asyncStream(this, urls, (url) => fetchPage(url), { maxConcurrency: 4 })) {
   *   if (page.ok) this.#add(page.value);
   * }
   * ```
   *
   * Nothing runs before the iteration begins, and the source is read no faster than outcomes are taken. Tasks are linked to the owner as with
   * {@link Task.async}; an owner that traps exits gets outcomes with `ok: false` instead, and no exits. Leaving the loop early kills the tasks
   * that still run and closes the source.
   *
   * @throws {TaskError} `timeout` out of the iteration when a task takes longer than `timeoutMs` and `onTimeout` is `"exit"`
   */
  static asyncStream<Input, Value>(
    owner: TaskOwner,
    source: Iterable<Input> | AsyncIterable<Input>,
    run: StreamFunction<Input, Value>,
    options: StreamOptions = {},
  ): TaskStream<Input, Value> {
    checkFunction(run);
    return new TaskStream(owner, source, options, (access, input) => {
      const slot = new TaskSlot<Value>();
      const parts = taskRun({
        access,
        run: (context) => run(input, context),
        named: run,
        bond: "linked",
        options,
        slot,
        args: [input],
      });
      const ref = access.spawn(TaskRunner, parts, spawnOptions(run, options, true));
      return new Task({ ref, access, bond: "linked", slot, title: titleOf(ref, run, options) });
    });
  }

  /**
   * Waits for several tasks of one owner, at most `timeoutMs` milliseconds for all together, and resolves with their values in the order given.
   *
   * @throws {TaskError} `exit` as soon as one of them ends without a value, `timeout` when not all are done in time; the results of the others are
   * given up, the tasks themselves go on
   */
  static async awaitMany<Values extends readonly unknown[]>(
    tasks: readonly [...{ [Index in keyof Values]: AnyTask<Values[Index]> }],
    timeoutMs?: number,
  ): Promise<Values>;
  // The loop knows the tasks as an array; which value belongs to which of them is written down in the signature above alone.
  static async awaitMany(tasks: readonly AnyTask[], timeoutMs: number = DEFAULT_WAIT_MS): Promise<readonly unknown[]> {
    checkWait("timeoutMs", timeoutMs);
    const clock = clockOf(tasks);
    if (clock === undefined) return [];
    const slots = tasks.map((task) => task.#slot);
    // The first to fail in time, not in the order given.
    const failures: TaskSlot[] = [];
    const isFailure = (slot: TaskSlot): boolean => slot.outcome?.ok !== true && failures.push(slot) > 0;
    await waitForSlots(slots, isFailure, clock, timeoutMs);
    const failed = tasks.find((task) => (failures.length === 0 ? !task.#slot.settled : task.#slot === failures[0]));
    const outcomes = slots.map((slot) => slot.outcome);
    const outcome = failed === undefined ? undefined : failed.#slot.outcome;
    const error = outcome?.ok === true ? undefined : failed?.errorOf(outcome, "awaitMany", timeoutMs);
    for (const slot of slots) slot.close();
    if (error !== undefined) throw error;
    return outcomes.map((each) => (each?.ok === true ? each.value : undefined));
  }

  /**
   * Waits for several tasks of one owner, at most `timeoutMs` milliseconds for all together, and resolves with an entry for each in the order given.
   *
   * A task without a result may be waited for again, unless `onTimeout` says otherwise.
   */
  static async yieldMany<Value, Ref extends AnyRef | undefined = AnyRef>(
    tasks: readonly Task<Value, Ref>[],
    options: YieldManyOptions = {},
  ): Promise<YieldedTask<Value, Ref>[]> {
    const { timeoutMs = DEFAULT_WAIT_MS, limit = tasks.length, onTimeout = "nothing" } = options;
    checkWait("timeoutMs", timeoutMs);
    if (!Number.isSafeInteger(limit) || limit < 0) {
      throw new BadArgumentError(`Expected limit to be a whole number from 0; got ${String(limit)}`);
    }
    const clock = clockOf(tasks);
    if (clock === undefined) return [];
    let settled = 0;
    const slots = tasks.map((task) => task.#slot);
    await waitForSlots(slots, () => ++settled >= limit, clock, timeoutMs);
    return Promise.all(
      tasks.map(async (task) => {
        const outcome = task.#slot.take();
        if (outcome !== undefined || onTimeout === "nothing") return { task, outcome };
        return { task, outcome: onTimeout === "ignore" ? task.ignore() : await task.shutdown("brutal_kill") };
      }),
    );
  }

  /**
   * Waits for the value, at most `timeoutMs` milliseconds, 5,000 by default.
   *
   * When the time is over the result is given up; the task goes on, unless its owner ends by the error.
   *
   * @throws {TaskError} `timeout`, also at once when the result was taken or given up before; `exit` when the task ended without a value
   */
  async await(timeoutMs: number = DEFAULT_WAIT_MS): Promise<Value> {
    const outcome = await this.yield(timeoutMs);
    if (outcome?.ok === true) return outcome.value;
    const error = this.errorOf(outcome, "await", timeoutMs);
    this.#slot.close();
    throw error;
  }

  /** Waits for the outcome, at most `timeoutMs` milliseconds, 5,000 by default. Without one it resolves with `undefined`, and may be asked again. */
  async yield(timeoutMs: number = DEFAULT_WAIT_MS): Promise<TaskOutcome<Value> | undefined> {
    checkWait("timeoutMs", timeoutMs);
    await waitForSlots([this.#slot], () => true, this.#access.system.clock, timeoutMs);
    return this.#slot.take();
  }

  /**
   * Unlinks the task, ends it, and resolves when it has ended: with its outcome if it has one all the same, else with `undefined`.
   *
   * `how` is the time in milliseconds that a task which traps exits has to end by itself before it is killed, 5,000 by default; `"brutal_kill"`
   * kills it at once, `"infinity"` waits for as long as it takes. A task whose result was taken or given up before has `{ ok: false, reason: "noproc" }`.
   */
  async shutdown(how: Shutdown = DEFAULT_WAIT_MS): Promise<TaskOutcome<Value> | undefined> {
    checkShutdown(how);
    const { system } = this.#access;
    const slot = this.#slot;
    const ref = this.#aliveRef();
    if (ref === undefined) return slot.closed ? { ok: false, reason: "noproc" } : slot.take();
    // The end itself is waited for, not the result: that may have been given up before.
    const end = new TaskSlot<Value>();
    system.onExit(ref, (reason) => end.settle({ ok: false, reason }));
    const brutal = how === "brutal_kill";
    this.#signal(ref, brutal ? "kill" : "shutdown");
    await waitForSlots([end], () => true, system.clock, typeof how === "number" ? how : Number.POSITIVE_INFINITY);
    if (!end.settled) {
      this.#signal(ref, "kill");
      await waitForSlots([end], () => true, system.clock, Number.POSITIVE_INFINITY);
    }
    const outcome = slot.take() ?? end.take();
    return outcome === undefined ? undefined : outcomeOfShutdown(outcome, brutal ? "killed" : "shutdown");
  }

  /** Unlinks the task and gives its result up; it goes on. Returns the outcome if it was there already. */
  ignore(): TaskOutcome<Value> | undefined {
    const ref = this.#aliveRef();
    if (ref !== undefined) this.#unlink(ref);
    const outcome = this.#slot.take();
    this.#slot.close();
    return outcome;
  }

  /** The task as people see it: its label or function, and its address. */
  toString(): string {
    return this.#title;
  }

  /** @internal */
  get slot(): TaskSlot<Value> {
    return this.#slot;
  }

  /** @internal */
  get clock(): Clock {
    return this.#access.system.clock;
  }

  /** Ends the task at once, for one who does not wait for it any more. @internal */
  kill(): void {
    const ref = this.#aliveRef();
    if (ref === undefined) return;
    // The owner may have ended meanwhile, and a kill needs no sender.
    if (this.#access.alive) this.#unlink(ref);
    this.#access.system.exit(ref, "kill");
  }

  #aliveRef(): AnyRef | undefined {
    const ref: AnyRef | undefined = this.ref;
    return ref !== undefined && this.#access.system.isAlive(ref) ? ref : undefined;
  }

  #signal(ref: AnyRef, reason: "shutdown" | "kill"): void {
    this.#unlink(ref);
    this.#access.exit(ref, reason);
  }

  #unlink(ref: AnyRef): void {
    if (this.#bond === "linked") this.#access.unlink(ref);
  }

  /** @internal */
  errorOf(
    outcome: { readonly ok: false; readonly reason: ExitReason } | undefined,
    operation: string,
    timeoutMs: number,
  ): TaskError {
    const target = this.#title;
    if (outcome !== undefined) return new TaskError("exit", { operation, target, reason: outcome.reason });
    const failure = { operation, target, reason: "timeout" };
    return new TaskError("timeout", this.#slot.closed ? failure : { ...failure, timeoutMs });
  }
}

function clockOf(tasks: readonly AnyTask[]): Clock | undefined {
  return tasks[0]?.clock;
}
