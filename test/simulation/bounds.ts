import type { SocketLimits } from "../../actors/index.js";
import type { World } from "./step.js";

/** The limits of a world's endpoint: ample, or so narrow that all of them are reached. */
export function limitsOf({ ttlMs, windowMessages, small }: World): Partial<SocketLimits> {
  const narrow = {
    outboxMessages: 24,
    // Room beside a window for what is sent before anybody looks.
    windowBytes: 6_000,
    outboxBytes: 14_000,
    detachedPerUser: 2,
    detachedSessions: 2,
    detachedBytes: 20_000,
    topicLogMessages: 20,
    logBytes: 30_000,
  };
  const times = { heartbeatMs: 10_000, sessionTtlMs: ttlMs, topicLogMs: ttlMs };
  return { ...times, windowMessages, ...(small ? narrow : {}) };
}
