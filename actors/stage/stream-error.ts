import { type ExitReason, errorOfReason, formatReason, HoldfastError } from "../../src/index.js";

/** Why a stream of events broke off; see {@link StageStreamError}. */
export type StageStreamErrorCode = "noproc" | "exit";

/**
 * Thrown by an iteration over a stage's events that cannot go on.
 *
 * `noproc`: a producer was not there. `exit`: a producer, or the system, ended abnormally before the producers were done; `reason` is its exit
 * reason and `cause` its error.
 */
export class StageStreamError extends HoldfastError {
  override readonly name = "StageStreamError";
  readonly code: StageStreamErrorCode;
  readonly reason: ExitReason;

  constructor(reason: ExitReason) {
    const code = reason === "noproc" ? "noproc" : "exit";
    const text =
      code === "noproc"
        ? "Cannot stream events: the producer is not alive, or nobody holds its name"
        : `The stream of events broke off before its producers were done: ${formatReason(reason)}`;
    super(text, { cause: errorOfReason(reason) });
    this.code = code;
    this.reason = reason;
  }
}
