import type { BucketRule } from "../../src/transport/admission/token-bucket.js";
import { KeyedBuckets } from "./keyed-buckets.js";

/** What one publication counts against. */
export interface RateCheck {
  readonly topic: string;
  readonly topicRate: BucketRule | undefined;
  /** Whoever publishes; nobody's rate counts without. */
  readonly publisher: object | undefined;
  readonly publisherRate: BucketRule | undefined;
}

/** Which rate refuses a publication, and when there is room for it. */
export interface RateRefusal {
  readonly by: "topic" | "publisher";
  readonly retryAfterMs: number;
}

/** Topics, and publishers, whose rate is remembered at a time. */
const MOST_BUCKETS = 100_000;

/** How often may be published on each topic, and by each publisher. A refused publication counts against neither. Pure: times come in as data. */
export class PublishLimits {
  readonly #topics = new KeyedBuckets<string>(MOST_BUCKETS);
  readonly #publishers = new KeyedBuckets<object>(MOST_BUCKETS);

  /** Counts a publication, or says why not. */
  take({ topic, topicRate, publisher, publisherRate }: RateCheck, nowMs: number): RateRefusal | undefined {
    const own = publisherRate !== undefined && publisher !== undefined;
    const publisherMs = own ? this.#publishers.wait(publisher, publisherRate, nowMs) : 0;
    const topicMs = topicRate === undefined ? 0 : this.#topics.wait(topic, topicRate, nowMs);
    if (publisherMs > 0 || topicMs > 0) {
      const by = publisherMs > topicMs ? "publisher" : "topic";
      return { by, retryAfterMs: Math.ceil(Math.max(publisherMs, topicMs)) };
    }
    if (own) this.#publishers.take(publisher, publisherRate, nowMs);
    if (topicRate !== undefined) this.#topics.take(topic, topicRate, nowMs);
    return undefined;
  }

  clear(): void {
    this.#topics.clear();
    this.#publishers.clear();
  }
}
