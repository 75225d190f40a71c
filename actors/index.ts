export { type Answer, error, ok } from "./channel/answer.js";
export { Channel, type ChannelClass, type ChannelStart } from "./channel/channel.js";
export type { Accepted } from "./connection/accepted.js";
export { Connection } from "./connection/connection.js";
export type { Authenticate, AuthenticatedUser, Credentials } from "./endpoint/context.js";
export { Endpoint } from "./endpoint/endpoint.js";
export type { EndpointOptions, SocketLimits, SocketOptions } from "./endpoint/options.js";
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
