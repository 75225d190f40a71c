export type { Channel, ChannelGap, ChannelParams, ChannelState, PushOptions } from "./channel.js";
export type { ChannelEvents } from "./channel-events.js";
export type { ClientClock, ClientRandom } from "./clock.js";
export { PushError, type PushErrorCode, type PushOutcome, SocketError, type SocketErrorCode } from "./errors.js";
export type { ErrorReporter } from "./listeners.js";
export type { BackoffRules, OutboxBound, SocketOptions, TokenSource } from "./options.js";
export {
  Presence,
  type PresenceDiff,
  type PresenceEntry,
  type PresenceListener,
  type PresenceSource,
  type PresenceState,
} from "./presence.js";
export type { Push } from "./push.js";
export type { LostSession } from "./session.js";
export { type Gap, Socket } from "./socket.js";
export type { SocketClose, SocketState } from "./socket-state.js";
export type { WakeSource } from "./wake.js";
export type { WebSocketClass, WebSocketLike } from "./web-socket-like.js";
export type { Frame } from "../protocol/frame.js";
export type { JsonObject } from "../protocol/handshake.js";
