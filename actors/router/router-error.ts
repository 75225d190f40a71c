import { HoldfastError } from "../../src/index.js";

/** Thrown where a router is used that does not run. It may be tried again when its supervisor has started it. */
export class RouterError extends HoldfastError {
  override readonly name = "RouterError";
  readonly code = "unknown_router";

  constructor(router: string) {
    super(`No router ${JSON.stringify(router)} runs in this system: start one with child(Router, …)`);
  }
}
