export { createSystem, type SystemOptions } from "./cluster/create-system.js";
export {
  Actor,
  type ActorClass,
  type ArgsOf,
  type BehaviourPlan,
  type InitResult,
  type InitReturn,
  type StartParameters,
} from "./kernel/actor.js";
export type {
  ActorRef,
  AnyRef,
  CallView,
  CastView,
  Handlers,
  MessageName,
  NotAMessage,
  Reply,
} from "./kernel/actor-ref.js";
export type { TimerOptions } from "./kernel/actor-timers.js";
export type { AliasMode, AliasOptions, AliasRef, AliasSendOptions, MonitorAliasMode } from "./kernel/alias.js";
export type { ArgumentSchemas, MessageSchemas } from "./kernel/argument-schemas.js";
export type { MailboxOptions, Overflow } from "./kernel/behaviour.js";
export type { CallerContext } from "./kernel/caller-context.js";
export { type Clock, type ClockTimer, realClock } from "./kernel/clock.js";
export type { DeadLetter, DeadLetterReason, DeadLetterTarget } from "./kernel/dead-letters.js";
export type { DebugEvent, DebugFunction, Statistics } from "./kernel/debug.js";
export { Deferred } from "./kernel/deferred.js";
export {
  BadArgumentError,
  BadReturnError,
  CallError,
  type CallErrorCode,
  type CallFailure,
  HoldfastError,
  NoContextError,
  StartError,
  type StartErrorCode,
  SysError,
  type SysErrorCode,
  whatCame,
} from "./kernel/errors.js";
export {
  type ErrorReason,
  type ExitReason,
  errorOfReason,
  formatReason,
  isNormalExit,
  reasonOfThrown,
} from "./kernel/exit-reason.js";
export {
  adoptsOrphans,
  asData,
  hooks,
  type lastSignatures,
  messages,
  readState,
  release,
  type reservedNames,
  startup,
  teardown,
  writeState,
} from "./kernel/hook-keys.js";
export { Holding, Holdings } from "./kernel/holdings.js";
export type { ActorInfo, ActorStatus, InfoOptions, WaitingMessage } from "./kernel/info.js";
export type { Down, MonitorOptions, MonitorRef } from "./kernel/monitor.js";
export { type Random, seededRandom, systemRandom } from "./kernel/random.js";
export { consoleReporter, type Report, type ReportLevel, type Reporter } from "./kernel/report.js";
export { type LimitedReporter, limitReports, type ReportLimitOptions } from "./kernel/report-limit.js";
export {
  type LabelledResponse,
  multiCall,
  type MultiCallResult,
  type Request,
  RequestCollection,
  type Response,
  sendRequest,
  type TakeOptions,
} from "./kernel/request.js";
export type { Exit } from "./kernel/signal.js";
export {
  type ForeignIssue,
  isSchema,
  type SchemaOutput,
  type SchemaResult,
  type StandardSchema,
} from "./kernel/standard-schema.js";
export type { SpawnOptions, StartOptions } from "./kernel/starting.js";
export type { ActorSystem, StartResult } from "./kernel/system.js";
export { sys, type SysOptions, type SysStatus } from "./kernel/sys.js";
export type { Timeout, TimerRef } from "./kernel/timers.js";
export { type ActorName, actorName, type NameFor } from "./kernel/typed-name.js";
export { SchemaError, type SchemaIssue, validate, type ValidateOptions, type Validation } from "./kernel/validate.js";
