import type { AnyRef, ExitReason } from "../src/index.js";
import type { CheckedChildSpec } from "./child-spec.js";
import type { ChildEntry, ChildState } from "./results.js";
import type { ChildId, RestartType } from "./strategy/terms.js";

/** What a supervisor sends itself to try a restart once more: between two attempts it serves other messages. */
export class TryAgain {
  readonly id: ChildId;

  constructor(id: ChildId) {
    this.id = id;
  }
}

/** A child of a supervisor: its specification, and what runs of it. */
export class StaticChild {
  spec: CheckedChildSpec;
  ref: AnyRef | undefined;
  /** The attempt that is due, while it could not be restarted. An older one that still waits in the mailbox has no effect. */
  retry: TryAgain | undefined;
  /** How many attempts to restart it were made. */
  restarts = 0;
  /** Why it ended last, by itself. */
  lastExit: ExitReason;

  constructor(spec: CheckedChildSpec) {
    this.spec = spec;
  }

  get id(): ChildId {
    return this.spec.id;
  }

  get restart(): RestartType {
    return this.spec.restart;
  }

  get significant(): boolean {
    return this.spec.significant;
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
    const { id, type, start } = this.spec;
    return { id, ref: this.ref, state: this.state, type, behaviour: start.name };
  }

  /** Lets go of the start arguments of a child that is never started again. */
  forgetArgs(): void {
    const { args: _, ...rest } = this.spec;
    this.spec = rest;
  }
}
