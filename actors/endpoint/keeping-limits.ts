/**
 * What an endpoint keeps for clients that are away or slow: the limits that concern the server alone, with their defaults.
 *
 * `topicLogMs` is that of `sessionTtlMs` unless it is given: no session that may still come back lacks what was sent while it was away.
 */
export const KEEPING_LIMITS = {
  /** Most broadcasts kept of one topic, while one of its sessions is away. */
  topicLogMessages: 4_096,
  /** Most bytes kept of one topic. */
  topicLogBytes: 4 * 1024 * 1024,
  /** The longest that a broadcast is kept. */
  topicLogMs: 120_000,
  /** Most bytes kept of all topics together. */
  logBytes: 256 * 1024 * 1024,
  /** To how many sessions broadcasts are handed out in one turn of the event loop; a larger topic takes several. */
  broadcastTurn: 256,
  /** Most sessions of one user without a socket; one more ends the oldest. */
  detachedPerUser: 5,
  /** Most sessions without a socket; one more ends the oldest. */
  detachedSessions: 50_000,
  /** Most bytes that sessions without a socket keep; more end the oldest. */
  detachedBytes: 256 * 1024 * 1024,
} as const;
