import { type ExitReason, errorOfReason, formatReason } from "./exit-reason.js";

/** Base of every error that Holdfast throws: an `Error` with a stable `code` to switch on. */
export abstract class HoldfastError extends Error {
  abstract readonly code: string;
}

/** What can make a call fail; see {@link CallError}. */
export type CallErrorCode =
  | "timeout"
  | "noproc"
  | "calling_self"
  | "cycle"
  | "exit"
  | "mailbox_full"
  | "bad_argument"
  | "schema_failed"
  | "cannot_carry";

/** What a {@link CallError} says about the call that failed. */
export interface CallFailure {
  readonly target: string;
  readonly method: string;
  readonly reason: ExitReason;
  readonly timeoutMs?: number;
  /** What the callee was doing, when that is known: the handler it is busy with and how many messages wait. */
  readonly targetState?: string;
  /** Who waits for whom, for a call that would have closed a cycle. */
  readonly cycle?: string;
}

/**
 * The rejection of a call that got no reply.
 *
 * `code` says why: `timeout` (no reply in time; the callee may still handle it, the late reply is dropped), `noproc` (the actor had ended
 * before), `exit` (it ended before it replied; `reason` is its exit reason and `cause` its error), `calling_self` (an actor called itself
 * and would wait for ever), `cycle` (the callee waits, directly or through others, for the caller), `mailbox_full` (the bounded mailbox refused the message), `bad_argument` (a schema of the callee's
 * class refused the arguments; `reason` is `{ badArgument: issues, omitted }`), `schema_failed` (that schema could not tell; `cause` says why),
 * `cannot_carry` (the arguments or the reply hold something that cannot cross to another node; `reason` is `{ field, text }`). The semantics are those of `gen_server:call`.
 */
export class CallError extends HoldfastError {
  override readonly name = "CallError";
  readonly code: CallErrorCode;
  readonly reason: ExitReason;
  readonly target: string;
  readonly method: string;

  constructor(code: CallErrorCode, failure: CallFailure) {
    super(callErrorText(code, failure), { cause: errorOfReason(failure.reason) });
    this.code = code;
    this.reason = failure.reason;
    this.target = failure.target;
    this.method = failure.method;
  }
}

function callErrorText(code: CallErrorCode, failure: CallFailure): string {
  const call = `call of ${failure.method} on ${failure.target}`;
  switch (code) {
    case "timeout":
      return `${call} got no reply within ${failure.timeoutMs} ms${failure.targetState === undefined ? "" : `: ${failure.targetState}`}`;
    case "noproc":
      return `${call}: the actor is not alive (it ended with ${formatReason(failure.reason)})`;
    case "calling_self":
      return `${call}: an actor cannot call itself, it would wait for ever. Use the method directly, or cast.`;
    case "cycle":
      return `${call} would wait for ever: ${failure.cycle}. Let one of them cast, or answer later with defer().`;
    case "mailbox_full":
      return `${call}: its mailbox is full${failure.targetState === undefined ? "" : ` (${failure.targetState})`}`;
    case "bad_argument":
      return `${call}: its arguments do not fit their schema: ${formatReason(failure.reason)}`;
    case "schema_failed":
      return `${call}: the schema of its arguments could not check them: ${formatReason(failure.reason)}`;
    case "cannot_carry":
      return `${call}: what it says cannot cross to another node: ${formatReason(failure.reason)}`;
    case "exit":
      return `${call}: the actor ended before it replied, with ${formatReason(failure.reason)}`;
  }
}

/** What can make a start fail; see {@link StartError}. */
export type StartErrorCode = "already_started" | "ignore" | "init_failed" | "timeout";

/**
 * The rejection of `start` when no running actor came out of it.
 *
 * `already_started`: the name is taken (`reason.already_started` is its holder). `ignore`: `init` returned `{ ignore: true }`. `timeout`:
 * `init` did not finish in time and the actor was killed. `init_failed`: `init` threw, stopped or returned something it may not return.
 */
export class StartError extends HoldfastError {
  override readonly name = "StartError";
  readonly code: StartErrorCode;
  readonly reason: ExitReason;

  constructor(code: StartErrorCode, behaviour: string, reason: ExitReason) {
    super(startErrorText(code, behaviour, reason), { cause: errorOfReason(reason) });
    this.code = code;
    this.reason = reason;
  }
}

function startErrorText(code: StartErrorCode, behaviour: string, reason: ExitReason): string {
  switch (code) {
    case "already_started":
      return `Cannot start ${behaviour}: its name is already taken`;
    case "ignore":
      return `Cannot start ${behaviour}: its init returned { ignore: true }`;
    case "timeout":
      return `Cannot start ${behaviour}: its init did not finish in time`;
    case "init_failed":
      return `Cannot start ${behaviour}: init failed with ${formatReason(reason)}`;
  }
}

/** What can make a function of `sys` fail on a live actor; see {@link SysError}. */
export type SysErrorCode = "callback_failed" | "not_suspended" | "undefined_hook";

/**
 * The rejection of a `sys` function that the actor could not carry out; the actor goes on as it was.
 *
 * `callback_failed`: the function given, or the actor's hook, threw. `not_suspended`: only done to a suspended actor. `undefined_hook`: the
 * actor's class does not have the hook that is asked for.
 */
export class SysError extends HoldfastError {
  override readonly name = "SysError";
  readonly code: SysErrorCode;

  constructor(code: SysErrorCode, text: string, options?: ErrorOptions) {
    super(text, options);
    this.code = code;
  }
}

/** Thrown where an argument or option has a value that it may not have: `code` is `bad_argument`, the text says what was expected and what came. */
export class BadArgumentError extends HoldfastError {
  override readonly name = "BadArgumentError";
  readonly code = "bad_argument";
}

/** The error of an actor whose hook returned a value it may not return: `code` is `bad_return_value`, the text lists every legal one. */
export class BadReturnError extends HoldfastError {
  override readonly name = "BadReturnError";
  readonly code = "bad_return_value";
}

/** Thrown when an actor uses its context where it has none: constructed with `new`, or used after it ended. `code` is `no_context`. */
export class NoContextError extends HoldfastError {
  override readonly name = "NoContextError";
  readonly code = "no_context";
}

/** What came, for an error text: its type and, when short, its value. Never throws. */
export function whatCame(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return `function ${value.name === "" ? "(anonymous)" : value.name}`;
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? `an array of ${value.length}` : `an object ${formatReason(value)}`;
  return String(value);
}
