import type { SharedFrame } from "../../src/transport/shared-frame.js";
import { encodeBroadcast } from "./broadcast.js";
import type { LogEntry } from "./topic-log.js";
import type { TopicMessage, TopicPosition } from "./topic-message.js";

/** What somebody publishes. */
export interface NewPublication {
  readonly topics: string;
  readonly topic: string;
  readonly event: string;
  readonly payload: unknown;
  readonly key: string | undefined;
}

/**
 * One message on a topic: for actors as the value that it is, for clients encoded, once and only if there are any.
 *
 * A log and the table of retained messages keep these.
 */
export class Publication implements LogEntry {
  readonly #what: NewPublication;
  /** Its place in the log of its topic. */
  position: TopicPosition | undefined = undefined;
  loggedAt = 0;
  /** Whether no more than the frame has come from another node: its payload is what that says in JSON. */
  readonly isFrameOnly: boolean;
  #frame: SharedFrame | undefined;
  #message: TopicMessage | undefined = undefined;
  #retained: TopicMessage | undefined = undefined;

  /** With `frame`, its payload is not given as a value. */
  constructor(what: NewPublication, frame?: SharedFrame) {
    this.#what = what;
    this.#frame = frame;
    this.isFrameOnly = frame !== undefined;
  }

  get topic(): string {
    return this.#what.topic;
  }

  get event(): string {
    return this.#what.event;
  }

  get payload(): unknown {
    return this.isFrameOnly ? payloadIn(this.frame) : this.#what.payload;
  }

  get key(): string | undefined {
    return this.#what.key;
  }

  get offset(): number {
    return this.position?.offset ?? 0;
  }

  /** What clients get, without the number that each session adds. @throws what `encodeBroadcast` throws */
  get frame(): SharedFrame {
    this.#frame ??= encodeBroadcast(this.topic, this.event, this.payload);
    return this.#frame;
  }

  /** What it costs to keep it. */
  get bytes(): number {
    return this.frame.body.length;
  }

  /** What actors get. */
  get message(): TopicMessage {
    this.#message ??= this.#messageWith(false);
    return this.#message;
  }

  /** What actors get that have come after it. */
  get retainedMessage(): TopicMessage {
    this.#retained ??= this.#messageWith(true);
    return this.#retained;
  }

  #messageWith(retained: boolean): TopicMessage {
    const { topics, topic, event, key } = this.#what;
    const { payload } = this;
    return { topics, topic, event, payload, key, position: this.position, retained };
  }
}

/** The payload in the frame of a broadcast, which lacks its end. */
function payloadIn(frame: SharedFrame): unknown {
  const parsed: unknown = JSON.parse(`${frame.text}]`);
  return Array.isArray(parsed) ? parsed[4] : undefined;
}
