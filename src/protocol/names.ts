/** The topic of the connection itself: heartbeats, the handshake, acknowledgements. Frames on it are never numbered. */
export const PHOENIX_TOPIC = "phoenix";

/** The version of the session level (level 2), as `hello` carries it in `v`. */
export const SESSION_VERSION = 1;

/**
 * The events of a channel's life, with Phoenix's names. An app's own events must not use them.
 *
 * `join` and `leave` go to the server; `reply`, `error` and `close` come from it, and so does `gap`, which is ours: it announces what
 * was not delivered of a topic.
 */
export const ChannelEvent = {
  join: "phx_join",
  leave: "phx_leave",
  reply: "phx_reply",
  error: "phx_error",
  close: "phx_close",
  gap: "phx_gap",
} as const;

/**
 * The events of the reserved topic `phoenix`.
 *
 * From the client: `heartbeat`, `hello`, `ack`, `bye`, `token`. From the server: `reply`, `ping`, `ack`, `gap`, `session`, `drain`,
 * `token_expiring`.
 */
export const ControlEvent = {
  heartbeat: "heartbeat",
  hello: "hello",
  ack: "ack",
  bye: "bye",
  ping: "ping",
  gap: "gap",
  session: "session",
  drain: "drain",
  token: "token",
  tokenExpiring: "token_expiring",
  reply: ChannelEvent.reply,
} as const;

const reserved: ReadonlySet<string> = new Set<string>(Object.values(ChannelEvent));

/** Tells whether an event belongs to the protocol (`phx_join` and its like) and so cannot be pushed by an app. */
export function isReservedEvent(event: string): boolean {
  return reserved.has(event);
}
