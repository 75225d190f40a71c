import type { Store, StoreFolder } from "../../src/store/store-port.js";

/** What an endpoint may be given to keep its sessions in. */
export type StoreOption = Store | StoreFolder;

/** The store of this process. */
export function ownStoreOf(option: StoreOption): Store {
  return "own" in option ? option.own : option;
}

/** The folder of stores that other nodes have too; `undefined` for a store that stands alone. */
export function folderOf(option: StoreOption): StoreFolder | undefined {
  return "own" in option ? option : undefined;
}

/** Whether a value is one of them. */
export function isStoreOption(option: unknown): option is StoreOption {
  if (typeof option !== "object" || option === null) return false;
  const store: unknown = "own" in option ? option.own : option;
  return typeof store === "object" && store !== null && "commit" in store && typeof store.commit === "function";
}
