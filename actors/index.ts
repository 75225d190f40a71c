export { type Answer, error, ok } from "./channel/answer.js";
export { Channel, type ChannelClass, type ChannelStart } from "./channel/channel.js";
export type { Accepted } from "./connection/accepted.js";
export { Connection } from "./connection/connection.js";
export type { Authenticate, AuthenticatedUser, Credentials } from "./endpoint/context.js";
export { Endpoint } from "./endpoint/endpoint.js";
export type { EndpointOptions, SocketLimits, SocketOptions } from "./endpoint/options.js";
export { callHandler } from "./event-manager/call-handler.js";
export {
  EventHandler,
  type HandlerClass,
  type HandlerId,
  type HandlerInit,
  type HandlerKey,
  type HandlerOptions,
  type HandlerSpec,
  type HandlerStop,
  handler,
  type Swapped,
} from "./event-manager/event-handler.js";
export { EventManager } from "./event-manager/event-manager.js";
export {
  type AddHandlerResult,
  type CallHandlerResult,
  type DeleteHandlerResult,
  type EventManagerStatus,
  type HandlerEntry,
  HandlerExit,
  type HandlerState,
} from "./event-manager/event-results.js";
export type { Lease, LeaseKey } from "./lease/claim.js";
export { LeaseManager } from "./lease/lease-manager.js";
export type { GetLeaseOptions, LeaseManagerOptions } from "./lease/lease-options.js";
export type {
  GetLeaseResult,
  LeaseManagerStatus,
  LeaseRefusal,
  LeaseStatus,
  LeaseTotals,
  RenewLeaseResult,
  ReturnLeaseResult,
  WaiterStatus,
} from "./lease/lease-results.js";
export { LeaseError, withLease } from "./lease/with-lease.js";
export { Session } from "./session/session.js";
export type { Identity, SessionMessages, SessionRef } from "./session/session-messages.js";
export { Topics } from "./topic/topics.js";
export { BadStateEnterReturnError, PostponedFullError } from "./state-machine/machine-errors.js";
export type { StateMachineStatus } from "./state-machine/machine-status.js";
export type { MachineTypes } from "./state-machine/machine-types.js";
export type { EnterAction, StateAction } from "./state-machine/state-action.js";
export type { StateEvent } from "./state-machine/state-event.js";
export type { StateFunction, StateFunctions } from "./state-machine/state-functions.js";
export { StateMachine } from "./state-machine/state-machine.js";
export type { EnterResult, StateInit, StateResult } from "./state-machine/state-result.js";
export type { StreamFunction, StreamOptions, TaskStreamItem } from "./task/stream-options.js";
export {
  type SupervisedStreamOptions,
  type SupervisedTaskOptions,
  type SupervisedTasks,
  type TaskChildOptions,
  tasksUnder,
} from "./task/supervised-tasks.js";
export { Task, type TaskStartOptions, type YieldedTask, type YieldManyOptions } from "./task/task.js";
export type { TaskContext } from "./task/task-context.js";
export { TaskError, type TaskErrorCode, type TaskFailure } from "./task/task-error.js";
export type { TaskOptions } from "./task/task-options.js";
export type { TaskOutcome } from "./task/task-outcome.js";
export type { TaskOwner } from "./task/task-owner.js";
export type { TaskFunction } from "./task/task-runner.js";
export type { TaskStream } from "./task/task-stream.js";
