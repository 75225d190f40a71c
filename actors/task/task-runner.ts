import {
  Actor,
  type AnyRef,
  type Exit,
  type ExitReason,
  messages,
  reasonOfThrown,
  release,
  teardown,
} from "../../src/index.js";
import { TaskContext, TaskExit } from "./task-context.js";
import { type ReportedTask, TaskReport } from "./task-report.js";
import type { TaskSlot } from "./task-slot.js";

/** The function of a task; what it returns, or what its promise resolves with, is the result. */
export type TaskFunction<Value> = (context: TaskContext) => Value | PromiseLike<Value>;

/** How a task is tied to its owner: their fates are linked, it ends with its owner, or not at all. */
export type Bond = "linked" | "follows" | "none";

/** What the actor of a task is started with. */
export interface TaskRun {
  readonly run: TaskFunction<unknown>;
  readonly reported: ReportedTask;
  readonly callers: readonly AnyRef[];
  readonly bond: Bond;
  /** Whether somebody else starts the task, so that it has to link itself to its owner. */
  readonly fostered: boolean;
  /** Where the result goes; none for a task whose result nobody wants. */
  readonly slot?: TaskSlot;
}

/**
 * The actor of one task: runs a function once and ends.
 *
 * It stays free while the function waits, so that it hears exit signals at once. Its result goes into a slot of the owner, not through a
 * mailbox. Of a crash it reports itself, with what the runtime cannot know: for whom it worked, and on what.
 */
export class TaskRunner extends Actor<TaskRun> {
  static readonly [messages] = [] as const;

  #run: TaskRun | undefined;
  #abort: AbortController | undefined;
  #ended = false;
  #trapping = false;

  override init(run: TaskRun): { continue: unknown } {
    this.#run = run;
    const { owner } = run.reported;
    if (owner !== undefined && run.fostered) {
      if (run.bond === "linked") this.link(owner);
      else if (run.bond === "follows") this.monitor(owner);
    }
    return { continue: undefined };
  }

  override handleContinue(): void {
    const run = this.#run;
    if (run === undefined) return;
    const { owner } = run.reported;
    const context = new TaskContext(this, this.self(), this.system, owner, run.callers);
    try {
      const result = run.run(context);
      if (isThenable(result)) void this.#await(result, run);
      else this.#finish(result, run);
    } catch (thrown) {
      this.#fail(reasonThrown(thrown), run);
    }
  }

  /** The owner whom this task follows has ended. */
  override handleDown(): void {
    this.#end("shutdown");
  }

  /** Only where the function traps exits, as from here on. */
  override handleExit({ reason }: Exit): void {
    this.#askToEnd(reason);
  }

  /** Its parent wants it to end. A function that traps exits may finish first. */
  override [teardown](reason: ExitReason): Promise<void> | undefined {
    if (!this.#trapping) return undefined;
    this.#askToEnd(reason);
    // Never resolved: the end of the function ends the actor, and whoever stops it kills it when its time is over.
    return new Promise(() => undefined);
  }

  override [release](reason: ExitReason): void {
    this.#ended = true;
    this.#run?.slot?.settle({ ok: false, reason });
    this.#abort?.abort(reason);
  }

  /** For the context of the function. */
  abortSignal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#ended) this.#abort.abort();
    return this.#abort.signal;
  }

  /** For the context of the function. */
  trapExits(): void {
    this.trapExit();
    this.#trapping = true;
  }

  override formatStatus(): unknown {
    const { functionName, owner } = this.#run?.reported ?? {};
    return { kind: "task", function: functionName, owner: owner?.toString() };
  }

  #askToEnd(reason: ExitReason): void {
    this.#abort ??= new AbortController();
    this.#abort.abort(reason);
  }

  async #await(result: PromiseLike<unknown>, run: TaskRun): Promise<void> {
    try {
      this.#finish(await result, run);
    } catch (thrown) {
      this.#fail(reasonThrown(thrown), run);
    }
  }

  #finish(value: unknown, { slot, reported, bond }: TaskRun): void {
    // Killed meanwhile: the function could not be interrupted, but nothing that it still does has an effect.
    if (this.#ended) return;
    slot?.settle({ ok: true, value });
    // The owner has its result. If it traps exits, it need not be told a second time.
    if (bond === "linked" && slot !== undefined && reported.owner !== undefined) this.unlink(reported.owner);
    this.#end("normal");
  }

  #fail(reason: ExitReason, { reported }: TaskRun): void {
    if (this.#ended) return;
    const report = new TaskReport(this.self(), reported, this.#run?.callers ?? [], reason);
    if (report.level === "error") this.system.report(report);
    this.#end(reason);
  }

  /** Ends at once: not by `stop`, which waits for a handler and writes a report of its own. */
  #end(reason: ExitReason): void {
    if (this.#ended) return;
    this.trapExit(false);
    this.exit(this.self(), reason);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

function reasonThrown(thrown: unknown): ExitReason {
  return thrown instanceof TaskExit ? thrown.reason : reasonOfThrown(thrown);
}
