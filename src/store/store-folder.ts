import type { Store } from "./store-port.js";

/**
 * Stores side by side in one place that several nodes reach: each node has its own, and one that lives on can take in that of one that died.
 *
 * What a node opens beside its own it must close again; only one process has a store open at a time.
 */
export interface StoreFolder {
  /** The store of this node. */
  readonly own: Store;
  /** The name of it. */
  readonly ownName: string;
  /** The names of all stores that are there, this node's too. */
  list(): Promise<readonly string[]>;
  /**
   * Opens another node's store.
   *
   * @throws {StoreError} as a rejection: `in_use` while a living process has it open, `not_a_store` when there is none of that name, and what opening a store throws
   */
  open(name: string): Promise<Store>;
  /** Deletes a store that nobody has open; one that is not there is no error. */
  remove(name: string): Promise<void>;
  /** Closes this node's own store. */
  close(): Promise<void>;
}
