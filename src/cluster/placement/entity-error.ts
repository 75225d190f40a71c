import { HoldfastError } from "../../kernel/errors.js";

/**
 * Why an entity was not found. `timeout`: no node had it running in time. `busy`: too many locates wait on this node. `full`: the node where it
 * belongs runs as many as it may. `start_failed`: it was started, and its `init` failed. `not_joined`: this node has lost its place in the
 * cluster.
 */
export type EntityErrorCode = "timeout" | "busy" | "full" | "start_failed" | "not_joined";

/** Thrown by `locate`: there is no ref. */
export class EntityError extends HoldfastError {
  override readonly name = "EntityError";
  readonly code: EntityErrorCode;

  constructor(code: EntityErrorCode, text: string) {
    super(text);
    this.code = code;
  }
}
