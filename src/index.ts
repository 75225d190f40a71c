export {
  Actor,
  type ActorClass,
  type ArgsOf,
  type BehaviourPlan,
  hooks,
  type InitResult,
  type InitReturn,
  messages,
  release,
  type reservedNames,
  type StartParameters,
  startup,
  teardown,
} from "./kernel/actor.js";
export type { ActorRef, AnyRef, CallView, CastView, MessageName, Reply } from "./kernel/actor-ref.js";
export type { MailboxOptions, Overflow } from "./kernel/behaviour.js";
export { type Clock, type ClockTimer, realClock } from "./kernel/clock.js";
export type { DeadLetter, DeadLetterReason } from "./kernel/dead-letters.js";
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
export type { Down, MonitorRef } from "./kernel/monitor.js";
export { type Random, seededRandom, systemRandom } from "./kernel/random.js";
export { consoleReporter, type Report, type ReportLevel, type Reporter } from "./kernel/report.js";
export type { Exit } from "./kernel/signal.js";
export type { SpawnOptions, StartOptions } from "./kernel/starting.js";
export { type ActorSystem, createSystem, type StartResult, type SystemOptions } from "./kernel/system.js";
export type { TimerRef } from "./kernel/timers.js";
