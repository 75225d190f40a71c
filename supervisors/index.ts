export {
  type AnyApplicationClass,
  Application,
  type ApplicationContext,
  type ApplicationStart,
  type StartType,
} from "./application/application.js";
export {
  type ApplicationRef,
  Applications,
  type ApplicationsOptions,
  type EnsureAllStartedOptions,
  type StartApplicationOptions,
} from "./application/applications.js";
export {
  application,
  type ApplicationArgs,
  type ApplicationClass,
  type ApplicationDefinition,
  type ApplicationOptions,
  libraryApplication,
  type StartPhase,
} from "./application/definition.js";
export { getEnv, setEnv, unsetEnv } from "./application/environment.js";
export type { HostProcess, StopSignal } from "./application/host-process.js";
export type {
  ApplicationStartFailed,
  ChangeEnvResult,
  CircularDependency,
  ConfigChangeFailed,
  EnsureAllStartedResult,
  GetSupervisorResult,
  LoadResult,
  NameConflict,
  RunningApplication,
  StartApplicationResult,
  StopApplicationResult,
  UnknownApplication,
  UnloadResult,
} from "./application/results.js";
export { runApplication, type RunningProgram, type RunOptions } from "./application/run-application.js";
export type { ProgramStartFailed, RunResult } from "./application/run-result.js";
export type { StartMode } from "./application/start-all.js";
export { checkChildSpec, checkChildSpecs } from "./check-child-spec.js";
export type { DynamicSupervisorFlags, SupervisorFlags } from "./check-flags.js";
export {
  type AnyActorClass,
  type CheckedChildSpec,
  type ChildOptions,
  type ChildPolicy,
  type ChildSpec,
  child,
  supervising,
} from "./child-spec.js";
export { type ChildTemplate, childTemplate } from "./child-template.js";
export type { DynamicStartOptions } from "./dynamic-child.js";
export { DynamicSupervisor } from "./dynamic-supervisor.js";
export type { ErrorContext, Offender } from "./reports.js";
export { type PartitionedOptions, partitioned, type PartitionOptions } from "./partition-options.js";
export type { PartitionKey } from "./partition-routing.js";
export { PartitionSupervisor, type ResizeResult } from "./partition-supervisor.js";
export {
  partitionCount,
  PartitionError,
  type PartitionErrorCode,
  partitionNamed,
  partitionOf,
} from "./partition-table.js";
export type {
  AlreadyStarted,
  ChildCounts,
  ChildEntry,
  ChildStarted,
  ChildState,
  DeleteChildResult,
  DynamicStartResult,
  GetChildSpecResult,
  InvalidChildSpec,
  Ok,
  Refused,
  RestartChildResult,
  StartChildResult,
  StartFailed,
  TerminateChildResult,
  WhichChildResult,
} from "./results.js";
export { SupervisorSpecError, type SupervisorSpecErrorCode } from "./spec-error.js";
export { startChild } from "./start-child.js";
export type { ChildStatus, NextTry, RestartStatus, SupervisorStatus } from "./status.js";
export type { BackoffOptions, BackoffRule } from "./strategy/backoff.js";
export { RestartWindow, type RestartLimit } from "./strategy/intensity.js";
export { type PlannedChild, plan, type RestartPlan } from "./strategy/plan.js";
export type { AutoShutdown, ChildId, ChildType, RestartType, Shutdown, Strategy } from "./strategy/terms.js";
export { Supervisor, type SupervisorInit, type SupervisorPlan } from "./supervisor.js";
export { TaskSupervisor } from "./task-supervisor.js";
