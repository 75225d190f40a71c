export { type Cluster, clusterOf, type ClusterRole } from "./cluster.js";
export { CodecError, type CodecErrorCode } from "./codec/codec-error.js";
export type { ClusterOptions, CoreRestart, CoresOptions, EngineOptions } from "./cluster-options.js";
export { type CurrentCore, currentCore } from "./cores/current-core.js";
export { CoresError, type CoresErrorCode } from "./cores/cores-error.js";
export { EngineError, type EngineErrorCode } from "./engine-error.js";
export type { ClusterGroups, GroupChange } from "./groups/cluster-groups.js";
export type { GlobalNames, NameHolder, NameOutcome } from "./names/global-names.js";
export type {
  Engine,
  EngineEvents,
  EngineSurroundings,
  Member,
  Membership,
  NodeState,
  RegisterChange,
  RegisterEntry,
  RegisterWatcher,
  SendOutcome,
  SharedRegister,
  WriteOutcome,
} from "./engine.js";
export type { NodeIdentity } from "./node-identity.js";
export type { Entities } from "./placement/entities.js";
export { EntityError, type EntityErrorCode } from "./placement/entity-error.js";
export type { EntityArgs, EntityLimits, EntityOptions, LocateOptions } from "./placement/entity-options.js";
export type { SingletonArgs } from "./placement/placement.js";
export type { Singleton } from "./placement/singleton.js";
export type { SharedRecords } from "./register/shared-records.js";
