import type { StoreChange } from "../../src/store/store-port.js";

/** A small value that is to be kept together with what else changes in a session. */
export interface KeptRecord {
  /** What to write; `undefined` when it is not wanted any more. */
  change(): StoreChange | undefined;
  /** What was written is safe. */
  isSafe(): void;
}
