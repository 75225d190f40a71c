import { HoldfastError } from "../../src/index.js";

/** The error of a machine whose enter call asked for what none may: `code` is `bad_state_enter_return`. */
export class BadStateEnterReturnError extends HoldfastError {
  override readonly name = "BadStateEnterReturnError";
  readonly code = "bad_state_enter_return";
}

/** The error of a machine that postponed more events than its `maxPostponed`: `code` is `postponed_full`. */
export class PostponedFullError extends HoldfastError {
  override readonly name = "PostponedFullError";
  readonly code = "postponed_full";
}
