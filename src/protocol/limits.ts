/**
 * The protocol's limits and times, as both ends assume them until one of them says otherwise.
 *
 * Bytes are bytes of UTF-8; `...Ms` are milliseconds. Each one is an option where it is used; the values a server really
 * applies reach the client in the answer to `hello`.
 */
export const DEFAULT_LIMITS = {
  /** The largest whole frame, its numbers included. */
  payloadBytes: 64 * 1024,
  /** The most numbered frames in flight: written and not yet acknowledged. */
  windowMessages: 256,
  /** The most bytes in flight. */
  windowBytes: 256 * 1024,
  /** The most numbered frames kept for an end that has not acknowledged them, in flight or waiting. */
  outboxMessages: 1_000,
  /** The most bytes kept for an end that has not acknowledged them. */
  outboxBytes: 1024 * 1024,
  /** Numbered frames handled until an acknowledgement of its own is due. */
  ackMessages: 32,
  /** Bytes handled until an acknowledgement of its own is due. */
  ackBytes: 64 * 1024,
  /** The longest that a handled frame waits for its acknowledgement. */
  ackDelayMs: 1_000,
  /** How long a server waits for `hello`, and a client for its answer, from the start of the connection. */
  helloTimeoutMs: 10_000,
  /** The pause between two pings of the server. */
  heartbeatMs: 25_000,
  /** What a client waits in silence beyond `heartbeatMs` before it gives the connection up. */
  watchdogGraceMs: 10_000,
  /** How long a detached session lives. */
  sessionTtlMs: 120_000,
  /** How long a detached session without a user lives. */
  anonymousTtlMs: 15_000,
  /** Frames are written only while the socket holds fewer unsent bytes than this. */
  socketBufferBytes: 64 * 1024,
  /** The most topics joined over one connection or session. */
  channelsPerSession: 100,
  /** The longest `sid`, in characters. */
  sidLength: 128,
  /** The longest `secret`, in characters. */
  secretLength: 128,
  /** The longest reason of a WebSocket close, in bytes (RFC 6455, section 5.5: 125 less the two of the code). */
  closeReasonBytes: 123,
} as const;

/** The limits that a server announces in its answer to `hello`; both ends keep to them until the connection ends. */
export interface AnnouncedLimits {
  /** The largest whole frame that the server takes, in bytes. */
  readonly payloadBytes: number;
  /** The most numbered frames that may be unacknowledged in one direction. */
  readonly windowMessages: number;
  /** The most bytes that may be unacknowledged in one direction. */
  readonly windowBytes: number;
}
