import { HoldfastError } from "../../src/index.js";

/** Thrown where a presence is used that does not run. It may be tried again when its supervisor has started it. */
export class PresenceError extends HoldfastError {
  override readonly name = "PresenceError";
  readonly code = "unknown_presence";

  constructor(presence: string) {
    super(`No presence ${JSON.stringify(presence)} runs in this system: start one with child(Presence, …)`);
  }
}
