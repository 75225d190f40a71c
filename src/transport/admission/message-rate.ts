import { type BucketRule, waitForTokens, withoutTokens } from "./token-bucket.js";

/** What a client may send: messages, and their bytes. */
export interface MessageRules {
  readonly messages: BucketRule;
  readonly bytes: BucketRule;
}

/** Two token buckets in two numbers: how much a client, or a user's clients together, have sent lately. Pure: times come in as data. */
export class MessageRate {
  #messagesFullAtMs = 0;
  #bytesFullAtMs = 0;

  /** Counts one message, and returns 0; or returns how long the client should have waited with it. */
  take({ messages, bytes }: MessageRules, size: number, nowMs: number): number {
    const waitMs = Math.max(
      waitForTokens(messages, this.#messagesFullAtMs, nowMs, 1),
      waitForTokens(bytes, this.#bytesFullAtMs, nowMs, size),
    );
    if (waitMs > 0) return waitMs;
    this.#messagesFullAtMs = withoutTokens(messages, this.#messagesFullAtMs, nowMs, 1);
    this.#bytesFullAtMs = withoutTokens(bytes, this.#bytesFullAtMs, nowMs, size);
    return 0;
  }
}
