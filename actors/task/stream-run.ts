import type { CheckedStreamOptions, TaskStreamItem } from "./stream-options.js";
import { StreamWindow } from "./stream-window.js";
import type { Task } from "./task.js";
import { TaskError } from "./task-error.js";
import type { OwnerAccess } from "./task-owner.js";

/** One iteration of a stream of tasks: what runs, what has come, and what is read from the source. */
export class StreamRun<Input, Value> {
  readonly #access: OwnerAccess;
  readonly #options: CheckedStreamOptions;
  readonly #start: (input: Input) => Task<Value> | Promise<Task<Value>>;
  readonly #source: Iterator<Input> | AsyncIterator<Input>;
  readonly #window: StreamWindow<TaskStreamItem<Input, Value>>;
  /** The tasks that run, each with the timer that ends its time. */
  readonly #running = new Map<Task<Value>, object | undefined>();
  /** Reading the source, or starting a task, takes longer than this turn. */
  #pulling: Promise<void> | undefined;
  #reading = false;
  #sourceDone = false;
  #failure: { readonly error: unknown } | undefined;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(
    access: OwnerAccess,
    source: Iterable<Input> | AsyncIterable<Input>,
    options: CheckedStreamOptions,
    start: (input: Input) => Task<Value> | Promise<Task<Value>>,
  ) {
    this.#access = access;
    this.#options = options;
    this.#start = start;
    this.#window = new StreamWindow(options);
    this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** The next outcome, when it is there; `undefined` after the last. */
  async next(): Promise<TaskStreamItem<Input, Value> | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      const item = this.#window.take();
      if (item !== undefined) return item;
      if (this.#window.finished) return undefined;
      this.#pull();
      if (this.#failure === undefined && !this.#window.finished) await this.#change();
    }
  }

  /** Kills what still runs and closes the source. */
  async close(): Promise<void> {
    this.#closed = true;
    const running = [...this.#running];
    this.#running.clear();
    for (const [task, timer] of running) {
      if (timer !== undefined) this.#access.system.clock.clearTimer(timer);
      task.kill();
    }
    // A task that a supervisor is starting is killed as soon as it is here.
    if (!this.#reading) await this.#pulling;
    if (this.#sourceDone) return;
    this.#sourceDone = true;
    if (this.#reading) void this.#closeAfterReading();
    else await this.#source.return?.();
  }

  /** A source that is just being read can be closed when that is over, for which nobody waits: it may take for ever. */
  async #closeAfterReading(): Promise<void> {
    await this.#pulling;
    await this.#source.return?.();
  }

  #pull(): void {
    while (this.#pulling === undefined && this.#failure === undefined && this.#window.mayStart) {
      try {
        const step = this.#source.next();
        const started = step instanceof Promise ? this.#read(step) : this.#take(step);
        if (started !== undefined) this.#pulling = this.#settle(started);
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  async #read(reading: Promise<IteratorResult<Input, unknown>>): Promise<void> {
    this.#reading = true;
    try {
      const step = await reading;
      this.#reading = false;
      await this.#take(step);
    } finally {
      this.#reading = false;
    }
  }

  async #settle(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#fail(error);
    }
    this.#pulling = undefined;
    this.#notify();
  }

  #take(step: IteratorResult<Input, unknown>): Promise<void> | undefined {
    if (step.done === true) {
      this.#sourceDone = true;
      this.#window.endSource();
      return undefined;
    }
    if (this.#closed) return undefined;
    const { value } = step;
    const task = this.#start(value);
    if (!(task instanceof Promise)) {
      this.#watch(task, value);
      return undefined;
    }
    return task.then((later) => this.#watch(later, value));
  }

  #watch(task: Task<Value>, input: Input): void {
    if (this.#closed) {
      // The iteration was left while a supervisor started this one.
      task.kill();
      return;
    }
    const { clock } = this.#access.system;
    const { timeoutMs } = this.#options;
    const position = this.#window.start();
    const timer =
      timeoutMs === Number.POSITIVE_INFINITY
        ? undefined
        : clock.setTimer(timeoutMs, () => this.#late(task, position, input));
    this.#running.set(task, timer);
    // When it has ended, not when its result is here: by then the owner has been sent the exit that is to be dropped.
    this.#access.system.onExit(task.ref, () => this.#ended(task, position, input));
  }

  #ended(task: Task<Value>, position: number, input: Input): void {
    const timer = this.#running.get(task);
    if (!this.#running.delete(task)) return;
    if (timer !== undefined) this.#access.system.clock.clearTimer(timer);
    const outcome = task.slot.take();
    if (outcome === undefined) return;
    this.#window.finish(position, { ...outcome, input });
    // An owner that does not trap exits dies with the task. One that does has the outcome, and need not get the exit too.
    if (!outcome.ok && this.#access.alive) this.#access.unlink(task.ref);
    this.#notify();
  }

  #late(task: Task<Value>, position: number, input: Input): void {
    this.#running.delete(task);
    if (this.#options.onTimeout === "kill_task") {
      task.slot.close();
      this.#window.finish(position, { ok: false, reason: "timeout", input });
    } else {
      const { timeoutMs } = this.#options;
      const failure = { operation: "asyncStream", target: task.toString(), reason: "timeout", timeoutMs };
      this.#fail(new TaskError("timeout", failure));
    }
    task.kill();
    this.#notify();
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
