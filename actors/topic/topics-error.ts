import { HoldfastError, whatCame } from "../../src/index.js";
import type { PublishRefusal } from "./topics-results.js";

/** Why topics cannot be used, or why a broadcast was refused. */
export type TopicsErrorCode = "unknown_topics" | "rate_limited" | "overloaded" | "retained_full";

/**
 * Thrown where topics are used that do not run, and by a broadcast that a limit refuses: nobody got it, and `retryAfterMs` says when to try again.
 *
 * What is published through `topicsOf` is refused with a result of the same name instead.
 */
export class TopicsError extends HoldfastError {
  override readonly name = "TopicsError";
  readonly code: TopicsErrorCode;
  /** In whole milliseconds; `undefined` where no time is known. */
  readonly retryAfterMs: number | undefined;

  constructor(code: TopicsErrorCode, text: string, retryAfterMs?: number) {
    super(text);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The error for topics that nobody runs. */
export function unknownTopics(name: string): TopicsError {
  return new TopicsError(
    "unknown_topics",
    `No topics ${JSON.stringify(name)} run in this system: start an Endpoint, or child(Topics, …)`,
  );
}

/** The error for what a broadcast is refused with, where there is no result to say so. */
export function errorOfRefusal(refusal: PublishRefusal, topic: string): TopicsError {
  const { reason } = refusal;
  const text = `The broadcast on ${whatCame(topic)} was refused: ${reason}`;
  if (reason === "retained_full") return new TopicsError(reason, text);
  const { retryAfterMs } = refusal;
  return new TopicsError(reason, `${text}; try again in ${retryAfterMs} ms`, retryAfterMs);
}
