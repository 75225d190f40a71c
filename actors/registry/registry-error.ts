import { HoldfastError } from "../../src/index.js";

/** What can make an operation of a registry or a scope of groups fail; see {@link RegistryError}. */
export type RegistryErrorCode =
  | "unknown_registry"
  | "unknown_scope"
  | "unknown_pool"
  | "not_registered"
  | "timeout"
  | "busy"
  | "not_alive"
  | "surplus";

/**
 * Thrown by a registry, or a scope of groups, where something cannot be done.
 *
 * `unknown_registry`, `unknown_scope`, `unknown_pool`: nothing of that name runs. `not_registered`: the owner named does not have that entry.
 * `timeout`: what was waited for did not come. `busy`: too many wait already. `not_alive`: what was started for a key, or was to get it, has
 * ended. `surplus`: another actor took the key while this one was being started. The last four may be tried again.
 */
export class RegistryError extends HoldfastError {
  override readonly name = "RegistryError";
  readonly code: RegistryErrorCode;

  constructor(code: RegistryErrorCode, text: string) {
    super(text);
    this.code = code;
  }
}
