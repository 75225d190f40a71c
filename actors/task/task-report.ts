import {
  type AnyRef,
  type ExitReason,
  errorOfReason,
  formatReason,
  isNormalExit,
  type Report,
} from "../../src/index.js";

/** What a crash report says of a task besides the crash. */
export interface ReportedTask {
  readonly owner: AnyRef | undefined;
  readonly label: string | undefined;
  readonly functionName: string;
  /** What the function worked on: the element of a stream; empty for other tasks. */
  readonly args: readonly unknown[];
}

/** Most characters of an error's message and stack in the text of a report. */
const LONGEST_STACK = 4_000;

/** A report of type `crash` by a task: who it was, for whom it worked, on what, and why it ended. Level `debug` for an orderly end. */
export class TaskReport implements Report {
  readonly type = "crash";
  readonly level: "error" | "debug";
  readonly #ref: AnyRef;
  readonly #task: ReportedTask;
  readonly #callers: readonly AnyRef[];
  readonly #reason: ExitReason;

  constructor(ref: AnyRef, task: ReportedTask, callers: readonly AnyRef[], reason: ExitReason) {
    this.level = isNormalExit(reason) ? "debug" : "error";
    this.#ref = ref;
    this.#task = task;
    this.#callers = callers;
    this.#reason = reason;
  }

  get text(): string {
    const { label, owner, functionName } = this.#task;
    const title = label === undefined ? "" : `${label} `;
    const starter = owner === undefined ? "the program" : owner.toString();
    const why = errorOfReason(this.#reason)?.stack?.slice(0, LONGEST_STACK) ?? formatReason(this.#reason);
    return `${title}Task ${this.#ref}, started from ${starter}, function ${functionName}, crashed: ${why}`;
  }

  get details(): Readonly<Record<string, unknown>> {
    const { owner, label, functionName, args } = this.#task;
    return {
      ref: this.#ref.toString(),
      behaviour: "Task",
      label,
      owner: owner?.toString(),
      callers: this.#callers.map(String),
      function: functionName,
      args,
      reason: this.#reason,
    };
  }
}
