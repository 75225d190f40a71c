export type { DamageListener, DamageReport } from "./damage.js";
export type { EmbeddedStoreOptions } from "./embedded-options.js";
export { embeddedStore } from "./embedded-store.js";
export { embeddedStoreFolder, type EmbeddedStoreFolderOptions } from "./embedded-store-folder.js";
export { memoryStore } from "./memory-store.js";
export { type MemoryStoreFolders, memoryStoreFolders } from "./memory-store-folders.js";
export type { StoreFolder } from "./store-folder.js";
export {
  type Claim,
  type Durability,
  type LogEntry,
  type LogSlice,
  type LogSummary,
  type MissingRange,
  type OutboxFrame,
  type SessionHead,
  type SessionOwner,
  type SessionSummary,
  type Store,
  type StoreChange,
  StoreError,
  type StoreErrorCode,
  type StoredFrame,
  type StoredRecord,
  type StoredSession,
  type StoreStatus,
} from "./store-port.js";
