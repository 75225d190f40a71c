import type { AnyRef, Deferred, ExitReason } from "../src/index.js";
import type { ChildTemplate } from "./child-template.js";
import type { TerminateChildResult } from "./results.js";
import type { DueAttempt } from "./static-child.js";
import { RestartAttempts } from "./strategy/backoff.js";

/** How one child of a dynamic supervisor appears in the system. */
export interface DynamicStartOptions {
  /** The name that it holds in the system while it runs. */
  readonly name?: string;
  /** What people see instead of a name. */
  readonly label?: string;
}

/** A child of a dynamic supervisor that may have to be started again, with what that takes. */
export class RestartableChild {
  readonly template: ChildTemplate;
  readonly args: unknown;
  readonly options: DynamicStartOptions;
  /** That of the last incarnation, also while it is being restarted: it is known by it until the new one runs. */
  ref: AnyRef;
  /** The attempt that is due, while it could not be restarted. */
  retry: TryChildAgain | undefined;
  /** The attempts in a row, of a child with back-off. */
  readonly attempts: RestartAttempts | undefined;

  constructor(template: ChildTemplate, args: unknown, options: DynamicStartOptions, ref: AnyRef) {
    this.template = template;
    this.args = args;
    this.options = options;
    this.ref = ref;
    this.retry = undefined;
    this.attempts = template.backoff === undefined ? undefined : new RestartAttempts(template.backoff);
  }
}

/** What a dynamic supervisor sends itself to try a restart once more. */
export class TryChildAgain {
  readonly child: RestartableChild;
  /** For a child with back-off; else the attempt is due as soon as the supervisor gets to it. */
  due: DueAttempt | undefined;

  constructor(child: RestartableChild) {
    this.child = child;
  }
}

/** A child that was asked to end, and who waits for that. */
export class StoppingChild {
  readonly template: ChildTemplate;
  readonly waiting: Deferred<TerminateChildResult>[] = [];

  constructor(template: ChildTemplate) {
    this.template = template;
  }
}

/** What a dynamic supervisor sends itself when a child that it stopped has ended. */
export class ChildStopped {
  readonly ref: AnyRef;
  readonly reason: ExitReason;

  constructor(ref: AnyRef, reason: ExitReason) {
    this.ref = ref;
    this.reason = reason;
  }
}

/**
 * What a dynamic supervisor keeps of a child, by its ref.
 *
 * A temporary child is only its template, which all of them share: it is never started again, so nothing else need be known of it.
 */
export type DynamicEntry = ChildTemplate | RestartableChild | StoppingChild;
