import type { ActorRef, AnyRef, ExitReason } from "../src/index.js";
import type { CheckedChildSpec } from "./child-spec.js";
import type { SupervisorSpecError } from "./spec-error.js";
import type { ChildId, ChildType } from "./strategy/terms.js";

/** Done. */
export interface Ok {
  readonly ok: true;
}

/** Not done, for an expected reason. */
export interface Refused<Reason extends string> {
  readonly ok: false;
  readonly reason: Reason;
}

/** A child was started; `ref` is `undefined` when its `init` returned `{ ignore: true }`. */
export interface ChildStarted {
  readonly ok: true;
  readonly ref: AnyRef | undefined;
}

/** A child's start failed; nothing of it is left. */
export interface StartFailed extends Refused<"start_failed"> {
  /** Why, as an exit reason. */
  readonly error: ExitReason;
}

/** The child runs already, or the name it wants is held: `ref` is who has it. */
export interface AlreadyStarted extends Refused<"already_started"> {
  readonly ref: AnyRef;
}

/** The specification cannot be used. */
export interface InvalidChildSpec extends Refused<"invalid_child_spec"> {
  readonly error: SupervisorSpecError;
}

/**
 * What `startChild` of a supervisor answers.
 *
 * `already_present`: a specification with this id is there, and its child does not run; restart or delete it.
 */
export type StartChildResult =
  | ChildStarted
  | (StartFailed & { readonly child: CheckedChildSpec })
  | AlreadyStarted
  | InvalidChildSpec
  | Refused<"already_present">;

/**
 * What `startChild` of a dynamic supervisor answers.
 *
 * `max_children`: it has as many as it may have. `ignore`: the `init` of the child returned `{ ignore: true }`.
 */
export type DynamicStartResult<A = unknown> =
  | { readonly ok: true; readonly ref: ActorRef<A> }
  | StartFailed
  | AlreadyStarted
  | InvalidChildSpec
  | Refused<"max_children" | "ignore">;

/** What `restartChild` answers; `restarting`: the supervisor is at it already. */
export type RestartChildResult =
  | ChildStarted
  | StartFailed
  | AlreadyStarted
  | Refused<"running" | "restarting" | "not_found">;

/** What `terminateChild` answers; it is ok for a child that does not run. */
export type TerminateChildResult = Ok | Refused<"not_found">;

/** What `deleteChild` answers. */
export type DeleteChildResult = Ok | Refused<"running" | "restarting" | "not_found">;

/** What `getChildSpec` answers. */
export type GetChildSpecResult = { readonly ok: true; readonly spec: CheckedChildSpec } | Refused<"not_found">;

/** What `whichChild` answers. */
export type WhichChildResult = { readonly ok: true; readonly child: ChildEntry } | Refused<"not_found">;

/** Whether a child runs, is between two attempts to restart it, or neither. */
export type ChildState = "running" | "restarting" | "stopped";

/** One child in the answer to `whichChildren`. */
export interface ChildEntry {
  /** `undefined` for the children of a dynamic supervisor, which have none. */
  readonly id: ChildId | undefined;
  /** `undefined` unless the state is `running`. */
  readonly ref: AnyRef | undefined;
  readonly state: ChildState;
  readonly type: ChildType;
  /** The name of its class. */
  readonly behaviour: string;
}

/** What `countChildren` answers. */
export interface ChildCounts {
  /** Specifications, whether their children run or not. */
  readonly specs: number;
  /** Children that run. */
  readonly active: number;
  /** Specifications of supervisors, whether they run or not. */
  readonly supervisors: number;
  /** Specifications of workers, whether they run or not. */
  readonly workers: number;
}

/** The expected answers that carry nothing. */
export const OK: Ok = { ok: true };
export const NOT_FOUND: Refused<"not_found"> = { ok: false, reason: "not_found" };

/** The answer for a start that failed. */
export function failedStart<Details extends object>(
  reason: ExitReason,
  details: Details,
): AlreadyStarted | (StartFailed & Details) {
  if (isAlreadyStarted(reason)) return { ok: false, reason: "already_started", ref: reason.already_started };
  return { ok: false, reason: "start_failed", error: reason, ...details };
}

function isAlreadyStarted(reason: ExitReason): reason is { readonly already_started: AnyRef } {
  return typeof reason === "object" && reason !== null && "already_started" in reason;
}
