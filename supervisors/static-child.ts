import type { AnyRef, ExitReason, TimerRef } from "../src/index.js";
import type { CheckedChildSpec } from "./child-spec.js";
import type { ChildEntry, ChildState } from "./results.js";
import { RestartAttempts } from "./strategy/backoff.js";
import type { ChildId, RestartType } from "./strategy/terms.js";

/** When an attempt that has to wait is due. */
export interface DueAttempt {
  readonly timer: TimerRef;
  /** Time of the system's clock. */
  readonly atMs: number;
}

/** What a supervisor sends itself to try a restart once more: between two attempts it serves other messages. */
export class TryAgain {
  readonly id: ChildId;
  /** For a child with back-off; else the attempt is due as soon as the supervisor gets to it. */
  due: DueAttempt | undefined;

  constructor(id: ChildId) {
    this.id = id;
  }
}

/** A child of a supervisor: its specification, and what runs of it. */
export class StaticChild {
  #spec: CheckedChildSpec;
  ref: AnyRef | undefined;
  /** The attempt that is due, while it could not be restarted. An older one that still waits in the mailbox has no effect. */
  retry: TryAgain | undefined;
  /** The attempts in a row, of a child with back-off. */
  attempts: RestartAttempts | undefined;
  /** How many attempts to restart it were made. */
  restarts = 0;
  /** Why it ended last, by itself. */
  lastExit: ExitReason;

  constructor(spec: CheckedChildSpec) {
    this.#spec = spec;
    this.attempts = spec.backoff === undefined ? undefined : new RestartAttempts(spec.backoff);
  }

  get spec(): CheckedChildSpec {
    return this.#spec;
  }

  get id(): ChildId {
    return this.#spec.id;
  }

  get restart(): RestartType {
    return this.#spec.restart;
  }

  get significant(): boolean {
    return this.#spec.significant;
  }

  /** Whether it runs, or will again without being asked. */
  get present(): boolean {
    return this.ref !== undefined || this.retry !== undefined;
  }

  get state(): ChildState {
    if (this.ref !== undefined) return "running";
    return this.retry === undefined ? "stopped" : "restarting";
  }

  /** How it appears in `whichChildren`. */
  get entry(): ChildEntry {
    const { id, type, start } = this.#spec;
    return { id, ref: this.ref, state: this.state, type, behaviour: start.name };
  }

  /** Replaces the specification by one with the same id; what runs is not touched. `now` is the system's time. */
  respecify(spec: CheckedChildSpec, now: number): void {
    this.#spec = spec;
    if (spec.backoff === undefined) {
      this.attempts = undefined;
    } else if (this.attempts === undefined) {
      this.attempts = new RestartAttempts(spec.backoff);
      if (this.ref !== undefined) this.attempts.started(now);
    } else {
      this.attempts.follow(spec.backoff);
    }
    if (this.ref !== undefined && spec.restart === "temporary") this.forgetArgs();
  }

  /** Lets go of the start arguments of a child that is never started again. */
  forgetArgs(): void {
    const { args: _, ...rest } = this.#spec;
    this.#spec = rest;
  }
}
