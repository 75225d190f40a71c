import type { StoreFolder } from "../../../src/store/store-folder.js";
import { type Store, StoreError } from "../../../src/store/store-port.js";
import type { FaultyStore } from "../../../src/testing/index.js";

/** A folder of stores whose own one takes its time, and whose others can be had when nobody who lives has them. */
export class LateFolder implements StoreFolder {
  readonly own: FaultyStore;
  readonly #inner: StoreFolder;
  readonly #isLocked: (name: string) => boolean;

  /** `isLocked` says whether a store is the own one of a process that lives. */
  constructor(inner: StoreFolder, own: FaultyStore, isLocked: (name: string) => boolean) {
    this.#inner = inner;
    this.own = own;
    this.#isLocked = isLocked;
  }

  get ownName(): string {
    return this.#inner.ownName;
  }

  list(): Promise<readonly string[]> {
    return this.#inner.list();
  }

  async open(name: string): Promise<Store> {
    if (this.#isLocked(name)) throw new StoreError("in_use", `Expected the store ${name} to be free, its node lives`);
    return this.#inner.open(name);
  }

  remove(name: string): Promise<void> {
    return this.#inner.remove(name);
  }

  close(): Promise<void> {
    return this.own.close();
  }
}
