/** A place in the log of a topic: offsets count its messages from 1, and mean nothing in another epoch. */
export interface TopicPosition {
  /** Tells this life of the topic's log from earlier ones. */
  readonly epoch: string;
  readonly offset: number;
}

/** What a subscriber gets: one and the same value for all of them, so it must not be changed. */
export interface TopicMessage<Payload = unknown> {
  /** The name of the topics' scope, `"topics"` as a rule. */
  readonly topics: string;
  readonly topic: string;
  readonly event: string;
  readonly payload: Payload;
  /** What it is about: a later message with the same key makes up for this one. */
  readonly key: string | undefined;
  /** Its place in the topic's log; `undefined` for a topic without one. */
  readonly position: TopicPosition | undefined;
  /** Whether it was there before the subscriber was. */
  readonly retained: boolean;
}

/** What is missing between two messages of a topic. */
export interface TopicGap {
  /** The log's epoch now. */
  readonly epoch: string;
  /** The first offset that is missing. */
  readonly from: number;
  /** The last; `from - 1` where nothing of this epoch is missing. */
  readonly to: number;
  /** `lost`: the log had let go of them. `epoch`: the log has begun anew, and what came last of the earlier one is not known. */
  readonly reason: "lost" | "epoch";
}

/** Tells whether what came to `handleInfo` is a topic's message; of one scope, if given. */
export function isTopicMessage(message: unknown, scope?: string): message is TopicMessage {
  if (typeof message !== "object" || message === null) return false;
  if (!("topics" in message && "topic" in message && "event" in message && "payload" in message)) return false;
  return scope === undefined ? typeof message.topics === "string" : message.topics === scope;
}
