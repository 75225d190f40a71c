/** What an endpoint takes of its clients besides what the protocol limits, with the defaults; for the server alone. */
export const CLIENT_LIMITS = {
  /** Most bytes of a topic's name, in UTF-8. */
  topicBytes: 1_024,
  /** Most bytes of an event's name, in UTF-8. */
  eventBytes: 256,
  /** How long a stock Phoenix client may say nothing over a WebSocket, as in Phoenix; looked at with each beat. */
  stockIdleMs: 60_000,
} as const;
