import { HoldfastError } from "../kernel/errors.js";

/**
 * What went wrong with the engine. `unreachable`: the register did not answer in time; whether a write was done is open. `not_joined`: the node
 * has left, or lost its place.
 */
export type EngineErrorCode = "unreachable" | "not_joined";

/** The shared register, or the cluster, could not be used. */
export class EngineError extends HoldfastError {
  override readonly name = "EngineError";
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, text: string) {
    super(text);
    this.code = code;
  }
}
