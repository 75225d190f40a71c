import type { Report } from "../../src/index.js";
import type { SessionHost } from "./session-host.js";
import type { SessionLine } from "./session-line.js";
import type { SessionSummary } from "./session-messages.js";
import type { SessionTopics } from "./session-topics.js";

/** What the inspector shows of a session. */
export function statusOf(host: SessionHost, line: SessionLine, topics: SessionTopics): object {
  const { stream, attached, epoch, since } = line;
  const { outbox } = stream;
  return {
    kind: "session",
    state: attached ? "attached" : "detached",
    // Nothing has begun while there is no socket and never was one.
    sinceMs: epoch === 0 ? 0 : Math.round(host.clock.now() - since),
    outbox,
    inFlight: { messages: outbox.messages - stream.unsent, bytes: outbox.bytes - stream.unsentBytes },
    user: host.identity.user,
    topics: topics.joined,
    ...(host.away === undefined ? {} : { readingLogs: host.away.size }),
    resumable: host.numbering !== "none",
    epoch,
  };
}

/** What a session reports, with whose it is. */
export function reportOf({ ref, identity }: SessionHost, level: Report["level"], type: string, text: string): Report {
  const { user } = identity;
  const who = `session ${ref}${user === undefined ? "" : ` of ${user}`}`;
  return { type, level, text: `${who} ${text}`, details: { session: `${ref}`, user } };
}

/** What the endpoint tells an app of a session; `sid` is empty for one that cannot be resumed. */
export function summaryOf(host: SessionHost, line: SessionLine, topics: SessionTopics, sid: string): SessionSummary {
  return {
    session: host.ref,
    sid: sid === "" ? undefined : sid,
    user: host.identity.user,
    state: line.attached ? "online" : "detached",
    sinceMs: Math.round(host.clock.now() - line.since),
    topics: [...topics].filter((row) => !row.leaving).map((row) => row.topic),
  };
}
