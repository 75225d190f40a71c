import { type ExitReason, HoldfastError, whatCame } from "../src/index.js";

/** What can be wrong with the flags of a supervisor. */
export type FlagErrorCode =
  | "invalid_strategy"
  | "invalid_intensity"
  | "invalid_period"
  | "invalid_auto_shutdown"
  | "invalid_max_children";

/** What can be wrong with a child specification, or with several together. */
export type ChildSpecErrorCode =
  | "invalid_child_spec"
  | "missing_id"
  | "invalid_id"
  | "duplicate_child_name"
  | "missing_start"
  | "invalid_start"
  | "invalid_restart_type"
  | "invalid_shutdown"
  | "invalid_child_type"
  | "invalid_significant"
  | "invalid_backoff"
  | "invalid_name"
  | "bad_combination";

/** What can be wrong with what a supervisor was told. */
export type SupervisorSpecErrorCode = FlagErrorCode | ChildSpecErrorCode;

/**
 * Thrown for supervisor flags and child specifications that cannot be used; the text says what was expected and what came.
 *
 * `code` is OTP's word for it. A supervisor whose `init` returns such a value does not start: its exit reason is
 * `{ supervisor_data: code, error }` for flags and `{ start_spec: code, error }` for children.
 */
export class SupervisorSpecError extends HoldfastError {
  override readonly name = "SupervisorSpecError";
  readonly code: SupervisorSpecErrorCode;

  constructor(code: SupervisorSpecErrorCode, text: string) {
    super(text);
    this.code = code;
  }

  /** The exit reason of a supervisor that was told this. */
  get exitReason(): ExitReason {
    return FLAG_CODES.has(this.code)
      ? { supervisor_data: this.code, error: this }
      : { start_spec: this.code, error: this };
  }
}

const FLAG_CODES: ReadonlySet<SupervisorSpecErrorCode> = new Set<FlagErrorCode>([
  "invalid_strategy",
  "invalid_intensity",
  "invalid_period",
  "invalid_auto_shutdown",
  "invalid_max_children",
]);

/** The error for a value that is not what was expected. */
export function unexpected(
  code: SupervisorSpecErrorCode,
  what: string,
  expected: string,
  came: unknown,
): SupervisorSpecError {
  return new SupervisorSpecError(code, `Expected ${what} to be ${expected}; got ${whatCame(came)}`);
}
