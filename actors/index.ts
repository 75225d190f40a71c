export { type Answer, error, type JoinAnswer, ok } from "./channel/answer.js";
export { Channel, type ChannelClass, type ChannelStart } from "./channel/channel.js";
export type { SessionState } from "./channel/channel-messages.js";
export type { Gap, GapReason, Overflow } from "./channel/overflow.js";
export type { ChannelSchemas, Incoming, JoinParams } from "./channel/channel-schemas.js";
export type { Refusal } from "./channel/refusal.js";
export type { Accepted } from "./connection/accepted.js";
export { Connection } from "./connection/connection.js";
export { type CheckedAuthenticate, withParams } from "./endpoint/checked-params.js";
export type { Authenticate, AuthenticatedUser, Credentials } from "./endpoint/context.js";
export {
  type CancelledDrain,
  type ClientDrainOptions,
  type ClientCounts,
  Clients,
  type Whom,
} from "./endpoint/clients.js";
export { Endpoint } from "./endpoint/endpoint.js";
export type { AdmissionOptions, CompressionOptions, TransportKind } from "./endpoint/transport-types.js";
export type { EndpointOptions, ListeningServer, SocketLimits, SocketOptions } from "./endpoint/options.js";
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
export type { CircuitOptions, CircuitState } from "./lease/circuit.js";
export { type Fenced, FencingGuard, StaleLeaseError } from "./lease/fencing-guard.js";
export type { Lease, LeaseKey, SentLease } from "./lease/lease.js";
export { getRemoteLease, RemoteLease, type RemoteLeaseOptions } from "./lease/remote-lease.js";
export { type LeaseLoss, LeaseLostError } from "./lease/lease-lost.js";
export { LeaseManager } from "./lease/lease-manager.js";
export type { GetLeaseOptions, LeaseDrainOptions, LeaseManagerOptions } from "./lease/lease-options.js";
export type {
  GetLeaseResult,
  LeaseDrainResult,
  LeaseManagerStatus,
  LeaseRefusal,
  LeaseStats,
  LeaseStatus,
  LeaseTotals,
  RenewLeaseResult,
  ResourcePoolStats,
  ResourcePoolTotals,
  ReturnLeaseResult,
  WaiterStatus,
} from "./lease/lease-results.js";
export type { ResourcePoolOptions } from "./lease/pool-options.js";
export type { ResourceFactory } from "./lease/resource-factory.js";
export { ResourceTimeoutError } from "./lease/resource-work.js";
export { FencingTokensError, type StoredTokensOptions } from "./lease/stored-tokens.js";
export type { WaitTimes } from "./lease/wait-times.js";
export { LeaseError, withLease } from "./lease/with-lease.js";
export { leasesOf, LocalLeases } from "./lease/local-leases.js";
export { PostgresConnection, type PostgresResult } from "./postgres/postgres-connection.js";
export { PostgresError, type PostgresErrorCode } from "./postgres/postgres-error.js";
export { postgresConnections } from "./postgres/postgres-factory.js";
export type { PostgresConfig, PostgresOptions, PostgresTls } from "./postgres/postgres-options.js";
export type { ChannelPresence } from "./presence/channel-presence.js";
export { type LocalPresence, presenceOf } from "./presence/local-presence.js";
export { Presence } from "./presence/presence.js";
export { PresenceChannel } from "./presence/presence-channel.js";
export type { ClientPush, MetaChange } from "./presence/presence-core.js";
export type { PresenceData, ReplicaContext, ReplicaData, ReplicaId } from "./presence/presence-data.js";
export { PresenceError } from "./presence/presence-error.js";
export type { PresenceOptions, PresencePeers } from "./presence/presence-options.js";
export type { PresenceExtras } from "./presence/presence-payload.js";
export type {
  PresenceDiff,
  PresenceEntry,
  PresenceMeta,
  PresenceRecord,
  Presences,
} from "./presence/presence-record.js";
export type { PresenceRefusal, TrackResult } from "./presence/presence-results.js";
export { GroupScope, type GroupScopeOptions } from "./registry/group-scope.js";
export type { GroupMessage, GroupMonitorRef } from "./registry/group-scope-core.js";
export { type CounterKey, type Key, type KeyPart, wildcard } from "./registry/key.js";
export type { Kind } from "./registry/kind.js";
export { groupsOf, type LocalGroups, type MonitoredGroup, type MonitoredScope } from "./registry/local-groups.js";
export { type LocalRegistry, type Query, registryOf } from "./registry/local-registry.js";
export type { Locks, TransactionResult } from "./registry/locks.js";
export { type Bindings, type Pattern, type Variable, variable } from "./registry/pattern.js";
export type { PoolType } from "./registry/pool-table.js";
export type { EventSubscribeOptions, PublishedEvents } from "./registry/published-events.js";
export type { KeyPattern, QueryOf } from "./registry/query.js";
export type { NewEntry } from "./registry/register-all.js";
export { Registry } from "./registry/registry.js";
export { RegistryError, type RegistryErrorCode } from "./registry/registry-error.js";
export {
  isRegistryMessage,
  type ListenerMessage,
  type MovedMessage,
  type OnZeroMessage,
  type PublishedMessage,
  type RegisteredMessage,
  type RegistryMessage,
  type StatusMessage,
  type UnregMessage,
  type WatchRef,
} from "./registry/registry-messages.js";
export type { RegistryOptions } from "./registry/registry-options.js";
export type {
  EnsureResult,
  Entry,
  EntryOptions,
  RegisterRefusal,
  RegisterResult,
  UpdateResult,
} from "./registry/results.js";
export type { EntryOf } from "./registry/row.js";
export type { Cursor, Page, PageOptions } from "./registry/selection.js";
export type { Located } from "./registry/starting.js";
export type { ViaName } from "./registry/via-name.js";
export type { WaitOptions } from "./registry/waiting.js";
export type { MonitorType } from "./registry/watching.js";
export type { ClaimOptions, PickedWorker, PoolMember, PoolOptions, WorkerPools } from "./registry/worker-pools.js";
export { type LocalRouter, routerOf } from "./router/local-router.js";
export { Router } from "./router/router.js";
export { RouterError } from "./router/router-error.js";
export type { RouterOptions } from "./router/router-options.js";
export type { LoginResult, ReplacedMessage, RouterCounts, RouterSendOptions } from "./router/router-results.js";
export { Session } from "./session/session.js";
export type { Identity, SessionMessages, SessionRef, SessionSummary } from "./session/session-messages.js";
export type { BroadcastOptions } from "./topic/broadcast.js";
export {
  type LocalTopics,
  type PublishOptions,
  type TopicMethod,
  topicsOf,
  type TopicSubscribeOptions,
} from "./topic/local-topics.js";
export type { LogStart } from "./topic/topic-logs.js";
export { isTopicMessage, type TopicGap, type TopicMessage, type TopicPosition } from "./topic/topic-message.js";
export { Topics } from "./topic/topics.js";
export { TopicsError, type TopicsErrorCode } from "./topic/topics-error.js";
export type { PublishRate, TopicLogOptions, TopicSettings, TopicsOptions } from "./topic/topics-options.js";
export type {
  PublishRefusal,
  PublishResult,
  PublishToResult,
  TopicSubscribeResult,
  TopicPage,
  TopicsCounts,
} from "./topic/topics-results.js";
export { Consumer } from "./stage/consumer.js";
export type { SubscribeResult } from "./stage/consumer-end.js";
export type { DemandDispatcherOptions } from "./stage/demand-dispatcher.js";
export type {
  Dispatcher,
  DispatcherFactory,
  DispatchPort,
  DispatchSettings,
  PartitionName,
} from "./stage/dispatcher.js";
export { IterableProducer, type IterableProducerArgs } from "./stage/iterable-producer.js";
export type { DemandMode } from "./stage/outlet.js";
export type { PartitionDispatcherOptions } from "./stage/partition-dispatcher.js";
export { type Emitted, Producer } from "./stage/producer.js";
export { ProducerConsumer } from "./stage/producer-consumer.js";
export type { BufferKeep } from "./stage/stage-buffer.js";
export type {
  CancelMode,
  CheckedSubscription,
  ConsumerInit,
  ConsumerOptions,
  DemandControl,
  DispatcherOption,
  ProducerConsumerInit,
  ProducerConsumerOptions,
  ProducerInit,
  ProducerOptions,
  SubscribeOptions,
} from "./stage/stage-options.js";
export type { Cancellation, StageSource } from "./stage/stage-signals.js";
export type { StageStatus } from "./stage/stage-status.js";
export { type StageStreamOptions, stageStream, type StreamSources } from "./stage/stage-stream.js";
export { StageStreamError, type StageStreamErrorCode } from "./stage/stream-error.js";
export type { Subscription } from "./stage/subscription.js";
export { BadStateEnterReturnError, PostponedFullError } from "./state-machine/machine-errors.js";
export type { StateMachineStatus } from "./state-machine/machine-status.js";
export type { MachineTypes } from "./state-machine/machine-types.js";
export type { EnterAction, StateAction } from "./state-machine/state-action.js";
export type { StateEvent } from "./state-machine/state-event.js";
export type { StateFunction, StateFunctions } from "./state-machine/state-functions.js";
export type { StateModule } from "./state-machine/state-functions.js";
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
